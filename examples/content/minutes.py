"""Minutes of a meeting, put into the scanner sideways: a black and white TIFF."""

from PIL import Image

from examples.drawing import Fonts, Sheet, Type
from examples.example import Example, encoded, page
from examples.scanning import bitonal

TITLE = Type("LiberationSans-Bold", 18, 24)
HEADING = Type("LiberationSans-Bold", 12, 19)
TEXT = Type("LiberationSans-Regular", 11, 15.5)

LEFT, WIDTH = 72, 450
SECTIONS = (
    (
        "Apologies",
        "Apologies were received from the treasurer, who had missed the ferry, and from the two members for Upper "
        "Ellery.",
    ),
    (
        "The leaking skylight",
        "The surveyor reported that the putty of the skylight over the map room has perished and that rain comes in "
        "whenever the wind is from the west. A temporary cover was fitted on 11 March. A lasting repair needs "
        "scaffolding for eight days, during which the map room must be closed.",
    ),
)
ACTIONS = (
    ("1.", "The secretary to ask three builders for prices before the end of April."),
    ("2.", "The map curator to move the tithe maps to the lower store by 15 April and to list what was moved."),
    ("3.", "The surveyor to inspect the other skylights and report to the June meeting."),
)
CLOSING = (
    "The opening of the new reading desk was discussed at some length. It was agreed to invite the schools of the "
    "county in the morning and everybody else in the afternoon, and to spend no more than 200 pounds on refreshments."
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts)
    y = sheet.heading(LEFT, 96, "Minutes of the Buildings Committee", TITLE, 1)
    y = sheet.paragraph(
        LEFT, y, WIDTH, "Held in the small reading room on Tuesday 19 March 2024 at half past two.", TEXT
    )
    for title, text in SECTIONS:
        y = sheet.heading(LEFT, y + 16, title, HEADING, 2)
        y = sheet.paragraph(LEFT, y, WIDTH, text, TEXT)
    y = sheet.heading(LEFT, y + 16, "Actions", HEADING, 2)
    y = sheet.items(LEFT, y, WIDTH, ACTIONS, TEXT)
    y = sheet.heading(LEFT, y + 16, "Other business", HEADING, 2)
    y = sheet.paragraph(LEFT, y, WIDTH, CLOSING, TEXT)
    sheet.paragraph(
        LEFT, y + 16, WIDTH, "The meeting closed at ten minutes to five. The next one is on 18 June 2024.", TEXT
    )
    sideways = bitonal(sheet.image, seed=1903, specks=60).transpose(Image.Transpose.ROTATE_90)
    data = encoded(sideways, "TIFF", compression="group4", dpi=(200, 200))
    return Example("minutes-turned.tif", data, (page(sheet.truth, rotation=90),))

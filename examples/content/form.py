"""A form on paper: boxes to tick, answers on lines, a signature."""

from examples.drawing import Fonts, Sheet, Truth, Type, paragraph
from examples.example import Example, page, png

TITLE = Type("DejaVuSans-Bold", 17, 22)
HEADING = Type("DejaVuSans-Bold", 10.5, 20)
TEXT = Type("DejaVuSans", 9, 13)
ANSWER = Type("LiberationMono-Regular", 11, 14, "#1d2f6f")
SMALL = Type("DejaVuSans", 7.5, 10, "#444444")
PEN = "#1d2f6f"

LEFT, RIGHT = 60, 535
FIELDS = (
    ("Full name", "Maren Oddfield"),
    ("Address", "Flat 2, 81 Cooper's Lane, Wexmouth"),
    ("E-mail", "m.oddfield@mail.example"),
    ("Reader's ticket", "R 20418"),
)
GROUPS = (
    (
        "What would you like to do?",
        (
            ("Renew my ticket for one year", True),
            ("Renew my ticket for three years", False),
            ("Close my account", False),
        ),
    ),
    (
        "Which rooms do you use?",
        (
            ("Maps and plans", True),
            ("Parish registers", True),
            ("Newspapers on film", False),
            ("Photographs", False),
            ("Sound recordings", True),
        ),
    ),
    (
        "How should we write to you?",
        (("By e-mail", True), ("By post", False), ("Please do not send me the newsletter", True)),
    ),
)
DECLARATION = (
    "I have read the rules of the reading rooms and will keep them. I know that pens, food and umbrellas stay in the "
    "cloakroom and that documents are handled with clean, dry hands."
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts, dpi=180)
    sheet.area(40, 36, 555, 806, None, "#1c1c1c")
    sheet.heading(LEFT, 76, "Renewal of a Reader's Ticket", TITLE, 1)
    sheet.paragraph(LEFT, 96, 470, "Please use capital letters or type, and tick the boxes that apply.", TEXT)
    y = _fields(sheet, 132)
    ticks = 0
    for title, choices in GROUPS:
        y = sheet.heading(LEFT, y + 14, title, HEADING, 2)
        for text, ticked in choices:
            _box(sheet, y, text, ticked, crossed=ticks % 3 == 2)
            ticks += ticked
            y += 19
    y = sheet.heading(LEFT, y + 14, "Declaration", HEADING, 2)
    y = sheet.paragraph(LEFT, y - 2, 470, DECLARATION, TEXT)
    _signed(sheet, y + 38)
    sheet.furniture(LEFT, 796, "Penmoor County Record House, form RT-3 (2023)", SMALL, "l")
    return Example("form.png", png(sheet.image, 16, sheet.dpi), (page(sheet.truth),))


def _fields(sheet: Sheet, y: float) -> float:
    for label, answer in FIELDS:
        sheet.write(LEFT, y, label, TEXT)
        sheet.write(LEFT + 112, y - 1, answer, ANSWER)
        sheet.rule(LEFT + 106, y + 3, RIGHT, y + 3, 0.5)
        sheet.truth.append(paragraph(f"{label} {answer}"))
        y += 25
    return y


def _box(sheet: Sheet, y: float, text: str, ticked: bool, crossed: bool) -> None:
    left, top, side = LEFT + 4, y - 9, 11
    sheet.area(left, top, left + side, top + side, "white", "#1c1c1c")
    if ticked and crossed:
        sheet.curve([(left + 2, top + 2.5), (left + side - 1.5, top + side - 2)], 1.3, PEN)
        sheet.curve([(left + side - 2, top + 1.5), (left + 1.8, top + side - 1.5)], 1.3, PEN)
    elif ticked:
        sheet.curve([(left + 2, top + 5.5), (left + 4.5, top + 9.5), (left + side + 1.5, top - 1)], 1.4, PEN)
    sheet.write(left + side + 9, y, text, TEXT)
    truth: Truth = {"kind": "checkbox", "text": text, "checked": ticked}
    sheet.truth.append(truth)


def _signed(sheet: Sheet, y: float) -> None:
    sheet.rule(LEFT, y + 4, LEFT + 200, y + 4, 0.5)
    sheet.rule(LEFT + 260, y + 4, RIGHT, y + 4, 0.5)
    stroke = [(0, 0), (8, -16), (14, -2), (19, -15), (25, 0), (31, -7), (36, -1), (44, -8), (50, 0), (58, -20), (55, 2)]
    tail = [(60, -6), (67, -1), (75, -7), (82, 0), (95, -5), (124, -2)]
    sheet.stroke([(LEFT + 22 + dx, y + dy) for dx, dy in (*stroke, *tail)], 1.1, PEN)
    sheet.write(LEFT + 270, y - 1, "2 September 2024", ANSWER)
    sheet.write(LEFT, y + 15, "Signature", SMALL)
    sheet.write(LEFT + 260, y + 15, "Date", SMALL)
    sheet.truth += [paragraph("2 September 2024"), paragraph("Signature"), paragraph("Date")]

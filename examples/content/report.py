"""A report of four pages that went through an office scanner: a PDF of black and white images, no text in it."""

import datetime as dt
import io
from dataclasses import dataclass

from fpdf import FPDF
from PIL import Image

from examples.drawing import A4, Fonts, Sheet, Truth, Type, table
from examples.example import Example, page
from examples.scanning import bitonal, slanted

TITLE = Type("LiberationSans-Bold", 22, 30)
HEADING = Type("LiberationSans-Bold", 15, 25)
TEXT = Type("LiberationSerif-Regular", 13, 18.5)
BOLD = Type("LiberationSerif-Bold", 13, 18.5)
SMALL = Type("LiberationSans-Regular", 9, 11)

LEFT, WIDTH, DPI = 74, 447, 170
HEAD = "Port Ellery Harbour Trust: Report for 2023"
SLANTS = (0.3, -0.4, 0.0, 0.5)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, and a table after them where there is one."""

    title: str
    text: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


PAGES = (
    (
        Section(
            "Summary",
            (
                "The harbour was open on 358 days of the year. It was closed on two days in January, when the swell "
                "broke over the outer mole, and on five in November while the lock gates were lifted out.",
                "Traffic rose for the third year running. Small craft account for nearly all of the rise, and the "
                "visitors' pontoon, which was meant to last until 2030, was full on 41 nights.",
                "The accounts close with a small surplus. The trustees propose to put all of it towards the dredging "
                "of the inner basin, which cannot be put off beyond the spring of 2025.",
            ),
        ),
        Section(
            "The trustees",
            (
                "The trustees met nine times. Two of them reached the end of their terms in June and were thanked for "
                "eleven and fourteen years of service. The elections for their places were contested for the first "
                "time since 1988.",
            ),
        ),
    ),
    (
        Section(
            "Traffic",
            (
                "Arrivals are counted at the pier head by the watch. A vessel that leaves and comes back on the same "
                "day is counted once.",
            ),
            (
                ("Kind of vessel", "2021", "2022", "2023"),
                ("Fishing boats", "1,204", "1,187", "1,150"),
                ("Yachts and motor boats", "2,310", "2,746", "3,391"),
                ("Coasters", "88", "93", "97"),
                ("Ferries", "612", "640", "652"),
                ("Pilot and survey boats", "141", "139", "160"),
            ),
        ),
        Section(
            "Accidents",
            (
                "Four accidents were reported. Nobody was seriously hurt. The worst was a collision in fog on 9 March "
                "between a coaster and the fuel barge, in which some sixty litres of diesel were spilt and recovered.",
                "Following that accident the fog signal on the south pier was moved eight metres outwards and is now "
                "tested on the first Monday of every month.",
            ),
        ),
    ),
    (
        Section(
            "Works",
            (
                "The lock gates were lifted out on 6 November, for the first time in thirty years. The oak of the "
                "lower gate proved sound. The upper gate had lost a third of its thickness at the waterline and was "
                "replaced.",
                "On the north quay 160 metres of fendering were renewed. The old fenders were tyres, and the new ones "
                "are rubber arches bolted to steel plates; they cost more, and they stay where they are put.",
                "The clock on the harbour office has been repaired and again shows the same time on all four sides.",
            ),
        ),
        Section(
            "Dredging",
            (
                "A survey in August found that the inner basin has lost on average 0.4 metres of depth in ten years. "
                "At low water of spring tides there are now berths that dry out. The trustees have asked for prices "
                "for the removal of 18,000 cubic metres of silt.",
            ),
        ),
    ),
    (
        Section(
            "Money",
            (
                "Harbour dues were raised by three per cent in April. Income from visitors exceeded what was expected "
                "by a fifth. All amounts are in thousands of pounds.",
            ),
            (
                ("Account", "Income", "Spending"),
                ("Dues and berths", "642", "118"),
                ("Visitors' pontoon", "171", "64"),
                ("Works and repairs", "0", "415"),
                ("Wages", "0", "176"),
                ("Total", "813", "773"),
            ),
        ),
        Section(
            "Outlook",
            (
                "The budget for the coming year assumes no further growth. If the dredging goes ahead, the inner "
                "basin will be closed from the middle of February until Easter, and boats will be moved to the river "
                "moorings free of charge.",
                "Questions about this report may be sent to clerk@harbourtrust.example before 31 May.",
            ),
        ),
    ),
)  # fmt: skip


def make(fonts: Fonts) -> Example:
    sheets = [_sheet(fonts, number) for number in range(1, len(PAGES) + 1)]
    images = [
        bitonal(slanted(sheet.image.convert("L"), slant), seed=2023 + number, specks=25)
        for number, (sheet, slant) in enumerate(zip(sheets, SLANTS, strict=True))
    ]
    pages = tuple(page(sheet.truth, skew=slant) for sheet, slant in zip(sheets, SLANTS, strict=True))
    return Example("report-scanned.pdf", _bound(images), pages)


def _sheet(fonts: Fonts, number: int) -> Sheet:
    sheet = Sheet(fonts, dpi=DPI)
    y = 96.0
    if number > 1:
        sheet.furniture(LEFT, 54, HEAD, SMALL, "l")
        sheet.rule(LEFT, 60, LEFT + WIDTH, 60, 0.5)
    else:
        y = sheet.heading(LEFT, 120, "Report of the Harbour Trust for 2023", TITLE, 1) + 20
    for section in PAGES[number - 1]:
        y = sheet.heading(LEFT, y, section.title, HEADING, 2)
        for text in section.text:
            y = sheet.paragraph(LEFT, y, WIDTH, text, TEXT) + 8
        if section.rows:
            y = _table(sheet, y + 10, section.rows)
        y += 22
    sheet.furniture(297.5, 796, f"Page {number} of {len(PAGES)}", SMALL, "m", "page_number")
    return sheet


def _table(sheet: Sheet, y: float, rows: tuple[tuple[str, ...], ...]) -> float:
    top, height = y - 10, 26
    step = 78
    edges = [LEFT, *(LEFT + WIDTH - step * left for left in range(len(rows[0]) - 1, -1, -1))]
    for number, row in enumerate(rows):
        style = BOLD if number == 0 else TEXT
        baseline = top + height * number + 17.5
        sheet.write(LEFT + 6, baseline, row[0], style)
        for column, text in enumerate(row[1:], 1):
            sheet.write(edges[column + 1] - 8, baseline, text, style, "r")
    for number in range(len(rows) + 1):
        sheet.rule(LEFT, top + height * number, LEFT + WIDTH, top + height * number, 0.7)
    for edge in edges:
        sheet.rule(edge, top, edge, top + height * len(rows), 0.7)
    truth: Truth = table(rows)
    sheet.truth.append(truth)
    return top + height * len(rows) + 18


def _bound(images: list[Image.Image]) -> bytes:
    """The images as pages of a PDF, in the fax coding that scanners use."""
    pdf = FPDF(unit="pt", format=A4)
    pdf.set_creation_date(dt.datetime(2024, 4, 2, 9, 30, tzinfo=dt.UTC))
    pdf.set_producer("Muniment examples")
    for image in images:
        pdf.add_page()
        pdf.image(image, x=0, y=0, w=A4[0], h=A4[1])
    file = io.BytesIO()
    pdf.output(file)
    return file.getvalue()

"""A letter as a cheap scanner sees it: slanted, noisy, darker at one corner."""

from examples.drawing import Fonts, Sheet, Type, paragraph
from examples.example import Example, encoded, page
from examples.scanning import scanned, slanted

BRAND = Type("LiberationSerif-Bold", 16, 19)
SMALL = Type("LiberationSerif-Regular", 10, 13)
TEXT = Type("LiberationSerif-Regular", 12, 16)
BOLD = Type("LiberationSerif-Bold", 12, 16)

LEFT, WIDTH, SLANT = 76, 446, 2.0
SENDER = ("Harbour Museum of Port Ellery", "2 Mole Street, Port Ellery PY1 4DN", "curator@harbourmuseum.example")
RECIPIENT = ("Mr Alban Kittow", "Kittow and Daughter, Bookbinders", "19 Cable Hill", "Wexmouth WX2 3EA")
BODY = (
    "Thank you for returning the logbook of the lightship so promptly. The new spine opens flat without cracking, and "
    "the repaired corners can hardly be told from the old ones. The trustees have asked me to say how pleased they "
    "are.",
    "We should now like you to look at a second volume. It is a harbour master's diary of 1871, about 300 pages, half "
    "bound in calf. The lower board has come away, the first twelve leaves are loose, and something, most likely a "
    "mouse, has been at the fore-edge. None of the writing is lost.",
    "Could you call on us in the week of 21 October? Any day but Wednesday would suit, between ten and four. If you "
    "think the work will cost more than 450 pounds, please write to me first, as I should have to put it before the "
    "committee on 5 November.",
    "The diary may leave the building only in your own hands, and I shall need the enclosed receipt signed before "
    "then.",
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts, dpi=150)
    for number, line in enumerate(SENDER):
        sheet.write(297.5, 84 + 18 * number, line, SMALL if number else BRAND, "m")
        sheet.truth.append(paragraph(line))
    sheet.rule(LEFT, 130, LEFT + WIDTH, 130, 0.8)
    sheet.write(LEFT + WIDTH, 160, "7 October 2024", TEXT, "r")
    sheet.truth.append(paragraph("7 October 2024"))
    y = 196.0
    for line in RECIPIENT:
        sheet.write(LEFT, y, line, TEXT)
        y += TEXT.leading
    sheet.truth.append(paragraph(" ".join(RECIPIENT)))
    y = sheet.paragraph(LEFT, y + 14, WIDTH, "Dear Mr Kittow,", TEXT)
    y = sheet.paragraph(LEFT, y + 9, WIDTH, "The harbour master's diary", BOLD)
    for text in BODY:
        y = sheet.paragraph(LEFT, y + 9, WIDTH, text, TEXT)
    y = sheet.paragraph(LEFT, y + 9, WIDTH, "Yours sincerely,", TEXT)
    _signature(sheet, y + 26)
    y = sheet.paragraph(LEFT, y + 52, WIDTH, "Linnet Carrow, Curator", TEXT)
    sheet.paragraph(LEFT, y + 12, WIDTH, "Enclosed: receipt for loan, in two copies", SMALL)
    paper = slanted(scanned(sheet.image, seed=1871, blur=0.7, noise=7.0, shade=34.0), SLANT, paper=236)
    data = encoded(paper, "JPEG", quality=58, dpi=(150, 150))
    return Example("letter.jpg", data, (page(sheet.truth, skew=SLANT),))


def _signature(sheet: Sheet, y: float) -> None:
    loop = [(0, 4), (14, -20), (18, -24), (14, -8), (6, 4), (20, 2), (27, -6), (31, 2), (37, -6), (41, 2), (47, -7)]
    tail = [(52, 2), (60, -2), (72, -22), (64, -18), (62, 0), (76, 3), (88, -6), (94, 2), (102, -6), (140, -3)]
    sheet.stroke([(LEFT + 6 + dx, y + dy) for dx, dy in (*loop, *tail)], 1.3, "#20255e")

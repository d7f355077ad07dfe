"""A page of a journal: two justified columns, headings, a figure with its caption, a running head."""

from examples.drawing import SOFT_HYPHEN, Fonts, Sheet, Type
from examples.example import Example, page, png

TITLE = Type("LiberationSerif-Bold", 19, 23)
AUTHORS = Type("LiberationSerif-Italic", 11, 14)
HEADING = Type("LiberationSans-Bold", 11.5, 15)
TEXT = Type("LiberationSerif-Regular", 10, 12.4)
CAPTION = Type("LiberationSerif-Italic", 9, 11)
AXIS = Type("LiberationSans-Regular", 7.5, 9)
HEAD = Type("LiberationSans-Regular", 8, 10, "#444444")

LEFT, WIDTH = 54, 233
COLUMNS = (LEFT, 308)
FOOT = 790

ABSTRACT = (
    "Rag paper that has been wetted by a burst pipe is usually dried in heated air, which is quick and which cockles "
    "the sheet. We followed 240 sheets through seven weeks of drying in two unheated reading rooms and measured how "
    "flat they lay afterwards. Slow drying took four times as long, cost nothing, and left nine sheets in ten flat "
    "enough to bind."
)
OPENING = (
    "When water enters a strong~room, the first question is how to get the paper dry, and the second, asked rather "
    "too late, is what the drying will do to it. Heated air at forty degrees empties a shelf in three days. It also "
    "shrinks the margins before the middle of a sheet has begun to give up its water, and the dif~fer~ence is kept "
    "for ever as a cockle that no press will take out.",
    "Conser~vators have long sus~pected that pa~tience would serve better. The evidence so far has been an~ec~dotal: a "
    "bundle forgotten in a cellar, found dry and flat in the spring. This paper reports what happens when sheets are "
    "for~gotten on purpose.",
)
METHOD = (
    "Two rooms on the north side of the build~ing were emptied of readers for the trial. Neither has been heated since "
    "1994. In each we hung 120 sheets of the same making, half of them sized with gela~tine and half unsized, after "
    "soaking them for twelve hours in water from the mains.",
    "Every sheet was weighed each morn~ing to the near~est tenth of a gram. Flatness was meas~ured at the end by "
    "laying the sheet on a granite table and count~ing the squares of a ten milli~metre grid at which a feeler gauge "
    "of half a milli~metre could be pushed beneath it.",
    "Temper~ature and humid~ity were written down three times a day. No win~dow was opened on days of rain, and no fan "
    "was used. Sheets that had dried were left hang~ing with the others, so that all of them were handled alike.",
)
RESULTS = (
    "Weight fell quickly for five days and then by little more than a gram a week (Figure 1). The sized sheets held "
    "their water longer, as one would expect, but ended no less dry. After 49 days no sheet dif~fered from its weight "
    "before the soaking by more than one part in a hundred.",
    "Of the 240 sheets, 217 lay flat at nine squares in ten or more. In the heated trial of the year before, under "
    "the same condi~tions of soaking, only 88 did. Mould appeared on two sheets, both of them hung closer than a "
    "hand's breadth to the outer wall.",
    "Contrary to what we had expec~ted, the place of a sheet in the room made little dif~fer~ence. Those beside the "
    "door, where the draught is strong~est, lay no flatter and no less flat than those in the middle. What mat~tered "
    "was the dis~tance between one sheet and the next: below six centi~metres, dry~ing took half as long again.",
)
DISCUSSION = (
    "The trial says nothing about coated papers, which stick to one another long before they are dry, nor about rooms "
    "where the air stands at more than seventy per cent hu~mid~ity. Within those limits the advice is short: open the "
    "windows, keep the sheets apart, and wait.",
    "Nor does it tell us any~thing about ink. Every sheet was blank. Iron ink is known to wander in wet paper, and "
    "seven weeks are a long time to wander in. A trial with writ~ten sheets, all of them of no value, is in "
    "prepar~ation.",
)
WEIGHTS = (
    ("Sized", "#1c1c1c", (100, 74, 58, 47, 39, 33, 28, 24)),
    ("Unsized", "#7a7a7a", (100, 61, 42, 31, 25, 21, 19, 18)),
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts, paper="#fdfdfb")
    sheet.furniture(LEFT, 40, "Notes on the Care of Paper, Volume 12 (2023)", HEAD, "l")
    sheet.furniture(541, 40, "Drying in Unheated Rooms", HEAD, "r")
    sheet.rule(LEFT, 46, 541, 46, 0.4, "#444444")
    y = _front(sheet, 82)
    _left_column(sheet, y)
    _right_column(sheet, y)
    sheet.furniture(297.5, 816, "117", HEAD, "m", "page_number")
    return Example("article.png", png(sheet.image, 16, sheet.dpi), (page(sheet.truth),))


def _front(sheet: Sheet, y: float) -> float:
    sheet.heading(297.5, y, "The Slow Drying of Rag Paper in Unheated Rooms", TITLE, 1, "m")
    sheet.write(297.5, y + 20, "Ida Penhallow and Corin Tresk, Wexmouth School of Conservation", AUTHORS, "m")
    sheet.truth.append({"kind": "paragraph", "text": "Ida Penhallow and Corin Tresk, Wexmouth School of Conservation"})
    y = sheet.paragraph(LEFT + 36, y + 46, 415, ABSTRACT, Type(TEXT.face, 9.3, 11.6), justify=True)
    return y + 18


def _left_column(sheet: Sheet, y: float) -> None:
    y = _section(sheet, COLUMNS[0], y, "1 Introduction", OPENING)
    y = _section(sheet, COLUMNS[0], y, "2 Materials and Method", METHOD)
    _figure(sheet, COLUMNS[0], FOOT - 190, FOOT - 16)


def _right_column(sheet: Sheet, y: float) -> None:
    y = _section(sheet, COLUMNS[1], y, "3 Results", RESULTS)
    _section(sheet, COLUMNS[1], y, "4 Discussion", (*DISCUSSION, *CLOSING))


CLOSING = (
    "Two questions remain. The first is whether the winter matters. Our rooms stood between four and nine degrees, and "
    "the water left the paper slowly because cold air can hold so little of it. In summer the same rooms reach twenty "
    "degrees, and we do not know whether the quicker drying would still be gentle enough.",
    "The second is a matter of space. A sheet that hangs for seven weeks needs its place on the line for seven weeks, "
    "and a burst pipe seldom wets fewer than ten thousand of them. The house that wishes to be patient must own a "
    "good deal of string.",
    "We are grateful to the readers of the north rooms, who moved upstairs without com~plaint and asked only that "
    "some~body should tell them how it ended. It ended dry. The granite table was lent by the masons of the chapter "
    "house, and the string was given.",
)


def _section(sheet: Sheet, x: float, y: float, title: str, paragraphs: tuple[str, ...]) -> float:
    y = sheet.heading(x, y, title, HEADING, 2)
    for text in paragraphs:
        y = sheet.paragraph(x, y, WIDTH, text.replace("~", SOFT_HYPHEN), TEXT, justify=True) + 3
    return y + 8


def _figure(sheet: Sheet, x: float, top: float, bottom: float) -> None:
    left, right, floor = x + 30, x + WIDTH - 8, bottom - 24
    sheet.rule(left, top, left, floor, 0.7)
    sheet.rule(left, floor, right, floor, 0.7)
    for percent in (0, 50, 100):
        y = floor - (floor - top - 8) * percent / 100
        sheet.rule(left - 3, y, left, y, 0.7)
        sheet.write(left - 6, y + 2.5, str(percent), AXIS, "r")
    step = (right - left - 10) / 7
    for week in range(8):
        sheet.rule(left + step * week, floor, left + step * week, floor + 3, 0.7)
        sheet.write(left + step * week, floor + 11, str(week), AXIS, "m")
    sheet.write((left + right) / 2, floor + 21, "Weeks", AXIS, "m")
    for name, ink, weights in WEIGHTS:
        points = [(left + step * week, floor - (floor - top - 8) * weight / 100) for week, weight in enumerate(weights)]
        sheet.curve(points, 1.2, ink)
        for px, py in points:
            sheet.area(px - 1.6, py - 1.6, px + 1.6, py + 1.6, ink)
        sheet.write(
            points[1][0] + (20 if name == "Sized" else -19), points[1][1] + (-4 if name == "Sized" else 22), name, AXIS
        )
    caption = "Figure 1. Water left in the sheets, per cent of the first day's."
    sheet.write(x, bottom + 14, caption, CAPTION)
    sheet.truth.append({"kind": "figure", "caption": caption, "text": "0 50 100 Sized Unsized 0 1 2 3 4 5 6 7 Weeks"})

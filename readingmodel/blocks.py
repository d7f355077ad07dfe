"""What stands on a page: headings, paragraphs, lists, boxes to tick, names with values, pictures."""

import math
import random
from dataclasses import dataclass

from readingmodel.sheet import Sheet, Style, jitter
from readingmodel.words import Prose, bare, name, numeral, phrase

_BULLETS = "••••–-·"


@dataclass(slots=True)
class Frame:
    """A column that is filled from the top.

    Attributes:
        x, width, bottom: where it is.
        y: how far it is filled.
        text, bold: what running text and headings are set in.
        leading: distance of baselines.
        most: tokens that the page's answer may have.
    """

    x: float
    width: float
    y: float
    bottom: float
    text: Style
    bold: Style
    leading: float
    most: int

    def fits(self, sheet: Sheet, lines: float, tokens: int) -> bool:
        """Whether so many lines are left, and so many tokens of answer."""
        return self.y + lines * self.leading <= self.bottom and len(sheet.tokens) + tokens <= self.most

    @property
    def line_tokens(self) -> int:
        """About as many as one line's answer may have."""
        return int(self.width / (0.4 * self.text.size)) + 8

    @property
    def lines_left(self) -> int:
        return int((self.bottom - self.y) / self.leading)


def paragraph(sheet: Sheet, frame: Frame, rng: random.Random, lines: int) -> None:
    """Running text, ragged or justified, with words broken at line ends or not."""
    sheet.gap()
    flow(sheet, frame, rng, lines, justify=rng.random() < 0.35, breaks=rng.random() < 0.3)
    frame.y += frame.leading * rng.choice((0.4, 0.5, 0.7, 1.0))


def flow(
    sheet: Sheet, frame: Frame, rng: random.Random, lines: int, indent: float = 0.0, *,
    justify: bool = False, breaks: bool = False, style: Style | None = None,
) -> None:  # fmt: skip
    """Lines of text from ``indent`` on; a broken word is written whole."""
    style = style or frame.text
    prose = Prose(rng)
    width = frame.width - indent
    carried = ""
    for number in range(lines):
        if not frame.fits(sheet, 1, frame.line_tokens):
            return
        last = number == lines - 1 or not frame.fits(sheet, 2, 2 * frame.line_tokens)
        if number and not carried:
            sheet.say(" ")
        words, carried_next = _line(sheet, prose, style, width * (jitter(rng, 0.15, 1) if last else 1), carried,
                                    rng if breaks and not last else None)  # fmt: skip
        frame.y += frame.leading
        taken = sum(sheet.length(word, style) for word in words) + sheet.length(" ", style) * (len(words) - 1)
        spread = max(0.0, width - taken) / (len(words) - 1) if justify and not last and len(words) > 2 else 0.0
        sheet.line(frame.x + indent, frame.y, words, style, spread)
        if carried_next:
            sheet.draw(frame.x + indent + taken + spread * (len(words) - 1), frame.y, "-", style)
        carried = carried_next


def _line(
    sheet: Sheet, prose: Prose, style: Style, width: float, carried: str, breaking: random.Random | None
) -> tuple[list[str], str]:
    """Words that fill a line, the first of them left over from the line before, and the rest of a broken last one."""
    words = [carried] if carried else []
    left = width - (sheet.length(carried, style) if carried else 0)
    space = sheet.length(" ", style)
    while True:
        for word in prose.word().split(" "):
            length = sheet.length(word, style) + (space if words else 0)
            if length > left and words:
                return words, _break(sheet, words, word, style, left - space, breaking)
            words.append(word)
            left -= length


def _break(sheet: Sheet, words: list[str], word: str, style: Style, left: float, breaking: random.Random | None) -> str:
    """Put the first part of ``word`` on the line, if it may be broken and fits; returns the other part."""
    if breaking is None or not word.isalpha() or len(word) < 6:
        return ""
    for cut in range(len(word) - 3, 2, -1):
        if sheet.length(word[:cut] + "-", style) <= left:
            words.append(word[:cut])
            return word[cut:]
    return ""


def heading(sheet: Sheet, frame: Frame, rng: random.Random, level: int) -> None:
    """One or two lines in bold."""
    size = frame.text.size * {1: jitter(rng, 1.6, 2.3), 2: jitter(rng, 1.15, 1.5), 3: 1.0}[level]
    style = Style(frame.bold.face, size, frame.bold.ink)
    words = phrase(rng, 1, 6)
    if rng.random() < 0.25:
        words = [f"{rng.randint(1, 12)}{rng.choice(('', '.'))}", *words]
    while len(words) > 1 and sheet.length(" ".join(words), style) > frame.width:
        words.pop()
    sheet.gap()
    sheet.say(*"#" * level, " ")
    frame.y += frame.leading * 0.4 + size * 1.1
    length = sheet.length(" ".join(words), style)
    middle = level == 1 and rng.random() < 0.3
    sheet.line(frame.x + (max(0.0, frame.width - length) / 2 if middle else 0), frame.y, words, style)
    if rng.random() < 0.1:
        sheet.rule(frame.x, frame.y + size * 0.4, frame.x + frame.width, frame.y + size * 0.4, 1.0, style.ink)
        frame.y += size * 0.3
    frame.y += frame.leading * jitter(rng, 0.2, 0.8)


def listing(sheet: Sheet, frame: Frame, rng: random.Random, count: int) -> None:
    """Entries with bullets or numbers."""
    sheet.gap()
    bullet = rng.choice(_BULLETS) if rng.random() < 0.6 else ""
    first = 1 if rng.random() < 0.8 else rng.randint(2, 20)
    indent = frame.text.size * jitter(rng, 1.8, 2.4)
    frame.y += frame.leading * 0.15
    for entry in range(count):
        lines = rng.choice((1, 1, 1, 2))
        if not frame.fits(sheet, lines, lines * frame.line_tokens):
            return
        if entry:
            sheet.say("\n")
        y = frame.y + frame.leading
        if bullet:
            sheet.draw(frame.x + frame.text.size * 0.5, y, bullet, frame.text)
            sheet.say("-", " ")
        else:
            sheet.word(frame.x, y, f"{first + entry}.", frame.text)
            sheet.say(" ")
        flow(sheet, frame, rng, lines, indent)
        frame.y += frame.leading * 0.15
    frame.y += frame.leading * 0.3


def checkboxes(sheet: Sheet, frame: Frame, rng: random.Random, count: int) -> None:
    """Boxes, empty or ticked or crossed, each before a few words."""
    side = frame.text.size * jitter(rng, 0.75, 1.05)
    across = rng.random() < 0.25
    for _ in range(count):
        if not frame.fits(sheet, 1.4, frame.line_tokens):
            return
        frame.y += frame.leading * jitter(rng, 1.1, 1.4)
        x = frame.x + (frame.width / 2 if across and rng.random() < 0.2 else 0)
        sheet.gap()
        state = rng.choice("☐☐☑☑☒")
        _box(sheet, rng, x, frame.y + 0.08 * side, side, state)
        sheet.say_at(state, x + side / 2, frame.y - side / 2)
        sheet.space(x + side + 3, frame.y, frame.text)
        words = phrase(rng, 1, 6)
        while len(words) > 1 and x + side + sheet.length(" ".join(words), frame.text) > frame.x + frame.width - 10:
            words.pop()
        sheet.line(x + side + frame.text.size * 0.5, frame.y, words, frame.text)
    frame.y += frame.leading * 0.4


def _box(sheet: Sheet, rng: random.Random, x: float, bottom: float, side: float, state: str) -> None:
    ink, top = sheet_ink(rng), bottom - side
    sheet.area(x, top, x + side, bottom, None, ink)
    weight = jitter(rng, 1.2, 2.2)
    if state == "☑":
        sheet.curve([(x + side * 0.18, top + side * 0.5), (x + side * 0.42, top + side * 0.8),
                     (x + side * jitter(rng, 0.8, 1.05), top + side * jitter(rng, 0, 0.25))], weight, ink)  # fmt: skip
    elif state == "☒":
        inset = side * 0.18
        sheet.curve([(x + inset, top + inset), (x + side - inset, bottom - inset)], weight, ink)
        sheet.curve([(x + side - inset, top + inset), (x + inset, bottom - inset)], weight, ink)


def sheet_ink(rng: random.Random) -> int:
    return rng.randint(10, 90)


def values(sheet: Sheet, frame: Frame, rng: random.Random, count: int) -> None:
    """Names with values beside them, as in forms and letterheads; each line is a block."""
    name_style = frame.bold if rng.random() < 0.5 else frame.text
    reach = frame.width * jitter(rng, 0.25, 0.5)
    right = rng.random() < 0.3
    lined = rng.random() < 0.3
    for _ in range(count):
        if not frame.fits(sheet, 1.5, frame.line_tokens):
            return
        sheet.gap()
        frame.y += frame.leading * (1.4 if lined else 1.05)
        label = phrase(rng, 1, 3)
        while len(label) > 1 and sheet.length(" ".join(label), name_style) > reach - 12:
            label.pop()
        if rng.random() < 0.2:
            label[-1] += ":"
        sheet.line(frame.x, frame.y, label, name_style)
        start = frame.x + max(reach, sheet.length(" ".join(label), name_style) + frame.text.size)
        words = [numeral(rng)] if rng.random() < 0.5 else [bare(rng) for _ in range(rng.randint(1, 4))]
        while len(words) > 1 and start + sheet.length(" ".join(words), frame.text) > frame.x + frame.width:
            words.pop()
        if right:
            start = max(start, frame.x + frame.width - sheet.length(" ".join(words), frame.text))
        sheet.space(start - 3, frame.y, frame.text)
        sheet.line(start, frame.y, words, frame.text)
        if lined:
            sheet.rule(frame.x + reach, frame.y + 4, frame.x + frame.width, frame.y + 4, 0.8, 120)
    frame.y += frame.leading * 0.5


def address(sheet: Sheet, frame: Frame, rng: random.Random, count: int) -> None:
    """Short lines that belong together."""
    sheet.gap()
    for line in range(count):
        if not frame.fits(sheet, 1, frame.line_tokens):
            return
        if line:
            sheet.say(" ")
        frame.y += frame.leading
        words = [name(rng) if rng.random() < 0.7 else numeral(rng) for _ in range(rng.randint(1, 4))]
        while len(words) > 1 and sheet.length(" ".join(words), frame.text) > frame.width:
            words.pop()
        sheet.line(frame.x, frame.y, words, frame.text)
    frame.y += frame.leading * 0.6


def figure(sheet: Sheet, frame: Frame, rng: random.Random, lines: int) -> None:
    """A diagram whose caption is what is read of it."""
    top, bottom = frame.y + frame.leading * 0.5, frame.y + frame.leading * lines
    left, right = frame.x + frame.width * jitter(rng, 0, 0.2), frame.x + frame.width * jitter(rng, 0.7, 1)
    ink = sheet_ink(rng)
    sheet.area(left, top, right, bottom, rng.choice((None, None, rng.randint(200, 245))), ink)
    for _ in range(rng.randint(1, 4)):
        middle = (top + bottom) / 2
        phase, pace = rng.random() * 6, jitter(rng, 0.5, 4)
        points = [
            (left + (right - left) * step / 30, middle + (bottom - top) * 0.4 * math.sin(phase + pace * step / 5))
            for step in range(31)
        ]  # fmt: skip
        sheet.curve(points, jitter(rng, 0.8, 2.5), sheet_ink(rng))
    frame.y = bottom + frame.leading * 0.3
    sheet.gap()
    sheet.say("<img>")
    words = ["Figure", f"{rng.randint(1, 12)}{rng.choice('.:')}", *phrase(rng, 1, 6)]
    style = Style(frame.text.face, frame.text.size * jitter(rng, 0.8, 1), frame.text.ink)
    while len(words) > 2 and sheet.length(" ".join(words), style) > frame.width:
        words.pop()
    frame.y += frame.leading
    sheet.line(frame.x, frame.y, words, style)
    sheet.say("</img>")
    frame.y += frame.leading * 0.6

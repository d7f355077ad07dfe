"""Whole pages, and pieces of pages for the beginning of the training."""

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from readingmodel import blocks
from readingmodel.fonts import Family, Fonts, choose
from readingmodel.sheet import Sheet, Style, jitter
from readingmodel.tables import table
from readingmodel.words import phrase

STAMPS = ("DRAFT", "COPY", "CONFIDENTIAL", "OFFICIAL COPY", "SAMPLE", "VOID", "DUPLICATE", "NOT FOR RELEASE", "ARCHIVE")


@dataclass(frozen=True, slots=True)
class PageKind:
    """What pages of one kind are like.

    Attributes:
        width, height: pixels.
        most: tokens of the longest answer.
        small, large: sizes of running text in pixels.
        furnished: whether there are page numbers, running heads and watermarks, and more than one column.
        slip: whether it is a small piece of paper with little more than one block and perhaps a page number.
    """

    width: int
    height: int
    most: int
    small: float = 11.5
    large: float = 21.0
    furnished: bool = False
    slip: bool = False


def make_page(fonts: Fonts, families: tuple[Family, ...], kind: PageKind, rng: random.Random) -> Sheet:
    """One page, drawn and written down."""
    sheet = Sheet(fonts, kind.width, kind.height, scale=rng.choice((1.0, 1.5, 1.86, 1.86, 2.0)),
                  paper=255 if rng.random() < 0.7 else rng.randint(235, 255))  # fmt: skip
    frame = _frame(families, kind, rng)
    if kind.furnished:
        _furnish(sheet, frame, kind, rng)
    elif kind.slip:
        _slip(sheet, frame, rng)
    else:
        _fill(sheet, frame, rng)
    return sheet


def _frame(families: tuple[Family, ...], kind: PageKind, rng: random.Random) -> blocks.Frame:
    """The room between the margins."""
    family = choose(families, rng)
    other = choose(families, rng) if rng.random() < 0.3 else family
    size = min(jitter(rng, kind.small, kind.large), jitter(rng, kind.small, kind.large))
    ink = rng.randint(0, 60) if rng.random() < 0.85 else rng.randint(60, 110)
    face = family.regular if rng.random() < 0.9 else rng.choice((family.italic, family.bold))
    share = jitter(rng, 0.06, 0.13) if kind.furnished else jitter(rng, 0.01, 0.06)
    x, y = kind.width * share, (kind.height * jitter(rng, 0.06, 0.11) if kind.furnished else jitter(rng, 2, 20))
    leading = size * jitter(rng, 1.14, 1.6)
    return blocks.Frame(
        x=x, width=kind.width - 2 * x, y=y, bottom=kind.height - (y if kind.furnished else 8), most=kind.most - 10,
        text=Style(face, size, ink), bold=Style(other.bold, size, ink), leading=leading,
    )  # fmt: skip


def _furnish(sheet: Sheet, frame: blocks.Frame, kind: PageKind, rng: random.Random) -> None:
    if rng.random() < 0.15:
        _stamp(sheet, frame, rng)
    small = Style(frame.text.face, max(kind.small, frame.text.size * jitter(rng, 0.75, 1)), rng.randint(10, 110))
    numbered = rng.choices(("", "head", "foot"), (30, 10, 60))[0]
    head, foot = frame.y * jitter(rng, 0.45, 0.7), kind.height - frame.y * jitter(rng, 0.4, 0.7)
    if rng.random() < 0.35:
        _running(sheet, frame, rng, head, small, rng.choice((1, 1, 2)) if numbered != "head" else 1)
    if numbered == "head":
        _page_number(sheet, frame, rng, head, small, right=True)
    _columns(sheet, frame, rng)
    if rng.random() < 0.2:
        _running(sheet, frame, rng, foot - (small.size * 1.6 if numbered == "foot" else 0), small, 1)
    if numbered == "foot":
        _page_number(sheet, frame, rng, foot, small)


def _slip(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    """A little of everything that a page may have, in few lines."""
    if rng.random() < 0.12:
        _stamp(sheet, frame, rng)
    numbered = rng.random() < 0.35
    foot = frame.bottom
    if numbered:
        frame.bottom -= 1.5 * frame.leading
    if rng.random() < 0.3:
        if rng.random() < 0.4:
            blocks.heading(sheet, frame, rng, 2)
        table(sheet, frame, rng, rng.randint(2, 4), columns=rng.choice((2, 2, 3)))
        if rng.random() < 0.4 and frame.fits(sheet, 1, frame.line_tokens):
            blocks.paragraph(sheet, frame, rng, rng.choice((1, 1, 2)))
    else:
        _fill(sheet, frame, rng)
    if numbered:
        _page_number(sheet, frame, rng, foot, frame.text)


def _running(sheet: Sheet, frame: blocks.Frame, rng: random.Random, y: float, style: Style, parts: int) -> None:
    """A line at a page's edge: one block on the left, another on the right."""
    for part in range(parts):
        words = phrase(rng, 2, 6)
        while len(words) > 1 and sheet.length(" ".join(words), style) > frame.width * 0.42:
            words.pop()
        sheet.gap()
        x = frame.x if part == 0 else frame.x + frame.width - sheet.length(" ".join(words), style)
        sheet.line(x, y, words, style)


def _page_number(
    sheet: Sheet, frame: blocks.Frame, rng: random.Random, y: float, style: Style, *, right: bool = False
) -> None:
    count = rng.randint(1, 300)
    words = rng.choices(
        ([str(count)], [f"{count}/{count + rng.randint(0, 99)}"], ["Page", str(count)],
         ["Page", str(count), "of", str(count + rng.randint(0, 99))]), (70, 12, 9, 9),
    )[0]  # fmt: skip
    length = sheet.length(" ".join(words), style)
    place = 1.0 if right else rng.choice((0.0, 0.5, 0.5, 0.5, 1.0))
    sheet.gap()
    sheet.say("<page_number>")
    sheet.line(frame.x + (frame.width - length) * place, y, words, style)
    sheet.say("</page_number>")


def _stamp(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    """A large pale word behind everything, level or slanting."""
    text = rng.choice(STAMPS) if rng.random() < 0.7 else " ".join(phrase(rng, 1, 2)).upper()
    size = min(150.0, 1.3 * sheet.width * 0.8 / max(4, len(text)))
    style = Style(frame.bold.face, size, 0)
    font, _ = sheet.font(style)
    box = font.getbbox(text)
    layer = Image.new("L", (int(box[2] + 10), int(box[3] + 10)), 0)
    ImageDraw.Draw(layer).text((5, 5), text, fill=255, font=font)
    steep = 60 if sheet.height > sheet.width else 12
    angle = rng.choice((0.0, jitter(rng, steep / 2, steep), jitter(rng, steep / 2, steep)))
    layer = layer.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    x = int((sheet.image.width - layer.width) / 2)
    y = int(sheet.image.height * jitter(rng, 0.4, 0.6) - layer.height / 2)
    sheet.image.paste(rng.randint(195, 228), (x, y), layer)
    sheet.gap()
    sheet.say("<watermark>")
    sheet.say(*text)
    sheet.say("</watermark>")


def _columns(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    """The body of a page, in one column or two."""
    if rng.random() < 0.6:
        blocks.heading(sheet, frame, rng, 1)
    if rng.random() < 0.2:
        _pair(sheet, frame, rng)
    if rng.random() < 0.75:
        _fill(sheet, frame, rng)
        return
    gutter = frame.text.size * jitter(rng, 1.5, 3)
    width = (frame.width - gutter) / 2
    if rng.random() < 0.3:
        blocks.paragraph(sheet, frame, rng, rng.randint(1, 4))
    depth = frame.y + (frame.bottom - frame.y) * jitter(rng, 0.3, 1)
    for column in range(2):
        _fill(sheet, _part(frame, frame.x + column * (width + gutter), width, depth), rng)


def _part(frame: blocks.Frame, x: float, width: float, bottom: float) -> blocks.Frame:
    return blocks.Frame(x, width, frame.y, bottom, frame.text, frame.bold, frame.leading, frame.most)


def _pair(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    """Two small blocks beside one another, the left one read first."""
    left = _part(frame, frame.x, frame.width * 0.45, frame.bottom)
    right = _part(frame, frame.x + frame.width * 0.52, frame.width * 0.48, frame.bottom)
    for part in (left, right):
        make = rng.choice((blocks.address, blocks.values))
        make(sheet, part, rng, rng.randint(1, 5))
    frame.y = max(left.y, right.y) + frame.leading * 0.4


def _fill(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    """Blocks until the room or the answer is full, or the page is left half empty."""
    if rng.random() < 0.3:
        frame.bottom = frame.y + (frame.bottom - frame.y) * jitter(rng, 0.4, 1)
    first = True
    while frame.fits(sheet, 1, frame.line_tokens) or first:
        _block(sheet, frame, rng)
        first = False


def _block(sheet: Sheet, frame: blocks.Frame, rng: random.Random) -> None:
    chance = rng.random()
    if chance < 0.50 or frame.lines_left < 4:
        blocks.paragraph(sheet, frame, rng, rng.choice((1, 1, 2, 3, 4, 5, 6, 8)))
    elif chance < 0.64:
        blocks.heading(sheet, frame, rng, rng.choice((1, 2, 2, 2, 3)))
    elif chance < 0.72:
        blocks.listing(sheet, frame, rng, rng.randint(2, 6))
    elif chance < 0.82 and frame.fits(sheet, 6, 3 * frame.line_tokens):
        table(sheet, frame, rng, rng.randint(2, 9))
    elif chance < 0.88:
        blocks.checkboxes(sheet, frame, rng, rng.randint(1, 5))
    elif chance < 0.94:
        blocks.values(sheet, frame, rng, rng.randint(1, 5))
    elif chance < 0.97:
        blocks.address(sheet, frame, rng, rng.randint(2, 4))
    elif frame.fits(sheet, 9, frame.line_tokens):
        blocks.figure(sheet, frame, rng, rng.randint(5, 8))

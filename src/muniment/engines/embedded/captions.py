"""Captions put to their figures and tables."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from muniment.engines.embedded.geometry import share_inside
from muniment.text import Block, Box, Figure, Heading, Paragraph, Table

_REACH = 0.04
"""Of the page's height: how far a caption may be from what it tells about."""
_INSIDE = 0.5
_LABEL_LETTERS = 16
"""A label by itself ("Table 3") is no longer than this; the caption's text is the block after it."""
_BEGINNING = re.compile(
    r"(?P<figure>fig(?:ure)?s?|abb(?:ildung)?|chart|plate|scheme|图)|(?P<table>tab(?:leau|elle|le)?|表)", re.IGNORECASE
)
_NUMBER = re.compile(r"\.?\s*(?:\d|[IVX]+\b|[A-Z]\b)")

_MOST_LETTERS = 300
_ABOUT = re.compile(r"\w+\.?\s+[\dIVX]+[a-z]?\s+(?:and\s+\d+\s+)?[a-z]{2,}")
"""A caption's number is followed by a stop, a dash or a capital; a sentence goes on in small letters."""

_Text = Paragraph | Heading


def with_captions(blocks: Sequence[Block], marked: Sequence[Box]) -> list[Block]:
    """``blocks`` in order, captions made part of the figures and tables beside them.

    Args:
        marked: where the layout model sees captions.
    """
    found = list(blocks)
    above_first = {kind: _stand_above(found, kind) for kind in ("figure", "table")}
    place = 0
    while place < len(found):
        block = found[place]
        if isinstance(block, Figure | Table) and not block.caption:
            span = _caption_beside(found, place, marked, above_first=above_first[block.kind])
            texts = [text for text in found[span] if isinstance(text, _Text)]
            if texts:
                found[place] = _captioned(block, texts)
                del found[span]
                place -= len(texts) if span.start < place else 0
        place += 1
    return found


def kind_of_caption(text: str) -> str:
    """ "figure" or "table" if ``text`` begins like "Figure 3" or "Table II", else ""."""
    beginning = _BEGINNING.match(text)
    if beginning is None or not _NUMBER.match(text, beginning.end()):
        return ""
    return "figure" if beginning["figure"] else "table"


def _stand_above(blocks: Sequence[Block], kind: str) -> bool:
    """Whether this page's captions of ``kind`` stand above what they tell about; if it does not say, tables' do."""
    labelled = [isinstance(block, _Text) and kind_of_caption(block.text) == kind for block in blocks]
    above = sum(label and after.kind == kind for label, after in zip(labelled, blocks[1:], strict=False))
    below = sum(label and before.kind == kind for label, before in zip(labelled[1:], blocks, strict=False))
    return above > below or (above == below and kind == "table")


def _caption_beside(blocks: Sequence[Block], place: int, marked: Sequence[Box], *, above_first: bool) -> slice:
    """The blocks that are the caption of the one at ``place``."""
    block = blocks[place]
    above = range(max(place - 2, 0), place)
    below = range(place + 1, min(place + 3, len(blocks)))
    for side in (above, below) if above_first else (below, above):
        nearest = slice(side.stop - 1, side.stop) if side is above else slice(side.start, side.start + 1)
        for span in (slice(side.start, side.stop), nearest):
            chain = blocks[span.start : place + 1] if side is above else blocks[place : span.stop]
            if all(_is_near(one, other) for one, other in pairwise(chain)) and _are_caption(
                blocks[span], block, marked
            ):
                return span
    return slice(place, place)


def _are_caption(texts: Sequence[Block], block: Block, marked: Sequence[Box]) -> bool:
    """Whether ``texts`` are a caption: one block, or a label and the text after it."""
    if not texts or not isinstance(texts[0], _Text) or not isinstance(texts[-1], _Text):
        return False
    first = texts[0]
    kind = kind_of_caption(first.text)
    if len(texts) > 1:
        return kind == block.kind and len(first.text) <= _LABEL_LETTERS
    if kind and not _is_long(first.text):
        return kind == block.kind
    return first.box is not None and any(share_inside(first.box, box) > _INSIDE for box in marked)


def _is_long(text: str) -> bool:
    """Whether a text that names a table or figure is a paragraph about it ("Table 3 shows that …")."""
    return len(text) > _MOST_LETTERS or _ABOUT.match(text) is not None


def _is_near(above: Block, below: Block) -> bool:
    if above.box is None or below.box is None:
        return False
    gap = max(above.box.y0 - below.box.y1, below.box.y0 - above.box.y1)
    beside = min(above.box.x1, below.box.x1) <= max(above.box.x0, below.box.x0)
    return gap <= _REACH and not beside


def _captioned(block: Figure | Table, texts: Sequence[_Text]) -> Block:
    caption = " ".join(text.text for text in texts)
    return replace(block, caption=caption, lines=(*(line for text in texts for line in text.lines), *block.lines))

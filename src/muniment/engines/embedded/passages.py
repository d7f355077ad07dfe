"""Rows that belong together, and what is known of the column they stand in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from muniment.engines.embedded.lines import SeenLine, has_case
from muniment.engines.embedded.rows import Row

SAME_SIZE = 1.18
_SAME_SIZE_OF_CAPITALS = 1.4
_FEW_LETTERS = 8
"""Rows shorter than this are no evidence of size or weight."""


class PassageKind(StrEnum):
    """What rows can be together."""

    HEADING = "heading"
    ITEM = "item"
    """A list's item; its first row begins with the marker."""
    TICK = "tick"
    """A box to tick and the text beside it."""
    TEXT = "text"
    VERSE = "verse"
    """Short rows that keep their line breaks: an address, a receipt."""


@dataclass(slots=True)
class Passage:
    """Rows that belong together, top to bottom."""

    kind: PassageKind
    rows: list[Row] = field(default_factory=list)

    @property
    def is_heading(self) -> bool:
        return self.kind is PassageKind.HEADING

    @property
    def size(self) -> float:
        return median(row.size for row in self.rows)

    @property
    def lines(self) -> tuple[SeenLine, ...]:
        return tuple(piece for row in self.rows for piece in row.pieces)


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of the column that rows stand in.

    Attributes:
        left, right: where its text begins and ends, pixels.
        pitch: from one row to the next, pixels.
        is_prose: whether most of its letters stand in rows that fill it.
        body: the page's usual letter size, pixels.
        is_titled: whether the layout model takes a row for a title.
    """

    left: float
    right: float
    pitch: float
    is_prose: bool
    body: float
    is_titled: Callable[[Row], bool]


def alike(before: Row, row: Row) -> bool:
    """Whether two rows are printed the same, as far as they tell."""
    if _is_short(before) or _is_short(row):
        return True
    tolerance = SAME_SIZE if has_case(before.text) and has_case(row.text) else _SAME_SIZE_OF_CAPITALS
    same_size = max(before.size, row.size) <= tolerance * max(min(before.size, row.size), 1.0)
    return same_size and (before.bold == row.bold or before.is_divided or row.is_divided)


def _is_short(row: Row) -> bool:
    return sum(character.isalnum() for character in row.text) < _FEW_LETTERS


def step(before: Row, row: Row) -> float:
    """From the middle of one row to the next one's, pixels."""
    return (row.rect.y0 + row.rect.y1 - before.rect.y0 - before.rect.y1) / 2

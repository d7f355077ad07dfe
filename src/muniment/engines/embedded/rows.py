"""Pieces of text side by side, put together as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from muniment.engines.embedded.geometry import Rect, around, line_height, share_across, share_down
from muniment.engines.embedded.lines import SeenLine

_SAME_ROW = 0.5
_SIDE_BY_SIDE = 0.3
_ROWS_LOOKED_BACK = 4
_WIDE_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces that stand beside each other, left to right (at least one)."""

    pieces: tuple[SeenLine, ...]
    rect: Rect

    @property
    def text(self) -> str:
        return " ".join(piece.text.strip() for piece in self.pieces)

    @property
    def size(self) -> float:
        return median(piece.size for piece in self.pieces)

    @property
    def bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def is_divided(self) -> bool:
        """Whether wide white stands between its pieces."""
        gaps = (right.x0 - left.x1 for left, right in pairwise(self.pieces))
        return any(gap > _WIDE_GAP * self.rect.height for gap in gaps)

    @property
    def score(self) -> float:
        letters = sum(len(piece.text) for piece in self.pieces)
        return sum(piece.score * len(piece.text) for piece in self.pieces) / max(letters, 1)

    @property
    def first_word_width(self) -> float:
        """About how much room the first word takes, the space before it included; pixels."""
        return (len(self.text.split(" ", 1)[0]) + 1) * self.letter_width

    @property
    def letter_width(self) -> float:
        letters = sum(len(piece.text) for piece in self.pieces)
        return sum(piece.x1 - piece.x0 for piece in self.pieces) / max(letters, 1)


def row_of(pieces: Iterable[SeenLine]) -> Row:
    ordered = tuple(sorted(pieces, key=lambda piece: (piece.x0, piece.y0)))
    return Row(ordered, around(ordered))


def rows_of(lines: Iterable[SeenLine]) -> list[Row]:
    """``lines`` as rows, top to bottom: a row is of pieces that share half their height, side by side."""
    rows: list[list[SeenLine]] = []
    for line in sorted(lines, key=lambda line: (line.y0 + line.y1, line.x0)):
        home = next((row for row in rows[: -_ROWS_LOOKED_BACK - 1 : -1] if _belongs(line, row)), None)
        if home is None:
            rows.append([line])
        else:
            home.append(line)
    return sorted(map(row_of, rows), key=lambda row: (row.rect.y0 + row.rect.y1, row.rect.x0))


def breaks_on_purpose(row: Row, following: Row, right: float) -> bool:
    """Whether the break after ``row`` was meant: the next row's first word would have fitted before ``right``."""
    return row.rect.x1 + 1.25 * following.first_word_width < right


def row_pitch(rows: Sequence[Row]) -> float:
    """The usual distance from one row's middle to the next one's; pixels."""
    steps = [_middle(below) - _middle(above) for above, below in pairwise(rows)]
    height = line_height(row.rect for row in rows)
    close = [step for step in steps if 0.5 * height < step < 2.5 * height]
    return median(close) if close else 1.3 * height


def _middle(row: Row) -> float:
    return (row.rect.y0 + row.rect.y1) / 2


def _belongs(line: SeenLine, row: list[SeenLine]) -> bool:
    beside_all = all(share_across(line, piece) < _SIDE_BY_SIDE for piece in row)
    return beside_all and any(share_down(line, piece) >= _SAME_ROW for piece in row)

"""Lines put into table cells, and cells into table blocks' contents."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, breaks_on_purpose, rows_of
from muniment.text import Cell
from muniment.text.paragraphs import join_two

_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/]\d{2,4})?")


@dataclass(frozen=True, slots=True)
class FilledCell:
    """A cell's place in its table, in rows and columns from 0, and the pieces of lines in it."""

    row: int
    column: int
    row_span: int
    column_span: int
    pieces: tuple[SeenLine, ...]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table as found on the page.

    Attributes:
        rows, columns: its size.
        cells: in row-major order, never overlapping.
        lines: every line it took from the page, whole.
        rect: its place in pixels.
    """

    rows: int
    columns: int
    cells: tuple[FilledCell, ...]
    lines: tuple[SeenLine, ...]
    rect: Rect

    @property
    def filled(self) -> tuple[FilledCell, ...]:
        return tuple(cell for cell in self.cells if cell.pieces)


def to_cells(table: FoundTable) -> tuple[Cell, ...]:
    """The table's cells with their text; those of the first rows are headers if they look like headings."""
    depth = _header_depth(table)
    return tuple(
        Cell(
            cell.row,
            cell.column,
            cell_text(cell.pieces),
            cell.row_span,
            cell.column_span,
            header=cell.row < depth,
        )
        for cell in table.cells
    )


def cell_text(pieces: Iterable[SeenLine]) -> str:
    """Text in one cell: wrapped lines joined, breaks that were meant kept as newlines."""
    rows = rows_of(pieces)
    if not rows:
        return ""
    right = max(row.rect.x1 for row in rows)
    text = rows[0].text
    for row, following in pairwise(rows):
        text = f"{text}\n{following.text}" if _starts_anew(row, following, right) else join_two(text, following.text)
    return text


def _starts_anew(row: Row, following: Row, right: float) -> bool:
    return breaks_on_purpose(row, following, right) and not following.text[:1].islower()


def _header_depth(table: FoundTable) -> int:
    """How many rows the headings take: as many as the tallest heading of the first row."""
    first = [cell for cell in table.filled if cell.row == 0]
    depth = max((cell.row_span for cell in first), default=0)
    rest = [cell for cell in table.filled if cell.row >= depth]
    return depth if first and rest and _are_headings(first, rest, table.columns) else 0


def _are_headings(first: Sequence[FilledCell], rest: Sequence[FilledCell], columns: int) -> bool:
    headed = sum(cell.column_span for cell in first)
    if headed * 2 < columns or any(_is_numeric(cell) for cell in first):
        return False
    if _is_bold(first) and not _is_bold(rest):
        return True
    return any(_is_numeric(cell) for cell in rest) or headed >= columns - 1


def _is_bold(cells: Iterable[FilledCell]) -> bool:
    return all(piece.bold for cell in cells for piece in cell.pieces)


def _is_numeric(cell: FilledCell) -> bool:
    """Whether the cell holds an amount; a year may head a column."""
    text = "".join(piece.text for piece in cell.pieces)
    digits = sum(character.isdigit() for character in text)
    return digits > 0 and digits >= sum(character.isalpha() for character in text) and not _YEAR.fullmatch(text.strip())

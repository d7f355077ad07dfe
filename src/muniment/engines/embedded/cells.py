"""Lines put into table cells, and cells into table blocks' contents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, breaks_on_purpose, rows_of
from muniment.text import Cell
from muniment.text.paragraphs import join_two


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


def split_at(line: SeenLine, borders: Sequence[float]) -> list[SeenLine]:
    """``line`` in pieces, divided at the word gaps nearest to the ``borders`` (pixels, ascending) that cross it."""
    words = line.text.split()
    inner = [border for border in borders if line.x0 < border < line.x1]
    if len(words) < 2 or not inner:
        return [line]
    per_letter = (line.x1 - line.x0) / max(len(line.text), 1)
    groups: dict[int, list[tuple[float, float, str]]] = {}
    start = line.x0
    for word in words:
        end = start + len(word) * per_letter
        groups.setdefault(sum(border <= (start + end) / 2 for border in inner), []).append((start, end, word))
        start = end + per_letter
    return [
        replace(line, text=" ".join(word for _, _, word in group), x0=group[0][0], x1=group[-1][1])
        for group in groups.values()
    ]


def to_cells(table: FoundTable) -> tuple[Cell, ...]:
    """The table's cells with their text; the first row's are headers if it looks like a row of headings."""
    headed = _has_header(table)
    return tuple(
        Cell(
            cell.row,
            cell.column,
            cell_text(cell.pieces),
            cell.row_span,
            cell.column_span,
            header=headed and cell.row == 0,
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


def _has_header(table: FoundTable) -> bool:
    first = [cell for cell in table.filled if cell.row == 0]
    rest = [cell for cell in table.filled if cell.row > 0]
    if not first or not rest or sum(cell.column_span for cell in first) * 2 < table.columns:
        return False
    if any(_is_numeric(cell) for cell in first):
        return False
    bold_first = all(piece.bold for cell in first for piece in cell.pieces)
    bold_rest = all(piece.bold for cell in rest for piece in cell.pieces)
    if bold_first and not bold_rest:
        return True
    return any(_is_numeric(cell) for cell in rest) or len(first) >= table.columns - 1


def _is_numeric(cell: FilledCell) -> bool:
    text = "".join(piece.text for piece in cell.pieces)
    digits = sum(character.isdigit() for character in text)
    return digits > 0 and digits >= sum(character.isalpha() for character in text)

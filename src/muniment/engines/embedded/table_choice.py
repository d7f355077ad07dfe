"""Which cells a region of the page has: those that are ruled, that the table model sees, or that white space tells."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.columns import unruled_table
from muniment.engines.embedded.geometry import Rect, around, line_height
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.placement import placed_table
from muniment.engines.embedded.rows import rows_of
from muniment.engines.embedded.ruling import Grid, GridCell
from muniment.engines.embedded.structure import TableModel
from muniment.engines.embedded.tables import ruled_table

_RULED_SHARE = 0.7
"""Of a region's lines, how many a ruled grid has to hold to be the region's table."""
_LEAST_FIT = 0.5
_MOST_DIVIDED = 0.4
"""Of a table's lines; more are divided where running text is taken for a table."""
_SIDE_BY_SIDE = 1.0
_EMPTY_WEIGHT = 0.5
_MARGIN = 0.5
"""Of a line's height."""


def table_in(
    region: Rect, lines: Sequence[SeenLine], pixels: NDArray[np.uint8], grids: Sequence[Grid], model: TableModel
) -> FoundTable | None:
    """The table that a region is, by the layout's opinion; None if it does not look like one.

    Args:
        region: in pixels.
        lines: the region's. The table holds all of them, except that a ruled one leaves out those outside its rulings.
        pixels: of the page, shape (height, width, 3), RGB.
        grids: the page's.
    """
    if not lines:
        return None
    ruled = [table for grid in grids if (table := _ruled(grid, lines)) is not None]
    if any(fit(table) == 1 for table in ruled):
        return max(ruled, key=fit)
    seen = [_modelled(lines, view, pixels, model) for view in _views(region, lines)]
    guessed = [table for table in (*seen, unruled_table(lines)) if table is not None and _is_table(table)]
    # The first of equals is taken.
    return max([*ruled, *guessed], key=fit, default=None)


def _ruled(grid: Grid, lines: Sequence[SeenLine]) -> FoundTable | None:
    table = ruled_table(grid, lines)
    return table if table is not None and len(table.lines) >= _RULED_SHARE * len(lines) else None


def _views(region: Rect, lines: Sequence[SeenLine]) -> tuple[Rect, Rect]:
    """What the table model gets to see: the text alone, and a little of the region around it.

    Neither is always better; how the lines fit into the cells tells which.
    """
    text = around(lines)
    whole, wide = around((text, region)), text.grown(_MARGIN * line_height(lines))
    return text, Rect(max(wide.x0, whole.x0), max(wide.y0, whole.y0), min(wide.x1, whole.x1), min(wide.y1, whole.y1))


def _modelled(lines: Sequence[SeenLine], view: Rect, pixels: NDArray[np.uint8], model: TableModel) -> FoundTable | None:
    left, top = max(int(view.x0), 0), max(int(view.y0), 0)
    cells = model.find(pixels[top : max(int(view.y1), 0), left : max(int(view.x1), 0)])
    return placed_table([_moved(cell, left, top) for cell in cells], lines)


def _moved(cell: GridCell, x: float, y: float) -> GridCell:
    rect = cell.rect
    return replace(cell, rect=Rect(rect.x0 + x, rect.y0 + y, rect.x1 + x, rect.y1 + y))


def _is_table(table: FoundTable) -> bool:
    divided = sum(len(cell.pieces) for cell in table.cells) - len(table.lines)
    if min(table.rows, table.columns) < 2 or divided > _MOST_DIVIDED * len(table.lines):
        return False
    return fit(table) >= _LEAST_FIT


def fit(table: FoundTable) -> float:
    """How well the cells suit the lines in them: 1 if nothing speaks against them.

    Against them speak pieces side by side in one cell, a row of text that lies in several rows of cells, several rows
    of text in every cell of a row, and empty cells.
    """
    pieces = [piece for cell in table.cells for piece in cell.pieces]
    if not pieces:
        return 0.0
    empty = sum(cell.row_span * cell.column_span for cell in table.cells if not cell.pieces)
    wrong = _side_by_side(table) + _torn(table) + _stacked(table)
    return 1 - wrong / len(pieces) - _EMPTY_WEIGHT * empty / (table.rows * table.columns)


def _side_by_side(table: FoundTable) -> int:
    height = line_height(piece for cell in table.cells for piece in cell.pieces)
    return sum(
        right.x0 - left.x1 > _SIDE_BY_SIDE * height
        for cell in table.filled
        for row in rows_of(cell.pieces)
        for left, right in pairwise(row.pieces)
    )


def _torn(table: FoundTable) -> int:
    homes = {id(piece): cell for cell in table.cells for piece in cell.pieces}
    rows = rows_of(piece for cell in table.cells for piece in cell.pieces)
    return sum(
        not _share_a_row(homes[id(left)], homes[id(right)]) for row in rows for left, right in pairwise(row.pieces)
    )


def _share_a_row(one: FilledCell, other: FilledCell) -> bool:
    return one.row < other.row + other.row_span and other.row < one.row + one.row_span


def _stacked(table: FoundTable) -> int:
    wrong = 0
    for row in range(table.rows):
        heights = [len(rows_of(cell.pieces)) for cell in table.filled if cell.row == row and cell.row_span == 1]
        if len(heights) > 1:
            wrong += (min(heights) - 1) * len(heights)
    return wrong

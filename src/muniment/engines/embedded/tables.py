"""Tables with ruled grids."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.geometry import Rect, line_height
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import rows_of
from muniment.engines.embedded.ruling import Grid, GridCell
from muniment.engines.embedded.splitting import split_at

_LEAST_LINES = 3
_LEAST_ROWS_TO_DIVIDE = 2
_LEAST_ROWS_WITHOUT_RULINGS = 3
_MOST_ROWS_A_CELL = 12.0
_ROW_FILL = 0.6


def ruled_table(grid: Grid, lines: Sequence[SeenLine]) -> FoundTable | None:
    """What ``grid`` holds as a table; None if it is none: a frame, a single row or column, or nearly no text.

    Rows of text that stand beside each other in one ruled row become rows of their own, as in tables that only rule
    the columns.
    """
    inside = [line for line in lines if _holds(grid.rect, line)]
    grid = _trimmed(grid, inside)
    inside = [line for line in inside if _holds(grid.rect, line)]
    pieces = [piece for line in inside for piece in split_at(line, _borders_at(grid, line))]
    homes = _divided_where_clear(grid, _in_cells(grid, pieces))
    if len(inside) < _LEAST_LINES or not _is_table(grid, homes):
        return None
    bands = _bands(grid, homes)
    return _divided(grid, homes, bands, inside)


def _holds(rect: Rect, line: SeenLine) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return rect.x0 <= x <= rect.x1 and rect.y0 <= y <= rect.y1


def _trimmed(grid: Grid, lines: Sequence[SeenLine]) -> Grid:
    """``grid`` without the empty columns where its lines across run on beyond its undrawn sides."""
    width = line_height(lines)
    first, last = 0, len(grid.xs) - 1
    if grid.open_left and last > 2 and not any(line.x0 + width < grid.xs[1] for line in lines):
        first += 1
    if grid.open_right and last - first > 2 and not any(line.x1 - width > grid.xs[-2] for line in lines):
        last -= 1
    cells = [_clipped(cell, first, last, grid.xs) for cell in grid.cells]
    return replace(grid, xs=grid.xs[first : last + 1], cells=tuple(cell for cell in cells if cell is not None))


def _clipped(cell: GridCell, first: int, last: int, xs: Sequence[float]) -> GridCell | None:
    """``cell`` within the columns from ``first`` to ``last``, counted anew; None if it lies outside."""
    start, end = max(cell.column, first), min(cell.column + cell.column_span, last)
    if start >= end:
        return None
    rect = replace(cell.rect, x0=xs[start], x1=xs[end])
    return replace(cell, column=start - first, column_span=end - start, rect=rect)


def _borders_at(grid: Grid, line: SeenLine) -> list[float]:
    middle = (line.y0 + line.y1) / 2
    crossed = [cell.rect for cell in grid.cells if cell.rect.y0 <= middle <= cell.rect.y1]
    return sorted(rect.x0 for rect in crossed)


def _in_cells(grid: Grid, pieces: Sequence[SeenLine]) -> dict[GridCell, list[SeenLine]]:
    homes: dict[GridCell, list[SeenLine]] = {cell: [] for cell in grid.cells}
    for piece in pieces:
        home = next((cell for cell in grid.cells if _holds(cell.rect, piece)), None)
        if home is None:
            home = min(grid.cells, key=lambda cell: _distance(cell.rect, piece))
        homes[home].append(piece)
    return homes


def _divided_where_clear(grid: Grid, homes: dict[GridCell, list[SeenLine]]) -> dict[GridCell, list[SeenLine]]:
    """Cells of one row over several columns whose pieces keep to single ones are divided: a ruling was not seen."""
    divided: dict[GridCell, list[SeenLine]] = {}
    for cell, pieces in homes.items():
        inner = grid.xs[cell.column + 1 : cell.column + cell.column_span]
        columns = {sum(border <= piece.x0 for border in inner) for piece in pieces}
        crossed = any(piece.x0 < border < piece.x1 for piece in pieces for border in inner)
        if cell.row_span == 1 and len(columns) > 1 and not crossed:
            for step in range(cell.column_span):
                part = _clipped(cell, cell.column + step, cell.column + step + 1, grid.xs)
                if part is not None:
                    home = replace(part, column=cell.column + step)
                    divided[home] = [piece for piece in pieces if sum(border <= piece.x0 for border in inner) == step]
        else:
            divided[cell] = pieces
    return divided


def _distance(rect: Rect, line: SeenLine) -> float:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return max(rect.x0 - x, 0, x - rect.x1) + max(rect.y0 - y, 0, y - rect.y1)


def _is_table(grid: Grid, homes: dict[GridCell, list[SeenLine]]) -> bool:
    filled = [cell for cell, pieces in homes.items() if pieces]
    if len(filled) < 2 or len(grid.xs) < 3:
        return False
    rows = sum(len(rows_of(homes[cell])) for cell in filled)
    one_row = len(grid.ys) < 3
    if one_row and not _divides(_first_row(homes), _LEAST_ROWS_WITHOUT_RULINGS):
        return False
    per_cell = rows / len(filled)
    return one_row or per_cell <= _MOST_ROWS_A_CELL


def _first_row(homes: dict[GridCell, list[SeenLine]]) -> list[list[SeenLine]]:
    return [pieces for cell, pieces in homes.items() if cell.row == 0 and pieces]


def _divides(columns: Sequence[Sequence[SeenLine]], least: int = _LEAST_ROWS_TO_DIVIDE) -> bool:
    """Whether the text of one ruled row stands in rows of its own: as many in every column, beside each other."""
    if len(columns) < 2:
        return False
    counts = sorted(len(rows_of(pieces)) for pieces in columns)
    together = rows_of(piece for pieces in columns for piece in pieces)
    if len(together) < least or counts[0] < least:
        return False
    return sum(counts) >= max(_ROW_FILL, 1.5 / len(columns)) * len(together) * len(columns)


def _bands(grid: Grid, homes: dict[GridCell, list[SeenLine]]) -> list[list[float]]:
    """For each ruled row, where it is divided further: the tops of its rows of text but the first; pixels."""
    found = []
    for row in range(len(grid.ys) - 1):
        single = [pieces for cell, pieces in homes.items() if cell.row == row and cell.row_span == 1 and pieces]
        spanned = any(cell.row <= row < cell.row + cell.row_span and cell.row_span > 1 for cell in homes)
        found.append(_row_borders(single) if not spanned and _divides(single) else [])
    return found


def _row_borders(columns: Sequence[Sequence[SeenLine]]) -> list[float]:
    together = rows_of(piece for pieces in columns for piece in pieces)
    return [(above.rect.y1 + below.rect.y0) / 2 for above, below in pairwise(together)]


def _divided(
    grid: Grid, homes: dict[GridCell, list[SeenLine]], bands: list[list[float]], lines: Sequence[SeenLine]
) -> FoundTable:
    starts = [row + sum(len(band) for band in bands[:row]) for row in range(len(bands) + 1)]
    cells = []
    for cell, pieces in homes.items():
        first, last = starts[cell.row], starts[cell.row + cell.row_span]
        borders = bands[cell.row] if cell.row_span == 1 else []
        if not borders:
            cells.append(FilledCell(first, cell.column, last - first, cell.column_span, tuple(pieces)))
            continue
        for step in range(len(borders) + 1):
            part = tuple(piece for piece in pieces if _step_of(piece, borders) == step)
            cells.append(FilledCell(first + step, cell.column, 1, cell.column_span, part))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return FoundTable(starts[-1], len(grid.xs) - 1, tuple(cells), tuple(lines), grid.rect)


def _step_of(piece: SeenLine, borders: Sequence[float]) -> int:
    return sum(border <= (piece.y0 + piece.y1) / 2 for border in borders)

"""Lines put into cells that were seen only roughly."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.geometry import Rect, around
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import GridCell
from muniment.engines.embedded.splitting import split_at


def placed_table(cells: Sequence[GridCell], lines: Sequence[SeenLine]) -> FoundTable | None:
    """``cells`` with all ``lines`` in them, each whole or divided where it runs over several; None without either."""
    if not cells or not lines:
        return None
    straight = _straightened(cells)
    homes: dict[GridCell, list[SeenLine]] = {cell: [] for cell in straight}
    for line in lines:
        for piece in split_at(line, _borders_at(straight, line)):
            homes[min(straight, key=lambda cell: _distance(cell.rect, piece))].append(piece)
    filled = [
        FilledCell(cell.row, cell.column, cell.row_span, cell.column_span, tuple(pieces))
        for cell, pieces in homes.items()
    ]
    rows, columns = _size(straight)
    return FoundTable(rows, columns, tuple(filled), tuple(lines), around(lines))


def _size(cells: Iterable[GridCell]) -> tuple[int, int]:
    rows, columns = zip(*((cell.row + cell.row_span, cell.column + cell.column_span) for cell in cells), strict=True)
    return max(rows), max(columns)


def _straightened(cells: Sequence[GridCell]) -> list[GridCell]:
    """``cells`` on common borders: between two rows or columns, the middle between where one ends and the next starts.

    A single cell's box may be far off; the middle of many is not.
    """
    rows, columns = _size(cells)
    whole = around(cell.rect for cell in cells)
    across = [(cell.column, cell.column + cell.column_span, cell.rect.x0, cell.rect.x1) for cell in cells]
    down = [(cell.row, cell.row + cell.row_span, cell.rect.y0, cell.rect.y1) for cell in cells]
    xs, ys = _borders(across, columns, whole.x0, whole.x1), _borders(down, rows, whole.y0, whole.y1)
    return [
        replace(
            cell,
            rect=Rect(xs[cell.column], ys[cell.row], xs[cell.column + cell.column_span], ys[cell.row + cell.row_span]),
        )
        for cell in cells
    ]


def _borders(stretches: Sequence[tuple[int, int, float, float]], count: int, start: float, end: float) -> list[float]:
    """``count`` + 1 ascending places for stretches given by their first index, the index after, and their ends."""
    borders = [start]
    for index in range(1, count):
        ends = [stop for _, after, _, stop in stretches if after == index]
        starts = [begin for first, _, begin, _ in stretches if first == index]
        sides = [median(side) for side in (ends, starts) if side]
        place = sum(sides) / len(sides) if sides else borders[-1]
        borders.append(min(max(place, borders[-1]), end))
    return [*borders, end]


def _borders_at(cells: Iterable[GridCell], line: SeenLine) -> list[float]:
    middle = (line.y0 + line.y1) / 2
    crossed = sorted((cell.rect for cell in cells if cell.rect.y0 <= middle <= cell.rect.y1), key=lambda rect: rect.x0)
    return [(left.x1 + right.x0) / 2 for left, right in pairwise(crossed)]


def _distance(rect: Rect, line: SeenLine) -> float:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return max(rect.x0 - x, 0, x - rect.x1) + max(rect.y0 - y, 0, y - rect.y1)

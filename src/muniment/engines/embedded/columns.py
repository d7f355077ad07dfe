"""Tables without ruling lines: columns told by the white between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.geometry import around, line_height, share_across
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, rows_of

_CROSSED_BY = 0.12
_ROWS_FOR_ONE_CROSSING = 5
"""Of a table's rows, how many may run across the white between two columns (headings that span); one of so many."""
_LEAST_WHITE = 0.5
_LEAST_ROWS = 3
_WELL_FILLED = 0.5
_TIGHT = 0.35
_BESIDE = 0.3


@dataclass(frozen=True, slots=True)
class _Strip:
    """A table's row and the pieces of text in it."""

    top: float
    bottom: float
    pieces: tuple[SeenLine, ...]


def unruled_table(lines: Sequence[SeenLine]) -> FoundTable | None:
    """``lines`` as a table; None if they do not stand in two columns or more, or leave most cells empty."""
    rows = rows_of(lines)
    if len(rows) < _LEAST_ROWS:
        return None
    borders = column_borders(rows)
    if not borders:
        return None
    strips = _merged([_Strip(row.rect.y0, row.rect.y1, row.pieces) for row in rows], borders)
    cells = [cell for place, strip in enumerate(strips) for cell in _cells_of(place, strip, borders)]
    columns = len(borders) + 1
    filled = sum(cell.column_span for cell in cells if cell.pieces)
    if len(strips) < 2 or filled < _WELL_FILLED * columns * len(strips):
        return None
    return FoundTable(len(strips), columns, tuple(cells), tuple(lines), around(lines))


def column_borders(rows: Sequence[Row]) -> list[float]:
    """Middles of the white strips that (nearly) no row crosses, left to right; pixels."""
    whole = around(row.rect for row in rows)
    height = line_height(row.rect for row in rows)
    step = max(height / 10, 1.0)
    cover = np.zeros(int(whole.width / step) + 2, np.int64)
    for row in rows:
        seen = np.zeros_like(cover)
        for piece in row.pieces:
            seen[int((piece.x0 - whole.x0) / step) : int((piece.x1 - whole.x0) / step) + 1] = 1
        cover += seen
    white = cover <= max(int(_CROSSED_BY * len(rows)), len(rows) >= _ROWS_FOR_ONE_CROSSING)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], white.astype(np.int8), [0]])))
    strips = [(start, end) for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    wide = [(start, end) for start, end in strips if (end - start) * step >= _LEAST_WHITE * height]
    return [whole.x0 + (start + end) / 2 * step for start, end in wide if start > 0 and end < len(cover) - 1]


def _merged(strips: Sequence[_Strip], borders: Sequence[float]) -> list[_Strip]:
    """Strips, those that only go on with the row above joined to it."""
    gaps = [below.top - above.bottom for above, below in pairwise(strips)]
    height = line_height(piece for strip in strips for piece in strip.pieces)
    usual = float(np.median(gaps)) if gaps else 0.0
    merged = [strips[0]]
    for strip, gap in zip(strips[1:], gaps, strict=True):
        goes_on = gap < usual - _TIGHT * height and _first_column(strip, borders) > 0
        if goes_on:
            merged[-1] = _Strip(merged[-1].top, strip.bottom, merged[-1].pieces + strip.pieces)
        else:
            merged.append(strip)
    return merged


def _first_column(strip: _Strip, borders: Sequence[float]) -> int:
    return min(_column_at((piece.x0 + piece.x1) / 2, borders) for piece in strip.pieces)


def _column_at(x: float, borders: Sequence[float]) -> int:
    return sum(border <= x for border in borders)


def _cells_of(row: int, strip: _Strip, borders: Sequence[float]) -> list[FilledCell]:
    """Cells of one row, empty ones included.

    A piece over several columns makes a cell that spans them, as far as no other piece begins there; pieces that begin
    in the same column share a cell.
    """
    homes: dict[int, list[SeenLine]] = {}
    ends: dict[int, int] = {}
    start = 0
    for piece in sorted(strip.pieces, key=lambda piece: piece.x0):
        first, last = _columns_of(piece, borders)
        start = max(start, first)
        if start in homes and start < last and all(share_across(piece, other) < _BESIDE for other in homes[start]):
            start += 1
        homes.setdefault(start, []).append(piece)
        ends[start] = max(ends.get(start, start), last)
    cells = [FilledCell(row, column, 1, 1, ()) for column in range(min(homes))]
    for first, after in pairwise([*sorted(homes), len(borders) + 1]):
        end = min(ends[first] + 1, after)
        cells.append(FilledCell(row, first, 1, end - first, tuple(homes[first])))
        cells += [FilledCell(row, column, 1, 1, ()) for column in range(end, after)]
    return cells


def _columns_of(piece: SeenLine, borders: Sequence[float]) -> tuple[int, int]:
    margin = (piece.y1 - piece.y0) / 4
    first = _column_at(piece.x0 + margin, borders)
    return first, max(_column_at(piece.x1 - margin, borders), first)

"""Tables without ruling lines: columns told by the white between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.geometry import around, line_height
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, rows_of

_CROSSED_BY = 0.12
"""Of a table's rows, how many may run across the white between two columns (headings that span)."""
_LEAST_WHITE = 0.5
_LEAST_ROWS = 3
_WELL_FILLED = 0.5
_TIGHT = 0.35


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
    filled = sum(cell.column_span for cell in cells)
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
    white = cover <= _CROSSED_BY * len(rows)
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
    """Cells of one row: pieces over several columns make a spanning cell, pieces over the same column one cell."""
    spans: list[tuple[int, int, list[SeenLine]]] = []
    for piece in sorted(strip.pieces, key=lambda piece: piece.x0):
        height = piece.y1 - piece.y0
        first = _column_at(piece.x0 + height / 4, borders)
        last = max(_column_at(piece.x1 - height / 4, borders), first)
        if spans and first <= spans[-1][1]:
            start, end, pieces = spans[-1]
            spans[-1] = (start, max(end, last), [*pieces, piece])
        else:
            spans.append((first, last, [piece]))
    return [FilledCell(row, first, 1, last - first + 1, tuple(pieces)) for first, last, pieces in spans]

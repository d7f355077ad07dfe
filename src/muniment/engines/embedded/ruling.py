"""Ruling lines drawn on a page, and the grids they make."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.geometry import Rect

Mask = NDArray[np.uint8]

_LEAST_LENGTH_ACROSS = 2.5
_LEAST_LENGTH_DOWN = 1.3
_SAME_LINE = 0.5
_CROSSING_REACH = 0.25
_FILL = 0.25
_OPEN_END = 0.8
"""Lengths above are in line heights; those below are shares of a side."""
_RULED_SHARE = 0.5
_REACHES = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Rulings:
    """Where long straight strokes run: masks (height, width), 255 on a stroke."""

    across: Mask
    down: Mask


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a grid in rows and columns counted from 0, with its spans and its place on the page."""

    row: int
    column: int
    row_span: int
    column_span: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled grid.

    Attributes:
        xs, ys: places of its ruling lines in pixels, ascending.
        cells: in row-major order, never overlapping, the whole grid's.
        open_left, open_right: whether that side is not drawn, only where the lines across end.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]
    open_left: bool = False
    open_right: bool = False

    @property
    def rect(self) -> Rect:
        return Rect(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def ink_of(pixels: NDArray[np.uint8], height: float) -> Mask:
    """What is darker than its surroundings: mask (height, width), 255 on ink. ``height`` of a text line, pixels."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    block = max(3, int(2 * height)) | 1
    ink = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 12)
    return np.asarray(ink, np.uint8)


def find_rulings(ink: Mask, height: float) -> Rulings:
    """Strokes longer than letters, and the edges of filled areas. ``height`` of a text line, pixels."""
    strokes = _outlined(ink, height)
    return Rulings(
        _runs(strokes, max(8, int(_LEAST_LENGTH_ACROSS * height))),
        np.ascontiguousarray(_runs(strokes.T, max(8, int(_LEAST_LENGTH_DOWN * height))).T),
    )


def _runs(strokes: Mask, length: int) -> Mask:
    """What is drawn along the rows of ``strokes`` for ``length`` pixels or more, a slant of a pixel allowed."""
    thick = cv2.dilate(np.ascontiguousarray(strokes), np.ones((3, 1), np.uint8))
    return np.asarray(cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)


def find_grids(rulings: Rulings, height: float) -> list[Grid]:
    """Every group of crossing rulings that encloses cells, top to bottom."""
    reach = max(1, int(_CROSSING_REACH * height)) | 1
    drawn = cv2.dilate(cv2.bitwise_or(rulings.across, rulings.down), np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(drawn, connectivity=8)
    grids = []
    for label in range(1, count):
        x, y, width, tall = (int(value) for value in stats[label][:4])
        if width < 4 * height or tall < 1.5 * height:
            continue
        inside = labels[y : y + tall, x : x + width] == label
        part = Rulings(*(mask[y : y + tall, x : x + width] * inside for mask in (rulings.across, rulings.down)))
        grid = _grid(part, height, x, y)
        if grid is not None:
            grids.append(grid)
    return sorted(grids, key=lambda grid: (grid.ys[0], grid.xs[0]))


def segments_across(rulings: Rulings, height: float) -> list[Rect]:
    """The strokes that run across, as thin rectangles, top to bottom."""
    # Tall enough to make one of the two edges that a thick ruling has.
    reach = np.ones((max(1, int(_SAME_LINE * height)), max(3, int(height))), np.uint8)
    joined = np.asarray(cv2.dilate(rulings.across, reach), np.uint8)
    rects = [Rect(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h in connected_boxes(joined)]
    return sorted((rect for rect in rects if rect.height < height), key=lambda rect: (rect.y0, rect.x0))


def connected_boxes(mask: Mask) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of everything that hangs together in ``mask``, also of what lies inside a frame."""
    contours, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    outer = (contour for contour, level in zip(contours, levels[0], strict=True) if level[3] < 0)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in map(cv2.boundingRect, outer)]


def _outlined(ink: Mask, height: float) -> Mask:
    """``ink`` with filled areas reduced to their edges, so that the shading of a row counts as a ruling around it."""
    side = max(5, int(_FILL * height))
    filled = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    return np.asarray(cv2.subtract(ink, cv2.erode(filled, np.ones((3, 3), np.uint8))), np.uint8)


def _grid(part: Rulings, height: float, left: int, top: int) -> Grid | None:
    ys, xs = _places(part.across, height), _places(part.down.T, height)
    ys = _with_open_ends(part.down, ys, xs, height)
    drawn = (xs[0], xs[-1]) if xs else (0, 0)
    xs = _with_edges(xs, part.across.shape[1], height)
    if len(xs) < 2 or len(ys) < 2:
        return None
    closed_below = _drawn(part.across, ys[1:-1], xs, height)
    closed_right = _drawn(part.down.T, xs[1:-1], ys, height).T
    cells = _cells(closed_below, closed_right, [x + left for x in xs], [y + top for y in ys])
    places = tuple(float(x + left) for x in xs), tuple(float(y + top) for y in ys)
    return Grid(*places, tuple(cells), open_left=xs[0] < drawn[0], open_right=xs[-1] > drawn[1])


def _places(mask: Mask, height: float) -> list[int]:
    """Rows of ``mask`` where rulings run: the heaviest of each group of neighbouring ones."""
    weight = (mask > 0).sum(axis=1)
    groups: list[list[int]] = []
    for place in np.flatnonzero(weight).tolist():
        if groups and place - groups[-1][-1] <= _SAME_LINE * height:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [max(group, key=lambda place: (int(weight[place]), -place)) for group in groups]


def _with_edges(xs: list[int], width: int, height: float) -> list[int]:
    """``xs`` with the left and right edges of a table whose sides are open."""
    left = [0] if not xs or xs[0] > height else []
    right = [width - 1] if not xs or xs[-1] < width - 1 - height else []
    return left + xs + right


def _with_open_ends(down: Mask, ys: list[int], xs: list[int], height: float) -> list[int]:
    """``ys`` with the top and bottom of a table whose rulings down go on beyond its outermost rulings across."""
    if not ys or not xs:
        return ys
    reach, tall = max(1, int(_SAME_LINE * height / 2)), down.shape[0]
    bands = np.stack([down[:, max(0, x - reach) : x + reach + 1].any(axis=1) for x in xs])

    def reached(start: int, stop: int) -> bool:
        if stop - start <= _OPEN_END * height:
            return False
        return int((bands[:, start:stop].mean(axis=1) >= _REACHES).sum()) >= max(2, len(xs) / 2)

    above = [0] if reached(0, ys[0]) else []
    below = [tall - 1] if reached(ys[-1] + 1, tall) else []
    return above + ys + below


def _drawn(mask: Mask, lines: Sequence[int], ends: Sequence[int], height: float) -> NDArray[np.bool_]:
    """For each of ``lines`` (rows of ``mask``) and each stretch between ``ends``: whether it is drawn."""
    reach = max(1, int(_SAME_LINE * height / 2))
    found = np.zeros((len(lines), len(ends) - 1), bool)
    for place, line in enumerate(lines):
        band = mask[max(0, line - reach) : line + reach + 1].any(axis=0)
        total = np.concatenate([[0], np.cumsum(band)])
        starts, stops = np.array(ends[:-1]), np.array(ends[1:])
        found[place] = total[stops] - total[starts] >= _RULED_SHARE * (stops - starts)
    return found


def _cells(
    closed_below: NDArray[np.bool_], closed_right: NDArray[np.bool_], xs: list[int], ys: list[int]
) -> list[GridCell]:
    """Cells as rectangles: each grows to the right and then down as long as nothing is drawn between."""
    rows, columns = len(ys) - 1, len(xs) - 1
    taken = np.zeros((rows, columns), bool)
    cells = []
    for row in range(rows):
        for column in range(columns):
            if taken[row, column]:
                continue
            right = column + 1
            while right < columns and not closed_right[row, right - 1] and not taken[row, right]:
                right += 1
            below = row + 1
            while below < rows and _open_to(below, slice(column, right), closed_below, closed_right, taken):
                below += 1
            taken[row:below, column:right] = True
            rect = Rect(float(xs[column]), float(ys[row]), float(xs[right]), float(ys[below]))
            cells.append(GridCell(row, column, below - row, right - column, rect))
    return cells


def _open_to(
    row: int,
    across: slice,
    closed_below: NDArray[np.bool_],
    closed_right: NDArray[np.bool_],
    taken: NDArray[np.bool_],
) -> bool:
    """Whether a cell over the columns ``across`` goes on into ``row``."""
    inner = slice(across.start, across.stop - 1)
    return not (closed_below[row - 1, across].any() or closed_right[row, inner].any() or taken[row, across].any())

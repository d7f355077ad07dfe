"""The order in which a page is read.

A page is cut into bands by white that runs across it. Neighbouring bands that share a white strip running down belong
together: they are columns, and each is read to its end before the next. What runs across the strip (a heading, a wide
figure) ends the columns. Rows of a form or a receipt, where text on the right belongs to the text on its left, have
white strips too and are told apart by how they stand; see :func:`_are_columns`.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from muniment.engines.embedded.geometry import Rect, line_height, share_down

_LEAST_GAP, _SURE_GAP = 0.3, 0.5
"""In line heights, how wide the white between columns is. Narrower than the second, it may be chance on a few lines."""
_ENOUGH_LINES = 5
_SECTION_GAP = 2.0
"""So many line heights of white across the page end columns."""
_SHRINK = 0.15
_WELL_FILLED = 0.6
_PROSE_LETTERS = 18
_PROSE_SHARE = 0.6
_ROWS_ALIGNED = 0.75
_BESIDE = 0.25
"""Middles so near each other, in heights of a line, are of lines on one base line."""
_LEAST_BESIDE = 0.3
_DEEPEST = 12


_Strip = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that keeps together: a line, a table, a figure.

    Attributes:
        rect: its place in pixels.
        text: of a line; "" for tables and figures.
    """

    rect: Rect
    text: str = ""


def reading_order(units: Sequence[Unit]) -> list[list[int]]:
    """Places of ``units`` in reading order, each inner list being one column (or part of one), top to bottom."""
    if not units:
        return []
    lines = [unit.rect for unit in units if unit.text]
    return _Cutter(units, line_height(lines)).groups(list(range(len(units))), _DEEPEST)


@dataclass(slots=True)
class _Run:
    """Neighbouring bands, and the white strips down that all of them share; the page's margins are strips too."""

    bands: list[list[int]]
    strips: list[_Strip]

    @property
    def members(self) -> list[int]:
        return [place for band in self.bands for place in band]


class _Cutter:
    def __init__(self, units: Sequence[Unit], height: float) -> None:
        self._units = units
        self._height = height

    def groups(self, members: list[int], depth: int) -> list[list[int]]:
        """``members`` in order, cut into columns as far as there are any."""
        found: list[list[int]] = []
        goes_on = False
        runs = self._runs(self._bands(members))
        for above, below in pairwise(runs):
            self._give_back(above, below)
        for run in filter(lambda run: run.bands, runs):
            columns = self._columns(run) if depth else [run.members]
            if len(columns) > 1:
                found += [group for column in columns for group in self.groups(column, depth - 1)]
            elif goes_on:
                found[-1] += columns[0]
            else:
                found.append(columns[0])
            goes_on = len(columns) == 1
        return found

    def _bands(self, members: list[int]) -> list[list[int]]:
        """``members`` divided where white runs right across, top to bottom."""
        shrink = _SHRINK * self._height
        bands: list[list[int]] = []
        bottom = float("-inf")
        for place in sorted(members, key=lambda place: (self._units[place].rect.y0, self._units[place].rect.x0)):
            rect = self._units[place].rect
            if rect.y0 + shrink < bottom:
                bands[-1].append(place)
            else:
                bands.append([place])
            bottom = max(bottom, rect.y1 - shrink)
        return bands

    def _runs(self, bands: Sequence[list[int]]) -> list[_Run]:
        """Neighbouring bands taken together as long as a white strip with something on both sides runs through all."""
        runs: list[_Run] = []
        for band in bands:
            strips = self._strips(band)
            shared = _common(runs[-1].strips, strips, _LEAST_GAP * self._height) if runs else []
            if any(map(_is_inner, shared)) and self._gap(runs[-1].bands[-1], band) < _SECTION_GAP * self._height:
                runs[-1].bands.append(band)
                runs[-1].strips = shared
            else:
                runs.append(_Run([band], strips))
        return runs

    def _gap(self, above: Sequence[int], below: Sequence[int]) -> float:
        """White between two bands; pixels."""
        bottom = max(self._units[place].rect.y1 for place in above)
        return min(self._units[place].rect.y0 for place in below) - bottom

    def _give_back(self, above: _Run, below: _Run) -> None:
        """Move to ``below``, if that is columns, the last bands of ``above`` that already are its beginning.

        A row above columns may share some chance white with the columns' first rows and has then taken them.
        """
        if len(self._columns(above)) > 1 or len(self._columns(below)) == 1:
            return
        strips, first = below.strips, len(above.bands)
        for place in range(len(above.bands) - 1, -1, -1):
            strips = _common(strips, self._strips(above.bands[place]), _LEAST_GAP * self._height)
            if not any(map(_is_inner, strips)):
                break
            if len(self._split(_Run([above.bands[place]], strips))) > 1:
                first, below.strips = place, strips
        below.bands[:0] = above.bands[first:]
        del above.bands[first:]

    def _strips(self, members: Sequence[int]) -> list[_Strip]:
        """White strips down that no member crosses."""
        strips, right = [], float("-inf")
        for rect in sorted((self._units[place].rect for place in members), key=lambda rect: rect.x0):
            if rect.x0 > right:
                strips.append((right, rect.x0))
            right = max(right, rect.x1)
        return [*strips, (right, float("inf"))]

    def _split(self, run: _Run) -> list[list[int]]:
        """The run's members by the strips between them, left to right."""
        borders = [(start + end) / 2 for start, end in run.strips if _is_inner((start, end))]
        parts: dict[int, list[int]] = {}
        for place in run.members:
            rect = self._units[place].rect
            parts.setdefault(sum(border <= (rect.x0 + rect.x1) / 2 for border in borders), []).append(place)
        return [parts[key] for key in sorted(parts)]

    def _columns(self, run: _Run) -> list[list[int]]:
        """The run's columns; one, in rows, if its parts are not columns."""
        parts = self._split(run)
        columns = [parts[0]]
        for part in parts[1:]:
            if self._are_columns(columns[-1], part):
                columns.append(part)
            else:
                columns[-1] = columns[-1] + part
        if len(columns) == 1:
            return [self._in_rows(run.members)]
        return columns

    def _are_columns(self, left: Sequence[int], right: Sequence[int]) -> bool:
        """Whether two parts beside each other are read one after the other, and not row by row.

        They are where the text on both sides fills its part as prose does, or where the rows on both sides do not
        stand beside each other.
        """
        sides = [[self._units[place] for place in side] for side in (left, right)]
        gap = min(unit.rect.x0 for unit in sides[1]) - max(unit.rect.x1 for unit in sides[0])
        if _beside(*sides) < _LEAST_BESIDE:
            return False
        if gap < _SURE_GAP * self._height and min(map(len, sides)) < _ENOUGH_LINES:
            return False
        if any(not unit.text for side in sides for unit in side):
            return True
        if min(len(side) for side in sides) < 2:
            return False
        if all(_is_prose(side) for side in sides):
            return True
        return _aligned(*sides) < _ROWS_ALIGNED and min(len(side) for side in sides) > 2

    def _in_rows(self, members: Sequence[int]) -> list[int]:
        """``members`` row by row, each row left to right."""
        rows: list[list[int]] = []
        for place in sorted(members, key=lambda place: self._units[place].rect.y0 + self._units[place].rect.y1):
            rect = self._units[place].rect
            if rows and share_down(rect, self._units[rows[-1][0]].rect) > 0.5:
                rows[-1].append(place)
            else:
                rows.append([place])
        return [place for row in rows for place in sorted(row, key=lambda place: self._units[place].rect.x0)]


def _is_inner(strip: _Strip) -> bool:
    """Whether there is something on both sides."""
    return isfinite(strip[0]) and isfinite(strip[1])


def _common(one: Sequence[_Strip], other: Sequence[_Strip], least: float) -> list[_Strip]:
    """Where strips of both overlap by at least ``least``."""
    shared = ((max(a0, b0), min(a1, b1)) for a0, a1 in one for b0, b1 in other)
    return sorted((start, end) for start, end in shared if end - start >= least)


def _beside(left: Sequence[Unit], right: Sequence[Unit]) -> float:
    """The share of the lower side's height that stands beside the other side."""
    tops, bottoms = zip(
        *((min(unit.rect.y0 for unit in side), max(unit.rect.y1 for unit in side)) for side in (left, right)),
        strict=True,
    )
    lower = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return float((min(bottoms) - max(tops)) / max(lower, 1.0))


def _is_prose(side: Sequence[Unit]) -> bool:
    """Whether most letters of a column stand in lines that fill it."""
    width = max(unit.rect.x1 for unit in side) - min(unit.rect.x0 for unit in side)
    full = [u for u in side if u.rect.width >= _WELL_FILLED * width and len(u.text) >= _PROSE_LETTERS]
    return sum(len(unit.text) for unit in full) >= _PROSE_SHARE * sum(len(unit.text) for unit in side)


def _aligned(left: Sequence[Unit], right: Sequence[Unit]) -> float:
    """The share of rows, on the side with fewer, that stand beside a row of the other side."""
    fewer, more = sorted((left, right), key=len)
    middles = sorted((unit.rect.y0 + unit.rect.y1) / 2 for unit in more)
    return sum(_nearest(middles, unit.rect) <= _BESIDE * unit.rect.height for unit in fewer) / len(fewer)


def _nearest(middles: Sequence[float], rect: Rect) -> float:
    """How far the middle of ``rect`` is from the nearest of ``middles`` (ascending)."""
    middle = (rect.y0 + rect.y1) / 2
    place = bisect_left(middles, middle)
    return min(abs(middle - other) for other in middles[max(place - 1, 0) : place + 1])

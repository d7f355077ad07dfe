"""What stands on a page, sorted by kind before it is put in order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.cells import FoundTable
from muniment.engines.embedded.checkboxes import find_tickboxes
from muniment.engines.embedded.figures import find_figures
from muniment.engines.embedded.furniture import Furniture, find_furniture
from muniment.engines.embedded.geometry import Rect, around, line_height, share_inside
from muniment.engines.embedded.headings import body_size
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import Grid, Rulings, find_grids, find_rulings, ink_of, segments_across
from muniment.engines.embedded.structure import TableModel
from muniment.engines.embedded.table_choice import table_in
from muniment.engines.embedded.tables import ruled_table
from muniment.engines.embedded.ticks import with_ticks

_INSIDE = 0.5
_LEAST_TABLE_SCORE = 0.5
_LARGEST_GRID = 2.5
_RULE_WIDTH, _RULE_SLACK, _RULE_REACH = 0.8, 3.0, 5.0
"""Of a table's rules: least width, of the table's; how far they may stick out and be away, in line heights."""
_PROSE_LETTERS, _PROSE_SHARE = 30, 0.6
_LEAST_EQUATION_SCORE = 0.45
_EQUATION_NUMBER = re.compile(r"[(\[（]\s*[\dA-Z]{1,3}(?:[.\-]\d{1,3})*[a-z]?'?\s*[)\]）]")
_WORDS = re.compile(r"[^\W\d_]{3,}")
_MOST_WORDS = 6
"""A line with more words is a sentence and no formula."""
_MOST_IN_WORDS = 0.5


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure or an equation: its place in pixels and the lines in it."""

    rect: Rect
    lines: tuple[SeenLine, ...]
    is_equation: bool = False


@dataclass(frozen=True, slots=True)
class PageParts:
    """A page taken apart; every line is in exactly one part.

    Attributes:
        text: lines of running text, headings and lists.
    """

    furniture: tuple[Furniture, ...]
    tables: tuple[FoundTable, ...]
    figures: tuple[Drawing, ...]
    equations: tuple[Drawing, ...]
    text: tuple[SeenLine, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.furniture or self.tables or self.figures or self.equations or self.text)


class PageSorter:
    """Takes pages apart. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._table_model = TableModel(threads)

    def sort(self, pixels: NDArray[np.uint8], lines: Sequence[SeenLine], regions: Sequence[Region]) -> PageParts:
        """Every line and every drawing by what it is part of.

        Args:
            pixels: shape (height, width, 3), RGB, upright.
            regions: as the layout model sees them.
        """
        if pixels.size == 0:
            return PageParts((), (), (), (), tuple(lines))
        height = line_height(lines)
        ink = ink_of(pixels, height)
        rulings = find_rulings(ink, height)
        left = _Left(with_ticks(lines, find_tickboxes(ink, height), height))
        furniture = left.furniture(regions, pixels.shape[0])
        grids = find_grids(rulings, height)
        tables = self._tables(left, pixels, _table_places(regions, grids, rulings, height), grids)
        figures = [
            Drawing(rect, left.take(left.inside(rect)))
            for rect in find_figures(regions, left.lines, ink)
            if not any(_overlap(table.rect, rect) for table in tables)
        ]
        equations = [
            Drawing(around(held), left.take(held), is_equation=True)
            for region in regions
            if region.kind is RegionKind.EQUATION and region.score >= _LEAST_EQUATION_SCORE
            for held in left.equations(region.rect)
        ]
        return PageParts(tuple(furniture), tuple(tables), tuple(figures), tuple(equations), tuple(left.lines))

    def _tables(
        self, left: "_Left", pixels: NDArray[np.uint8], places: Sequence[Rect], grids: Sequence[Grid]
    ) -> list[FoundTable]:
        """Tables where the layout model sees them, then those that only their ruling lines tell."""
        tables = []
        for place in places:
            table = table_in(place, left.inside(place), pixels, grids, self._table_model)
            if table is not None and not _is_prose(table, grids):
                left.take(table.lines)
                tables.append(table)
        for grid in grids:
            table = ruled_table(grid, left.lines)
            if table is not None and not any(_overlap(table.rect, other.rect) for other in tables):
                left.take(table.lines)
                tables.append(table)
        return tables


class _Left:
    """Lines that no part has taken yet."""

    def __init__(self, lines: Iterable[SeenLine]) -> None:
        self.lines = list(lines)

    def take(self, lines: Iterable[SeenLine]) -> tuple[SeenLine, ...]:
        """``lines``, which are not left after this."""
        taken = tuple(lines)
        gone = set(map(id, taken))
        self.lines = [line for line in self.lines if id(line) not in gone]
        return taken

    def inside(self, rect: Rect) -> tuple[SeenLine, ...]:
        return tuple(line for line in self.lines if share_inside(line, rect) > _INSIDE)

    def furniture(self, regions: Iterable[Region], height: float) -> list[Furniture]:
        found = find_furniture(self.lines, regions, height, body_size(self.lines))
        self.take(line for item in found for line in item.lines)
        return found

    def equations(self, rect: Rect) -> list[tuple[SeenLine, ...]]:
        """The lines of displayed formulas in a region, their numbers beside them included.

        Sentences are no formulas; where one stands between two of them, the region holds two.
        """
        inside = self.inside(rect)
        sentences = [line for line in inside if _is_sentence(line, rect)]
        held = set(map(id, inside)) - set(map(id, sentences))
        if not held:
            return []
        found: dict[int, list[SeenLine]] = {}
        for line in self.lines:
            middle = (line.y0 + line.y1) / 2
            if id(line) in held or (_EQUATION_NUMBER.fullmatch(line.text.strip()) and rect.y0 <= middle <= rect.y1):
                found.setdefault(sum(sentence.y1 < middle for sentence in sentences), []).append(line)
        return [tuple(lines) for lines in found.values()]


def _is_sentence(line: SeenLine, rect: Rect) -> bool:
    """Whether ``line``, in a region of formulas, is text: many words, or words mostly and at the region's left."""
    words = _WORDS.findall(line.text)
    letters = sum(map(len, words)) / max(sum(not character.isspace() for character in line.text), 1)
    at_left = line.x0 < rect.x0 + 1.5 * (line.y1 - line.y0)
    return len(words) >= _MOST_WORDS or (at_left and letters > _MOST_IN_WORDS)


def _table_places(regions: Iterable[Region], grids: Sequence[Grid], rulings: Rulings, height: float) -> list[Rect]:
    """Where the layout model sees tables, as far as the rulings go that they belong to."""
    strokes = segments_across(rulings, height)
    return [
        _to_rules(_to_grid(region.rect, grids), strokes, height)
        for region in regions
        if region.kind is RegionKind.TABLE and region.score >= _LEAST_TABLE_SCORE
    ]


def _to_grid(table: Rect, grids: Iterable[Grid]) -> Rect:
    """``table`` and the grid it is part of; a frame far larger than the table is none."""
    own = [grid.rect for grid in grids if _overlap(grid.rect, table) and grid.rect.area < _LARGEST_GRID * table.area]
    return around([table, *own])


def _to_rules(table: Rect, strokes: Iterable[Rect], height: float) -> Rect:
    slack = _RULE_SLACK * height
    rules = [
        stroke
        for stroke in strokes
        if stroke.width >= _RULE_WIDTH * table.width
        and stroke.x0 >= table.x0 - slack
        and stroke.x1 <= table.x1 + slack
        and table.y0 - _RULE_REACH * height <= stroke.y0 <= table.y1 + _RULE_REACH * height
    ]
    return around([table, *rules])


def _is_prose(table: FoundTable, grids: Iterable[Grid]) -> bool:
    """Whether an unruled table is columns of running text, which the layout model takes for one now and then."""
    if any(share_inside(table.rect, grid.rect) > _INSIDE for grid in grids):
        return False
    long = sum(len(line.text) for line in table.lines if len(line.text) >= _PROSE_LETTERS)
    return long > _PROSE_SHARE * sum(len(line.text) for line in table.lines)


def _overlap(one: Rect, other: Rect) -> bool:
    return max(share_inside(one, other), share_inside(other, one)) > _INSIDE

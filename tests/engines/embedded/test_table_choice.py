"""Which way of telling a table's cells is taken."""

from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import given

from muniment.engines.embedded.cells import FilledCell, FoundTable
from muniment.engines.embedded.geometry import Rect, around
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import Grid, GridCell, find_grids, find_rulings, ink_of
from muniment.engines.embedded.structure import TableModel
from muniment.engines.embedded.table_choice import fit, table_in
from tests.engines.embedded.tabling import (
    HEIGHT,
    Pixels,
    any_lines,
    check,
    draw_grid,
    grid_of_texts,
    in_columns,
    line,
    page,
)

ROWS = [["Item", "Price"], ["Box", "6.85"], ["Lid", "1.20"], ["Tape", "3.00"]]
LINES = in_columns(ROWS, [110, 310])
PLACE = around(LINES)


class Model:
    """A table model that sees the same cells everywhere, or none."""

    def __init__(self, *cells: GridCell) -> None:
        self.cells = cells
        self.asked = 0

    def find(self, _pixels: Pixels) -> tuple[GridCell, ...]:
        self.asked += 1
        return self.cells


def seen_in(
    lines: Sequence[SeenLine], model: Model | None = None, grids: Sequence[Grid] = (), region: Rect = PLACE
) -> FoundTable | None:
    return table_in(region, lines, page(), grids, cast(TableModel, model or Model()))


def cells_at(xs: Sequence[float], ys: Sequence[float]) -> list[GridCell]:
    """Cells between places in the lines' own frame."""
    return [
        GridCell(row, column, 1, 1, Rect(xs[column], ys[row], xs[column + 1], ys[row + 1]))
        for row in range(len(ys) - 1)
        for column in range(len(xs) - 1)
    ]


def drawn_grids(xs: list[int], ys: list[int]) -> list[Grid]:
    pixels = page()
    draw_grid(pixels, xs, ys)
    return find_grids(find_rulings(ink_of(pixels, HEIGHT), HEIGHT), HEIGHT)


def test_rulings_that_suit_the_text_are_taken_and_the_model_is_not_asked() -> None:
    model = Model()
    table = seen_in(LINES, model, drawn_grids([100, 300, 500], [4, 50, 100, 150, 200]))
    assert grid_of_texts(table) == ROWS
    assert model.asked == 0


def test_white_space_tells_columns_where_the_model_sees_none() -> None:
    assert grid_of_texts(seen_in(LINES)) == ROWS


def test_the_model_is_taken_where_white_space_tells_nothing() -> None:
    lines = in_columns(ROWS[:2], [110, 310])
    table = seen_in(lines, Model(*cells_at([0, 150, 300], [0, 40, 90])))
    assert grid_of_texts(table) == ROWS[:2]


def test_the_model_is_not_taken_where_it_misses_a_column() -> None:
    one_column = cells_at([0, 300], [0, 40, 90, 140, 190])
    assert grid_of_texts(seen_in(LINES, Model(*one_column))) == ROWS


def test_a_grid_elsewhere_on_the_page_does_not_matter() -> None:
    assert grid_of_texts(seen_in(LINES, grids=drawn_grids([500, 600, 700], [400, 450, 500]))) == ROWS


def test_a_frame_around_a_table_is_not_the_table() -> None:
    assert grid_of_texts(seen_in(LINES, grids=drawn_grids([90, 510], [2, 300]))) == ROWS


def test_a_grid_that_holds_only_a_part_is_not_the_table() -> None:
    assert grid_of_texts(seen_in(LINES, grids=drawn_grids([100, 300, 500], [4, 50, 90]))) == ROWS


def test_running_text_that_the_model_takes_for_a_table_is_none() -> None:
    lines = [line("a line of running text here", 100, 40.0 * row) for row in range(6)]
    cells = cells_at([0, 200, 405], [40.0 * row for row in range(7)])
    assert seen_in(lines, Model(*cells), region=around(lines)) is None


def test_a_single_column_is_no_table() -> None:
    lines = in_columns([["a"], ["b"], ["c"]], [100])
    assert seen_in(lines, Model(*cells_at([0, 50], [0, 40, 90, 140])), region=around(lines)) is None


def test_no_lines_are_no_table() -> None:
    assert seen_in([]) is None


@given(any_lines())
def test_whatever_lines_there_are_none_is_lost(lines: list[SeenLine]) -> None:
    table = seen_in(lines, Model(*cells_at([0, 50, 100, 200], [0, 40, 90, 140])), region=Rect(0, 0, 700, 500))
    if table is not None:
        check(table, lines)
        assert len(table.lines) == len(lines)


def filled(*cells: tuple[int, int, list[SeenLine]]) -> FoundTable:
    found = [FilledCell(row, column, 1, 1, tuple(pieces)) for row, column, pieces in cells]
    lines = tuple(piece for cell in found for piece in cell.pieces)
    rows, columns = 1 + max(cell.row for cell in found), 1 + max(cell.column for cell in found)
    return FoundTable(rows, columns, tuple(found), lines, PLACE)


GOOD = filled(
    *(
        (row, column, [line(text, 200.0 * column, 50.0 * row)])
        for row, texts in enumerate(ROWS)
        for column, text in enumerate(texts)
    )
)


@pytest.mark.parametrize(
    "worse",
    [
        filled(
            (0, 0, [line("Item", 0, 0), line("Price", 200, 0)]),
            (1, 0, [line("Box", 0, 50)]),
            (1, 1, [line("6", 200, 50)]),
        ),
        filled((0, 0, [line("Item", 0, 0)]), (1, 1, [line("Price", 200, 0)]), (0, 1, []), (1, 0, [])),
        filled((0, 0, [line("Item", 0, 0), line("Box", 0, 50)]), (0, 1, [line("Price", 200, 0), line("6", 200, 50)])),
        filled((0, 0, [line("Item", 0, 0)]), (0, 1, []), (1, 0, [line("Box", 0, 50)]), (1, 1, [line("6", 200, 50)])),
    ],
    ids=["side by side in a cell", "a row torn", "rows stacked in cells", "an empty cell"],
)
def test_what_does_not_suit_makes_a_worse_fit(worse: FoundTable) -> None:
    assert fit(GOOD) == 1
    assert fit(worse) < 1


def test_a_table_without_text_does_not_fit() -> None:
    assert fit(filled((0, 0, []), (0, 1, []))) == 0

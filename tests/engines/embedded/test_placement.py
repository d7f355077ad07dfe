"""Lines put into cells whose places are only roughly known."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.placement import placed_table
from muniment.engines.embedded.ruling import GridCell
from tests.engines.embedded.tabling import any_lines, check, grid_of_texts, in_columns, line, spans

ROWS = [["Item", "Price"], ["Box", "6.85"], ["Lid", "1.20"]]


def rough_cells() -> list[GridCell]:
    return [
        GridCell(row, column, 1, 1, Rect(200.0 * column, 50.0 * row, 200.0 * column + 190, 50.0 * row + 48))
        for row in range(3)
        for column in range(2)
    ]


def test_lines_lie_in_the_cells_around_them() -> None:
    assert grid_of_texts(placed_table(rough_cells(), in_columns(ROWS, [10, 210]))) == ROWS


def test_a_cell_that_is_far_off_is_put_in_line_with_the_others() -> None:
    cells = rough_cells()
    cells[2] = replace(cells[2], rect=Rect(0, 90, 190, 140))
    assert grid_of_texts(placed_table(cells, in_columns(ROWS, [10, 210]))) == ROWS


def test_a_line_over_two_cells_is_divided() -> None:
    lines = [line("Item Price", 130, 10), *in_columns(ROWS, [10, 210])[2:]]
    assert grid_of_texts(placed_table(rough_cells(), lines)) == ROWS


def test_a_line_outside_all_cells_goes_to_the_nearest() -> None:
    lines = [*in_columns(ROWS, [10, 210]), line("in all", 500, 110)]
    assert grid_of_texts(placed_table(rough_cells(), lines))[2] == ["Lid", "1.20 in all"]


def test_spans_are_kept() -> None:
    wide = GridCell(0, 0, 1, 2, Rect(0, 0, 390, 48))
    table = placed_table(
        [wide, *rough_cells()[2:]], [line("Prices in pounds", 20, 10), *in_columns(ROWS, [10, 210])[2:]]
    )
    assert spans(table) == {"Prices in pounds": (1, 2)}


def test_without_cells_or_lines_there_is_no_table() -> None:
    assert placed_table([], in_columns(ROWS, [10, 210])) is None
    assert placed_table(rough_cells(), []) is None


def corners() -> st.SearchStrategy[Rect]:
    number = st.integers(0, 500).map(float)
    return st.builds(lambda x, y, wide, tall: Rect(x, y, x + wide, y + tall), number, number, number, number)


@given(st.lists(corners(), min_size=6, max_size=6), any_lines())
def test_wherever_cells_are_seen_no_line_is_lost(places: list[Rect], lines: list[SeenLine]) -> None:
    cells = [replace(cell, rect=place) for cell, place in zip(rough_cells(), places, strict=True)]
    table = placed_table(cells, lines)
    if lines:
        assert table is not None
        check(table, lines)
        assert len(table.lines) == len(lines)

"""Ruled tables: what a grid holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import Grid, GridCell
from muniment.engines.embedded.tables import ruled_table
from tests.engines.embedded.tabling import any_lines, check, grid_of_texts, in_columns, line, spans


def full_grid(xs: list[float], ys: list[float], *, open_left: bool = False, open_right: bool = False) -> Grid:
    cells = [
        GridCell(row, column, 1, 1, Rect(xs[column], ys[row], xs[column + 1], ys[row + 1]))
        for row in range(len(ys) - 1)
        for column in range(len(xs) - 1)
    ]
    return Grid(tuple(xs), tuple(ys), tuple(cells), open_left, open_right)


def spanning_grid(xs: list[float], ys: list[float], *places: tuple[int, int, int, int]) -> Grid:
    """A grid of cells given by row, column, rows and columns spanned."""
    cells = [
        GridCell(row, column, tall, wide, Rect(xs[column], ys[row], xs[column + wide], ys[row + tall]))
        for row, column, tall, wide in places
    ]
    return Grid(tuple(xs), tuple(ys), tuple(cells))


def test_text_lies_in_the_cell_around_it() -> None:
    rows = [["Item", "Price"], ["Box", "6.85"], ["Lid", ""]]
    table = ruled_table(full_grid([0, 200, 400], [0, 50, 100, 150]), in_columns(rows, [10, 210]))
    assert grid_of_texts(table) == rows


def test_lines_outside_the_grid_are_left_to_others() -> None:
    lines = [*in_columns([["Item", "Price"], ["Box", "6.85"]], [10, 210]), line("Table 1", 10, 300)]
    table = ruled_table(full_grid([0, 200, 400], [0, 50, 100]), lines)
    assert table is not None
    assert [seen.text for seen in table.lines] == ["Item", "Price", "Box", "6.85"]


def test_a_line_over_a_ruling_is_divided_there() -> None:
    lines = [line("one two", 100, 10, width=200), *in_columns([["", ""], ["a", "b"]], [10, 210])]
    assert grid_of_texts(ruled_table(full_grid([0, 200, 400], [0, 50, 100]), lines))[0] == ["one", "two"]


def test_spans_are_kept() -> None:
    grid = spanning_grid(
        [0, 100, 300, 500],
        [0, 50, 100, 150],
        *((0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)),
        *((2, 0, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1)),
    )
    lines = [
        line("Desk", 10, 35),
        line("Monday to Friday", 180, 10),
        *in_columns([["", "", ""], ["", "am", "pm"], ["Maps", "Aske", "Brill"]], [10, 110, 310]),
    ]
    table = ruled_table(grid, lines)
    assert spans(table) == {"Desk": (2, 1), "Monday to Friday": (1, 2)}
    assert table is not None
    check(table, lines)


def test_a_ruling_that_was_not_seen_is_told_by_the_columns_below() -> None:
    grid = spanning_grid([0, 200, 400], [0, 50, 100], (0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1))
    rows = [["Item", "Price"], ["Box", "6.85"]]
    assert grid_of_texts(ruled_table(grid, in_columns(rows, [10, 210]))) == rows


def test_rows_that_are_not_ruled_become_rows() -> None:
    rows = [["Item", "Price"], ["Box", "6.85"], ["Lid", "1.20"], ["Tape", "3.00"]]
    table = ruled_table(full_grid([0, 200, 400], [0, 50, 210]), in_columns(rows, [10, 210]))
    assert grid_of_texts(table) == rows


def test_wrapped_text_stays_in_its_row() -> None:
    lines = [
        *in_columns([["Item", "Price"]], [10, 210]),
        line("Box without", 10, 55),
        line("a lid", 10, 90),
        line("6.85", 210, 55),
    ]
    table = ruled_table(full_grid([0, 200, 400], [0, 50, 130]), lines)
    assert grid_of_texts(table) == [["Item", "Price"], ["Box without a lid", "6.85"]]


@pytest.mark.parametrize(("left", "right"), [(True, True), (True, False), (False, True)])
def test_lines_of_ruled_paper_beyond_a_table_make_no_columns(left: bool, right: bool) -> None:
    rows = [["a", "b"], ["c", "d"]]
    xs = [*([-200.0] if left else []), 0, 200, 400, *([600.0] if right else [])]
    grid = full_grid(xs, [0, 50, 100], open_left=left, open_right=right)
    assert grid_of_texts(ruled_table(grid, in_columns(rows, [10, 210]))) == rows


def test_an_open_side_with_text_keeps_its_column() -> None:
    rows = [["a", "b"], ["c", "d"]]
    grid = full_grid([0, 200, 400], [0, 50, 100], open_left=True, open_right=True)
    assert grid_of_texts(ruled_table(grid, in_columns(rows, [10, 210]))) == rows


def test_a_frame_around_text_is_no_table() -> None:
    lines = [line("Full name", 10, y) for y in range(0, 500, 50)]
    assert ruled_table(full_grid([0, 800], [0, 600]), lines) is None


def test_a_single_column_is_no_table() -> None:
    assert ruled_table(full_grid([0, 800], [0, 50, 100, 150]), in_columns([["a"], ["b"], ["c"]], [10])) is None


def test_two_columns_of_running_text_in_a_frame_are_no_table() -> None:
    lines = [line("some running text here", x, y) for x in (10, 410) for y in range(0, 800, 60)][:-9]
    assert ruled_table(full_grid([0, 400, 800], [0, 900]), lines) is None


def test_a_single_line_over_rulings_is_no_table() -> None:
    assert ruled_table(full_grid([0, 200, 400], [0, 50, 100]), [line("The Daily News", 20, 10, width=360)]) is None


def test_two_rows_in_a_divided_frame_are_no_table() -> None:
    lines = in_columns([["The News", "Monday"], ["No. 17", "Price 2"]], [10, 210])
    assert ruled_table(full_grid([0, 200, 400], [0, 120]), lines) is None


def test_rows_in_a_frame_with_ruled_columns_are_a_table() -> None:
    rows = [["Item", "Price"], ["Box", "6.85"], ["Lid", "1.20"]]
    assert grid_of_texts(ruled_table(full_grid([0, 200, 400], [0, 170]), in_columns(rows, [10, 210]))) == rows


def test_an_empty_grid_is_no_table() -> None:
    assert ruled_table(full_grid([0, 200, 400], [0, 50, 100]), []) is None


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    ascending = st.lists(st.integers(0, 500), min_size=2, max_size=6, unique=True).map(
        lambda values: [float(value) for value in sorted(values)]
    )
    xs, ys = draw(ascending), draw(ascending)
    return full_grid(xs, ys, open_left=draw(st.booleans()), open_right=draw(st.booleans()))


@given(grids(), any_lines())
def test_whatever_lines_a_grid_holds_none_is_lost(grid: Grid, lines: list[SeenLine]) -> None:
    table = ruled_table(grid, lines)
    if table is not None:
        check(table, lines)

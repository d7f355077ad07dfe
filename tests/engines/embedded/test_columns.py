"""Tables without rulings: columns told by white space."""

from hypothesis import given

from muniment.engines.embedded.columns import unruled_table
from muniment.engines.embedded.lines import SeenLine
from tests.engines.embedded.tabling import any_lines, check, grid_of_texts, in_columns, line, spans

VESSELS = [
    ["Kind of vessel", "2021", "2022"],
    ["Yachts", "2,310", "2,746"],
    ["Coasters", "88", "93"],
    ["Ferries", "612", "640"],
]


def test_white_between_columns_tells_them() -> None:
    assert grid_of_texts(unruled_table(in_columns(VESSELS, [0, 300, 500]))) == VESSELS


def test_columns_may_be_set_to_the_right() -> None:
    lines = [
        line(text, right - 15 * len(text), 10 + 50 * row)
        for row, texts in enumerate(VESSELS)
        for text, right in zip(texts, (210, 400, 600), strict=True)
    ]
    assert grid_of_texts(unruled_table(lines)) == VESSELS


def test_an_empty_cell_is_a_cell() -> None:
    rows = [["", "2021", "2022"], *VESSELS[1:]]
    table = unruled_table(in_columns(rows, [0, 300, 500]))
    assert grid_of_texts(table) == rows
    assert table is not None
    assert len(table.cells) == 12


def test_a_heading_over_two_columns_spans_them() -> None:
    rows = [["", "", ""], *VESSELS, ["Pilots", "141", "139"]]
    lines = [*in_columns(rows, [0, 300, 500]), line("Arrivals in the years", 280, 10)]
    table = unruled_table(lines)
    assert spans(table) == {"Arrivals in the years": (1, 2)}


def test_text_that_runs_into_a_column_where_other_text_begins_ends_before_it() -> None:
    rows = [*VESSELS, ["Pilots", "141", "139"], ["Tugs", "7", "9"]]
    lines = [*in_columns(rows, [0, 300, 500]), line("Steam yachts, mostly", 0, 310), line("5", 320, 310)]
    assert grid_of_texts(unruled_table(lines))[-1] == ["Steam yachts, mostly", "5", ""]


def test_a_wrapped_cell_is_one_row() -> None:
    lines = [
        *in_columns([["Code", "Description"], ["A-104", "Archive box,"]], [0, 200], pitch=70),
        line("acid-free", 200, 112),
        *[line(text, x, y) for y in (160, 230, 300) for text, x in (("B-1", 0), ("Labels", 200))],
    ]
    texts = grid_of_texts(unruled_table(lines))
    assert texts[1] == ["A-104", "Archive box, acid-free"]
    assert len(texts) == 5


def test_running_text_is_no_table() -> None:
    assert unruled_table([line("a line of running text that goes on", 0, y) for y in range(0, 300, 40)]) is None


def test_two_rows_are_too_few_for_columns() -> None:
    assert unruled_table(in_columns(VESSELS[:2], [0, 300, 500])) is None


def test_scattered_text_is_no_table() -> None:
    assert unruled_table([line("word", 160.0 * place, 80.0 * place) for place in range(6)]) is None


def test_no_lines_are_no_table() -> None:
    assert unruled_table([]) is None


@given(any_lines())
def test_whatever_lines_there_are_none_is_lost(lines: list[SeenLine]) -> None:
    table = unruled_table(lines)
    if table is not None:
        check(table, lines)
        assert len(table.lines) == len(lines)

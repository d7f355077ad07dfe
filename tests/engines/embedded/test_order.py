"""The order in which a page is read."""

from collections.abc import Sequence

from hypothesis import given, settings

from muniment.engines.embedded.geometry import Rect, rect_of
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.order import Unit, reading_order
from tests.engines.embedded.laying import any_lines, line, typed

FIGURE = "[figure]"
LEFT = tuple(f"left column row {place} is prose." for place in range(6))
RIGHT = tuple(f"right side row {place} also is one." for place in range(6))
THIRD = tuple(f"third column row {place} ends it all." for place in range(6))


def read(lines: Sequence[SeenLine], figure: Rect | None = None) -> list[list[str]]:
    """The texts of each column in order; the lines are given in no order."""
    units = [Unit(rect_of(item), item.text) for item in sorted(lines, key=lambda item: item.text[::-1])]
    units += [Unit(figure)] if figure else []
    return [[units[place].text or FIGURE for place in column] for column in reading_order(units)]


def side_by_side(*columns: Sequence[str]) -> list[str]:
    """Rows of columns 40 letters wide."""
    return ["".join(text.ljust(40) for text in row) for row in zip(*columns, strict=True)]


def one(columns: list[list[str]]) -> list[str]:
    return [text for column in columns for text in column]


def test_one_column_is_read_from_top_to_bottom() -> None:
    assert read(typed(*LEFT)) == [list(LEFT)]


def test_two_columns_are_read_one_after_the_other() -> None:
    assert read(typed(*side_by_side(LEFT, RIGHT))) == [list(LEFT), list(RIGHT)]


def test_three_columns_are_read_from_left_to_right() -> None:
    assert read(typed(*side_by_side(LEFT, RIGHT, THIRD))) == [list(LEFT), list(RIGHT), list(THIRD)]


def test_a_heading_across_columns_is_read_before_them() -> None:
    heading = "A heading that runs across both of the columns of the page"
    assert read(typed(heading, *side_by_side(LEFT, RIGHT))) == [[heading], list(LEFT), list(RIGHT)]


def test_what_runs_across_ends_the_columns_above_it() -> None:
    heading = "A heading that runs across both of the columns of the page"
    below = [[text.upper() for text in column] for column in (LEFT, RIGHT)]
    rows = [*side_by_side(LEFT, RIGHT), heading, *side_by_side(*below)]
    assert read(typed(*rows)) == [list(LEFT), list(RIGHT), [heading], *below]


def test_wide_white_across_the_page_ends_columns() -> None:
    below = [[text.upper() for text in column] for column in (LEFT, RIGHT)]
    assert read(typed(*side_by_side(LEFT, RIGHT), 3, *side_by_side(*below))) == [list(LEFT), list(RIGHT), *below]
    assert read(typed(*side_by_side(LEFT, RIGHT), 1, *side_by_side(*below))) == [
        [*LEFT, *below[0]],
        [*RIGHT, *below[1]],
    ]


def test_columns_whose_rows_are_not_level_are_columns() -> None:
    right = typed(*RIGHT, x=500, y=112)
    assert read([*typed(*LEFT), *right]) == [list(LEFT), list(RIGHT)]


def test_labels_and_values_stay_in_rows() -> None:
    rows = ["Name:               Ada Smith", "Born:               1.5.1960", "Place of birth:     York"]
    assert one(read(typed(*rows))) == ["Name:", "Ada Smith", "Born:", "1.5.1960", "Place of birth:", "York"]


def test_a_receipts_amounts_stay_beside_their_items() -> None:
    rows = [
        "Tea with milk       2.40",
        "Cake                3.10",
        "Bread               1.10",
        "Total               6.60",
    ]
    assert one(read(typed(*rows))) == [text for row in rows for text in (row[:20].strip(), row[20:])]


def test_an_address_beside_a_key_and_value_block_is_read_first() -> None:
    address = ["Ada Smith", "12 Long Lane", "York YO1 7HH", "United Kingdom"]
    block = ["Date:     1 May", "Our ref:     12/4", "Page:     1"]
    right = typed(block[0], 0.4, block[1], 0.4, block[2], x=600, y=105)
    order = one(read([*typed(*address), *right]))
    assert order == [*address, "Date:", "1 May", "Our ref:", "12/4", "Page:", "1"]


def test_two_lines_beside_each_other_are_no_columns() -> None:
    assert one(read(typed("Ada Smith            12 May"))) == ["Ada Smith", "12 May"]


def test_a_figure_beside_text_is_a_column() -> None:
    figure = Rect(600, 100, 900, 280)
    assert read(typed(*LEFT), figure) == [list(LEFT), [FIGURE]]
    assert read(typed(*LEFT, x=1000), figure) == [[FIGURE], list(LEFT)]


def test_a_figure_within_a_column_stays_there() -> None:
    lines = typed(*side_by_side(LEFT[:3], RIGHT[:3]), 4, *side_by_side(LEFT[3:], RIGHT[3:]))
    figure = Rect(100, 195, 350, 305)
    right = typed(*RIGHT, *THIRD[:1], x=500)
    left = [item for item in lines if item.text in LEFT]
    assert read([*left, *right], figure) == [[*LEFT[:3], FIGURE, *LEFT[3:]], [*RIGHT, THIRD[0]]]


def test_a_row_above_columns_gives_back_the_rows_that_are_theirs() -> None:
    above = "Smith and Jones     of York and of other places"
    left = ["Abstract", *LEFT[1:]]
    assert read(typed(above, *side_by_side(left, RIGHT))) == [
        ["Smith and Jones", "of York and of other places"],
        left,
        list(RIGHT),
    ]


def test_a_block_on_the_right_above_text_on_the_left_is_read_first() -> None:
    assert one(read([*typed(*RIGHT, x=600), *typed(*LEFT, y=280)])) == [*RIGHT, *LEFT]
    assert one(read(typed(*RIGHT, x=600), Rect(100, 290, 400, 500))) == [*RIGHT, FIGURE]


def test_narrow_white_on_a_few_rows_is_chance() -> None:
    rows = [piece for place in range(3) for piece in typed("some words of text", y=100 + 30.0 * place)]
    beside = [line("more words of text", 100 + 180 + 10, 100 + 30.0 * place) for place in range(3)]
    assert one(read([*rows, *beside])) == ["some words of text", "more words of text"] * 3


def test_lines_that_overlap_are_in_one_band() -> None:
    assert one(read([line("above and", 0, 0), line("below", 0, 10)])) == ["above and", "below"]


def test_nothing_has_no_order() -> None:
    assert reading_order([]) == []


@settings(deadline=None)
@given(any_lines(30))
def test_the_order_is_a_permutation(lines: list[SeenLine]) -> None:
    found = reading_order([Unit(rect_of(item), item.text) for item in lines])
    assert sorted(place for column in found for place in column) == list(range(len(lines)))
    assert all(found)

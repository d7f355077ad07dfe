import pytest
from hypothesis import given
from hypothesis import strategies as st

from readingmodel.scoring import Marks, character_error, distance, marks, tables, tags, word_error

TEXTS = st.text("ab c", max_size=12)


@given(TEXTS, TEXTS)
def test_a_distance_is_the_same_both_ways_and_nothing_only_between_equals(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


@given(TEXTS, TEXTS, TEXTS)
def test_no_way_round_is_shorter(one: str, other: str, third: str) -> None:
    assert distance(one, third) <= distance(one, other) + distance(other, third)


@pytest.mark.parametrize(("true", "read", "edits"), [("deed", "deed", 0), ("deed", "dead", 1), ("deed", "", 4)])
def test_each_wrong_character_counts_once(true: str, read: str, edits: int) -> None:
    assert character_error(true, read) == edits / 4


def test_white_space_counts_as_one_space() -> None:
    assert character_error("a\n\nb", "a b") == 0


def test_an_error_is_never_more_than_the_whole() -> None:
    assert character_error("a", "something else") == 1


def test_words_are_wrong_as_a_whole() -> None:
    assert word_error("the deed of sale", "the dead of sale") == 0.25


def test_a_tag_counts_only_with_its_text() -> None:
    true = "<page_number>9/22</page_number> <watermark>DRAFT</watermark>"
    assert tags(true, true) == Marks(2, 2)
    assert tags(true, true.replace("9/22", "9/2")) == Marks(2, 1)


def test_headings_lists_and_boxes_count_as_marks() -> None:
    assert marks("## A\n- b\n1. c\n☑ d", "# A\n- b\n1. c\n☑ d") == Marks(4, 3)


def table(*rows: str) -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in row.split()) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


@pytest.mark.parametrize(
    ("read", "right"),
    [
        (table("a b c d e", "f g h i j"), 1),
        (table("a b c d e", "f g h i X"), 1),
        (table("a b c d e", "f g h X X"), 0),
        (table("a b c d e", "f g h i"), 0),
        (table("a b c d e f g h i j"), 0),
        ("", 0),
    ],
)
def test_a_table_is_right_with_its_shape_and_nine_in_ten_of_its_cells(read: str, right: int) -> None:
    assert tables(table("a b c d e", "f g h i j"), read) == Marks(1, right)


def test_where_nothing_was_wanted_nothing_is_wrong() -> None:
    assert tags("plain", "plain").share == 1

"""Which rows are headings, and of what level."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.headings import body_size, heading_level, looks_like_heading
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, row_of
from tests.engines.embedded.laying import any_lines, any_text, line

BODY = 20.0


def row(text: str, *, size: float = BODY, bold: bool = False, score: float = 0.95) -> Row:
    return row_of([line(text, 100, 100, size=size, bold=bold, score=score)])


def is_heading(text: str, *, size: float = BODY, bold: bool = False, score: float = 0.95, titled: bool = False) -> bool:
    return looks_like_heading(row(text, size=size, bold=bold, score=score), BODY, titled=titled)


def test_the_body_size_is_that_of_most_letters_and_not_of_most_lines() -> None:
    lines = [
        line("Deed", 0, 0, size=40),
        line("Note", 0, 0, size=30),
        line("a long line of running text", 0, 0, size=20),
    ]
    assert body_size(lines) == 20
    assert body_size([]) == 1
    assert body_size([line("", 0, 0, size=12)]) == 12


def test_larger_letters_make_a_heading() -> None:
    assert is_heading("The house and the garden", size=26)
    assert not is_heading("The house and the garden", size=23)


def test_capitals_have_to_be_larger_still_as_they_measure_large() -> None:
    assert not is_heading("THE HOUSE", size=27)
    assert is_heading("THE HOUSE", size=30)


def test_bold_letters_need_be_only_a_little_larger() -> None:
    assert is_heading("The house", size=22, bold=True)
    assert not is_heading("The house", size=22)
    assert not is_heading("The house", size=20, bold=True)


def test_what_the_layout_model_calls_a_title_needs_some_sign_of_its_own() -> None:
    assert is_heading("The house", titled=True, bold=True)
    assert is_heading("The house", titled=True, size=22)
    assert is_heading("2.1 The house", titled=True)
    assert is_heading("2. The house", titled=True)
    assert not is_heading("The house", titled=True)
    assert not is_heading("2 houses", titled=True)


@pytest.mark.parametrize("end", [".", ",", ";", ":"])
def test_a_row_that_ends_like_a_sentence_is_none(end: str) -> None:
    assert not is_heading(f"The house{end}", size=30)
    assert is_heading(f"The house{end}", size=30, titled=True)


@pytest.mark.parametrize("text", ["12", "II", "800 95 1 200 000 kg", "* * *", ""])
def test_a_row_of_few_letters_is_none(text: str) -> None:
    assert not is_heading(text, size=40, bold=True, titled=True)


def test_a_signature_is_none_as_it_reads_badly() -> None:
    assert not is_heading("Ada Smith", size=40, score=0.7)
    assert not is_heading("Ada Smith", size=40, score=0.7, titled=True)


def test_a_row_of_more_letters_than_headings_have_is_none() -> None:
    assert not is_heading("word " * 40, size=40, titled=True)


def test_a_row_with_wide_white_in_it_is_none() -> None:
    large = row_of([line("The house", 0, 0, size=40), line("800", 600, 0, size=40)])
    assert not looks_like_heading(large, BODY, titled=False)


@pytest.mark.parametrize(
    ("text", "level"),
    [("2 The house", 2), ("2. The house", 2), ("2.1 Rooms", 3), ("2.1.4 Doors", 4), ("1.2.3.4.5.6.7 Deep", 6)],
)
def test_a_number_tells_the_level_whatever_the_size(text: str, level: int) -> None:
    assert heading_level(40, text, [40, 30], BODY) == level


def test_size_tells_the_level_among_the_headings_of_the_page() -> None:
    sizes = [40, 30, 30, 25, 24.5]
    assert [heading_level(size, "House", sizes, BODY) for size in sizes] == [1, 2, 2, 3, 3]


def test_the_largest_heading_is_a_title_only_if_much_larger_than_the_text() -> None:
    assert heading_level(32, "House", [32], BODY) == 1
    assert heading_level(26, "House", [26], BODY) == 2


def test_no_level_is_below_6() -> None:
    sizes = [20 * 1.2**step for step in range(12)]
    assert heading_level(20, "House", sizes, BODY) == 6


@settings(deadline=None)
@given(any_text, st.floats(0, 90), st.lists(st.floats(0, 90), max_size=5), st.floats(0, 90))
def test_levels_are_from_1_to_6(text: str, size: float, sizes: list[float], body: float) -> None:
    assert 1 <= heading_level(size, text, [*sizes, size], body) <= 6


@settings(deadline=None)
@given(any_lines().filter(bool), st.booleans())
def test_any_row_is_a_heading_or_not(lines: list[SeenLine], titled: bool) -> None:
    assert looks_like_heading(row_of(lines), body_size(lines), titled=titled) in (True, False)

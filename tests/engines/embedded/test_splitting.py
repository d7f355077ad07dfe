from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.splitting import letters_near, split_at
from tests.engines.embedded.tabling import HEIGHT, any_lines, line


def test_a_line_is_divided_between_words() -> None:
    left, right = split_at(line("one two", 0, 0), [55])
    assert (left.text, right.text) == ("one", "two")
    assert left.x1 < 55 < right.x1
    assert right.x0 >= left.x1


def test_a_word_is_never_divided() -> None:
    whole = line("indivisible", 0, 0)
    assert split_at(whole, [80]) == [whole]


def test_chinese_is_divided_between_letters() -> None:
    pieces = split_at(line("空气污染指数", 0, 0, width=6 * HEIGHT), [3 * HEIGHT])
    assert [piece.text for piece in pieces] == ["空气污", "染指数"]


def test_a_line_that_hardly_runs_over_a_border_stays_whole() -> None:
    assert len(split_at(line("一二三四", 0, 0, width=4 * HEIGHT), [0.3 * HEIGHT, 3.7 * HEIGHT])) == 1


def test_borders_beside_a_line_do_not_matter() -> None:
    whole = line("one two", 100, 0)
    assert split_at(whole, [0, 50, 700]) == [whole]


@given(any_lines(), st.lists(st.floats(0, 700), max_size=5).map(sorted))
def test_no_letter_is_lost_however_a_line_is_divided(lines: list[SeenLine], borders: list[float]) -> None:
    for whole in lines:
        pieces = split_at(whole, borders)
        assert Counter("".join(piece.text for piece in pieces).replace(" ", "")) == Counter(whole.text.replace(" ", ""))
        assert all(whole.x0 <= piece.x0 <= piece.x1 <= whole.x1 + 0.01 for piece in pieces)


@pytest.mark.parametrize(("x", "letters"), [(0, "ab"), (40, "bcd"), (75, "de"), (900, "de")])
def test_letters_are_found_by_their_place(x: float, letters: str) -> None:
    assert letters_near(line("abcde", 0, 0), x) == letters

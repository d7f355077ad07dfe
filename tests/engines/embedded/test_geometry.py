"""Rectangles in pixels."""

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.geometry import (
    Rect,
    around,
    line_height,
    rect_of,
    share_across,
    share_down,
    share_inside,
    shared_area,
)
from muniment.engines.embedded.lines import SeenLine
from tests.engines.embedded.laying import any_lines, line

SQUARE = Rect(0, 0, 10, 10)


def test_an_area_is_never_negative() -> None:
    assert Rect(2, 3, 5, 7).area == 12
    assert Rect(5, 3, 2, 7).area == 0


def test_growing_moves_every_side_outwards() -> None:
    assert Rect(2, 3, 5, 7).grown(1) == Rect(1, 2, 6, 8)


def test_around_is_the_smallest_rectangle_that_holds_all() -> None:
    assert around([Rect(2, 3, 5, 7), Rect(4, 1, 9, 6)]) == Rect(2, 1, 9, 7)


def test_rectangles_that_only_touch_share_nothing() -> None:
    assert shared_area(SQUARE, Rect(10, 0, 20, 10)) == 0
    assert shared_area(SQUARE, Rect(5, 8, 20, 20)) == 10


def test_rectangles_apart_in_both_directions_share_nothing() -> None:
    assert shared_area(SQUARE, Rect(20, 20, 30, 30)) == 0


def test_what_lies_inside_is_told_as_a_share_of_the_inner_one() -> None:
    assert share_inside(Rect(5, 0, 15, 10), SQUARE) == 0.5
    assert share_inside(SQUARE, Rect(-5, -5, 50, 50)) == 1
    assert share_inside(Rect(5, 5, 5, 9), SQUARE) == 0


def test_shares_across_and_down_are_of_the_smaller_one() -> None:
    narrow = Rect(8, 8, 12, 28)
    assert share_across(SQUARE, narrow) == 0.5
    assert share_down(narrow, SQUARE) == 0.2
    assert share_across(SQUARE, Rect(20, 0, 30, 10)) == 0


def test_a_line_is_as_high_as_the_middle_one_of_all_and_never_too_small_to_count_with() -> None:
    assert line_height([Rect(0, 0, 1, 10), Rect(0, 0, 1, 20), Rect(0, 0, 1, 90)]) == 20
    assert line_height([Rect(0, 0, 1, 1)]) == 4
    assert line_height([]) > 0


def test_a_line_has_a_place() -> None:
    assert rect_of(line("Keys", 30, 40)) == Rect(30, 40, 70, 64)


@settings(deadline=None)
@given(st.tuples(*[st.integers(-50, 50)] * 8))
def test_shares_are_from_0_to_1_and_the_same_either_way(sides: tuple[int, ...]) -> None:
    one, other = Rect(*map(float, sides[:4])), Rect(*map(float, sides[4:]))
    for share in (share_across, share_down):
        if min(one.width, one.height, other.width, other.height) > 0:
            assert 0 <= share(one, other) == share(other, one) <= 1
    assert 0 <= share_inside(one, other) <= 1


@settings(deadline=None)
@given(any_lines().filter(bool))
def test_around_holds_every_corner(lines: list[SeenLine]) -> None:
    whole = around(lines)
    assert all(whole.x0 <= item.x0 and item.y1 <= whole.y1 for item in lines)

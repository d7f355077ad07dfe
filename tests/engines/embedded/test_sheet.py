"""From pixels to fractions of the page."""

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.sheet import Sheet
from muniment.text import Box, Line
from tests.engines.embedded.laying import any_lines, line


def test_a_box_is_in_fractions_of_the_page() -> None:
    assert Sheet(200, 400).box(Rect(50, 100, 150, 400)) == Box(0.25, 0.25, 0.75, 1.0)


def test_what_sticks_out_is_cut_off_at_the_page() -> None:
    assert Sheet(100, 100).box(Rect(-20, 50, 130, 101)) == Box(0.0, 0.5, 1.0, 1.0)


def test_fractions_are_rounded_so_that_results_stay_short() -> None:
    assert Sheet(3, 3).box(Rect(1, 1, 2, 2)) == Box(0.33333, 0.33333, 0.66667, 0.66667)


def test_lines_keep_their_order_text_and_score() -> None:
    seen = [line("below", 0, 50, score=0.87654321), line("above", 0, 0, score=1.0000001)]
    box = Box(0.0, 0.5, 0.5, 0.74)
    assert Sheet(100, 100).lines(seen) == (
        Line("below", box, 0.8765),
        Line("above", Box(0.0, 0.0, 0.5, 0.24), 1.0),
    )


@settings(deadline=None)
@given(any_lines(), st.integers(0, 500), st.integers(0, 500))
def test_every_fraction_lies_within_the_page_even_of_one_without_pixels(
    lines: list[SeenLine], width: int, height: int
) -> None:
    for told in Sheet(width, height).lines(lines):
        box = told.box
        assert all(0 <= side <= 1 for side in (box.x0, box.y0, box.x1, box.y1))

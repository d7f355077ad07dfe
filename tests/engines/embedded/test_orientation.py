"""Pages that lie turned or at a slant are told, turned and straightened."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from muniment.engines.embedded.detection import Quads
from muniment.engines.embedded.orientation import (
    quarters_to_turn,
    skew_of,
    straightened,
    straightening,
    turned,
)
from tests.engines.embedded.writing import blank, turn_finder, turned_clockwise, written


def lines_at(*angles: float, length: float = 400, height: float = 20) -> Quads:
    """Boxes of lines slanted clockwise by so many degrees."""
    quads = []
    for angle in angles:
        turn = np.radians(angle)
        along = length * np.array([np.cos(turn), np.sin(turn)])
        down = height * np.array([-np.sin(turn), np.cos(turn)])
        quads.append([np.zeros(2), along, along + down, down])
    return np.array(quads, np.float32).reshape(-1, 4, 2)


def clear(*letters: int) -> NDArray[np.int64]:
    return np.array(letters, np.int64)


@pytest.mark.parametrize("quarters", range(4))
def test_a_written_page_is_known_whichever_way_it_lies(quarters: int) -> None:
    opinion = turn_finder().probabilities(turned_clockwise(written(), 90 * quarters))
    assert opinion.argmax() == quarters
    assert opinion.max() > 0.75


@pytest.mark.parametrize("shape", [(1, 1), (1, 5_000), (5_000, 1), (3, 40), (224, 224)])
@pytest.mark.parametrize("shade", [0, 255])
def test_there_is_an_unsure_opinion_on_a_blank_page_of_any_shape(shape: tuple[int, int], shade: int) -> None:
    opinion = turn_finder().probabilities(blank(*shape, shade))
    assert opinion.sum() == pytest.approx(1, abs=0.01)
    assert opinion.max() < 0.75


def test_a_strip_far_longer_than_wide_is_not_scaled_up_as_a_whole() -> None:
    strip = np.broadcast_to(np.uint8(255), (10_000_000, 1, 3))
    assert turn_finder().probabilities(strip).shape == (4,)


def test_turning_is_clockwise() -> None:
    pixels = blank(2, 3)
    pixels[0, 0] = 0
    assert [tuple(np.argwhere(turned(pixels, degrees)[..., 0] == 0)[0]) for degrees in (0, 90, 180, 270)] == [
        (0, 0),
        (0, 1),
        (1, 2),
        (2, 0),
    ]


@pytest.mark.parametrize("quarters", range(4))
def test_a_page_is_turned_to_where_its_letters_read(quarters: int) -> None:
    assert quarters_to_turn(np.roll(clear(120, 0, 9, 0), quarters)) == quarters


def test_a_page_without_letters_stays() -> None:
    assert quarters_to_turn(clear(0, 0, 0, 0)) == 0


def test_a_digit_or_two_turn_no_page() -> None:
    assert quarters_to_turn(clear(0, 0, 2, 0)) == 0
    assert quarters_to_turn(clear(7, 0, 8, 0)) == 0


@given(st.lists(st.integers(0, 500), min_size=4, max_size=4))
def test_no_page_is_turned_to_where_it_reads_worse(letters: list[int]) -> None:
    quarters = quarters_to_turn(clear(*letters))
    assert quarters == 0 or letters[quarters] == max(letters) > letters[0]


def test_the_skew_is_the_slant_of_most_of_the_text() -> None:
    assert skew_of(lines_at(2.0, 2.1, 2.2, -9.0)) == pytest.approx(2.0, abs=0.21)
    assert skew_of(lines_at(-3.0, -3.0, -3.0)) == pytest.approx(-3.0, abs=0.01)


def test_too_little_too_much_and_too_few_are_no_skew() -> None:
    assert skew_of(lines_at(0.1, 0.2, 0.2)) == 0.0
    assert skew_of(lines_at(30, 30, 30)) == 0.0
    assert skew_of(lines_at(3, 3)) == 0.0
    assert skew_of(lines_at()) == 0.0


def test_short_words_tell_no_skew() -> None:
    assert skew_of(lines_at(4, 4, 4, length=60)) == 0.0


@pytest.mark.parametrize("skew", [-6.0, 1.5, 6.0])
def test_straightening_takes_the_slant_out(skew: float) -> None:
    level = written(["X" * 20], height=400, width=600, size=32, at=(60, 180))
    straight = straightened(written(["X" * 20], height=400, width=600, size=32, at=(60, 180), slant=skew), skew)
    assert rows_inked(straight) == pytest.approx(rows_inked(level), abs=3)


def rows_inked(pixels: NDArray[np.uint8]) -> int:
    """The number of pixel rows from the first to the last that hold ink."""
    rows = np.flatnonzero((pixels < 100).any(axis=(1, 2)))
    return int(rows[-1] - rows[0])


@given(st.integers(1, 3_000), st.integers(1, 3_000), st.floats(-15, 15))
def test_a_straightened_page_holds_all_four_corners(height: int, width: int, skew: float) -> None:
    warp, (new_height, new_width) = straightening(height, width, skew)
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    moved = cv2.transform(corners, warp)[0]
    assert (moved >= -1).all()
    assert (moved <= [new_width + 1, new_height + 1]).all()


def test_a_level_page_is_left_as_it_is() -> None:
    pixels = blank(5, 5)
    assert straightened(pixels, 0.0) is pixels

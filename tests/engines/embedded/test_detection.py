"""Text is found in boxes, on pages of any size, in tiles where they are long."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from muniment.engines.embedded.detection import (
    Quads,
    boxes_of,
    longest,
    ordered,
    runs_down,
    seen_scale,
    sides,
    tiles,
)
from tests.engines.embedded.writing import LETTER, blank, detector, turned_clockwise, written


def quad(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float32]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def text_map(*boxes: tuple[int, int, int, int], sure: float = 0.9) -> NDArray[np.float32]:
    text = np.zeros((200, 300), np.float32)
    for x0, y0, x1, y1 in boxes:
        text[y0:y1, x0:x1] = sure
    return text


def around(quads: Quads) -> list[tuple[float, ...]]:
    """Left, top, right and bottom of each box, top to bottom."""
    return sorted(((*box.min(axis=0), *box.max(axis=0)) for box in quads), key=lambda box: box[1])


@given(st.integers(1, 40_000))
def test_tiles_keep_every_pixel_once_and_are_of_bounded_size(length: int) -> None:
    kept: list[int] = []
    for start, end, first, last in tiles(length):
        assert 0 <= start <= first < last <= end <= length
        assert end - start <= 1_650
        kept += range(first, last)
    assert kept == list(range(length))


def test_tiles_see_beyond_what_they_keep() -> None:
    parts = list(tiles(4_000))
    assert len(parts) > 1
    assert all(before[1] - after[0] >= 128 for before, after in pairwise(parts))


@given(st.integers(3, 50_000), st.integers(3, 50_000))
def test_the_scale_keeps_small_print_legible_and_blows_nothing_up_beyond_twice(height: int, width: int) -> None:
    scale = seen_scale(height, width)
    assert 0 < scale <= 2
    assert scale == 2 or min(height, width) * scale >= 735.9


def test_a_box_grows_beyond_the_core_that_the_model_marks() -> None:
    ((left, top, right, bottom),) = around(boxes_of(text_map((50, 80, 250, 100))))
    assert (left < 46, top < 76, right > 253, bottom > 103) == (True,) * 4
    assert (left > 30, top > 60, right < 270, bottom < 120) == (True,) * 4


def test_two_lines_are_two_boxes() -> None:
    assert len(boxes_of(text_map((50, 40, 250, 60), (50, 90, 250, 110)))) == 2


def test_specks_and_what_the_model_doubts_are_no_boxes() -> None:
    assert len(boxes_of(text_map((50, 40, 51, 41)))) == 0
    assert len(boxes_of(text_map((50, 40, 250, 60), sure=0.4))) == 0


def test_a_line_that_a_scribble_grew_into_is_found_without_it() -> None:
    text = text_map((50, 90, 250, 110))
    rows, columns = np.indices(text.shape)
    scribble = (np.abs(rows - columns * 0.6) < 4) & (text == 0)
    text[scribble] = 0.35
    assert any(left < 52 and right > 248 and bottom - top < 50 for left, top, right, bottom in around(boxes_of(text)))


def test_a_map_without_text_has_no_boxes() -> None:
    assert boxes_of(np.zeros((64, 64), np.float32)).shape == (0, 4, 2)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1, width=32)))
def test_any_map_gives_boxes_with_four_finite_corners(text: NDArray[np.float32]) -> None:
    boxes = boxes_of(text)
    assert boxes.shape[1:] == (4, 2)
    assert np.isfinite(boxes).all()


@pytest.mark.parametrize("shift", range(4))
def test_corners_go_clockwise_from_the_top_left_whichever_came_first(shift: int) -> None:
    corners = np.array([[10, 12], [90, 8], [92, 28], [12, 32]], np.float32)
    assert np.array_equal(ordered(np.roll(corners, shift, axis=0)), corners)


def test_only_boxes_much_taller_than_wide_run_down() -> None:
    assert runs_down(np.array([quad(0, 0, 20, 60), quad(0, 0, 60, 20), quad(0, 0, 20, 24)])).tolist() == [
        True,
        False,
        False,
    ]


def test_the_longest_boxes_are_long_either_way() -> None:
    boxes = np.array([quad(0, 0, 30, 10), quad(0, 0, 10, 90), quad(0, 0, 60, 10)])
    widths, heights = sides(longest(boxes, 2))
    assert list(zip(widths, heights, strict=True)) == [(10, 90), (60, 10)]
    assert len(longest(boxes[:0], 2)) == 0


def test_each_line_of_a_page_gets_a_box_that_holds_it() -> None:
    boxes = around(detector().find(written()))
    assert len(boxes) == len(LETTER)
    for place, (left, top, _, bottom) in enumerate(boxes):
        assert left <= 42
        assert top <= 80 + 32 * place + 7
        assert bottom >= 80 + 32 * place + 20


def test_a_turned_page_has_boxes_that_run_down() -> None:
    boxes = detector().find(turned_clockwise(written(), 90))
    assert runs_down(boxes).mean() > 0.7


def test_lines_on_the_seams_of_a_long_page_are_whole() -> None:
    lines = [f"Item {number} costs {number * 7} pounds" for number in range(60)]
    found = detector().find(written(lines, height=2_050, width=400))
    assert len(found) == len(lines)


@pytest.mark.parametrize("shape", [(0, 0), (0, 50), (1, 1), (2, 900), (3, 3), (5, 4_000), (4_000, 5)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_blank_page_of_any_shape_has_no_text(shape: tuple[int, int], shade: int) -> None:
    assert detector().find(blank(*shape, shade)).shape == (0, 4, 2)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_boxes_stay_on_the_page(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), (height, width, 1)).repeat(3, axis=2)
    boxes = detector().find(pixels)
    assert ((boxes >= 0) & (boxes <= [width, height])).all()

"""Letters are read off a page however it lies, with their places, and off a page of any size without harm."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from muniment.engines.embedded.letters import LetterReader, SeenPage
from tests.engines.embedded.writing import LETTER, blank, letter_reader, turned_clockwise, written

FORM = ("Name", "Date of birth", "Street and number", "Town", "Telephone")


def read(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> SeenPage:
    return letter_reader().read(pixels)


def texts(page: SeenPage) -> list[str]:
    return [line.text for line in page.lines]


def test_a_page_is_read_line_by_line_with_its_spaces() -> None:
    assert texts(read(written())) == list(LETTER)


def test_a_page_that_stands_straight_is_neither_turned_nor_copied() -> None:
    pixels = written()
    page = read(pixels)
    assert (page.rotation, page.skew) == (0, 0.0)
    assert np.array_equal(page.pixels, pixels)


@pytest.mark.parametrize("lines", [LETTER, FORM, ("Appendix",)], ids=["letter", "form", "one word"])
@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_a_turned_page_is_set_upright(lines: tuple[str, ...], clockwise: int) -> None:
    pixels = written(lines)
    page = read(turned_clockwise(pixels, clockwise))
    assert page.rotation == 360 - clockwise
    assert np.array_equal(page.pixels, pixels)
    assert texts(page) == list(lines)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_wrong_opinion_turns_no_page_that_reads_as_it_is(quarters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opinion = np.roll(np.array([0.97, 0.01, 0.01, 0.01], np.float32), quarters)
    reader = letter_reader()
    monkeypatch.setattr(reader._turns, "probabilities", lambda _pixels: opinion)
    assert reader.read(written()).rotation == 0
    assert reader.read(blank(30, 20)).rotation == 0


@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_without_an_opinion_the_letters_decide(clockwise: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = letter_reader()
    monkeypatch.setattr(reader._turns, "probabilities", lambda _pixels: np.full(4, 0.25, np.float32))
    assert reader.read(turned_clockwise(written(), clockwise)).rotation == 360 - clockwise


@pytest.mark.parametrize("quarters", range(4))
def test_a_photograph_stays_as_it_is(quarters: int) -> None:
    spots = np.random.default_rng(0).integers(0, 256, (10, 8, 3), np.uint8)
    photograph = np.array(Image.fromarray(spots).resize((160, 200), Image.Resampling.BICUBIC))
    page = read(turned_clockwise(photograph, 90 * quarters))
    assert (page.rotation, page.lines) == (0, ())


@pytest.mark.parametrize("slant", [-4.0, 3.0])
def test_a_slanted_page_is_straightened_and_its_boxes_with_it(slant: float) -> None:
    page = read(written(slant=slant))
    assert page.skew == pytest.approx(slant, abs=0.4)
    assert texts(page) == list(LETTER)
    for line, level in zip(page.lines, read(written()).lines, strict=True):
        assert line.y1 - line.y0 == pytest.approx(level.y1 - level.y0, abs=6)
        assert line.x1 - line.x0 == pytest.approx(level.x1 - level.x0, abs=12)
    for line in page.lines:
        inside = page.pixels[round(line.y0) : round(line.y1), round(line.x0) : round(line.x1)]
        assert inside.min() < 60


def test_boxes_hold_their_lines_and_little_else() -> None:
    for place, line in enumerate(read(written()).lines):
        top = 80 + 32 * place
        assert line.x0 <= 42
        assert line.y0 <= top + 7
        assert top + 20 <= line.y1 <= line.y0 + 40


def test_larger_letters_have_a_larger_size() -> None:
    small, large = (read(written(["Heading"], size=size)).lines[0].size for size in (24, 48))
    assert large == pytest.approx(2 * small, rel=0.25)
    assert small == pytest.approx(24, rel=0.35)


def test_a_column_gap_parts_a_box_and_a_word_space_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = written(["Total of all" + " " * 24 + "27.40"])
    whole = np.array([[[36, 76], [400, 76], [400, 108], [36, 108]]], np.float32)
    reader = letter_reader()
    monkeypatch.setattr(reader._detector, "find", lambda _pixels: whole)
    left, right = reader.read(pixels).lines
    assert (left.text, right.text) == ("Total of all", "27.40")
    assert left.x1 < right.x0
    assert (left.x0, right.x1) == (36, 400)


def test_lines_come_from_top_to_bottom() -> None:
    assert all(above.y0 <= below.y0 for above, below in pairwise(read(written()).lines))


def test_what_the_model_doubts_is_left_out() -> None:
    assert all(0.5 <= line.score <= 1 for line in read(written()).lines)


def test_the_same_pixels_give_the_same_lines_whatever_the_threads() -> None:
    pixels = written(slant=2.0)
    alone, together = LetterReader(threads=1).read(pixels), read(pixels)
    assert alone.lines == together.lines == read(pixels).lines
    assert (alone.rotation, alone.skew) == (together.rotation, together.skew)


@pytest.mark.parametrize("shape", [(0, 0), (0, 9), (9, 0), (1, 1), (2, 2), (3, 3), (1, 4_000), (4_000, 1), (6, 4_000)])
@pytest.mark.parametrize("shade", [0, 127, 255])
def test_an_empty_page_of_any_shape_has_no_lines(shape: tuple[int, int], shade: int) -> None:
    page = read(blank(*shape, shade))
    assert page.lines == ()
    assert page.pixels.shape == (*shape, 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.sampled_from([2, 256]), st.integers(0, 2**32 - 1))
def test_any_small_picture_is_read_without_harm(height: int, width: int, shades: int, seed: int) -> None:
    cells = np.random.default_rng(seed).integers(0, shades, (height, width, 3)) * (255 // (shades - 1))
    page = read(cells.astype(np.uint8))
    assert page.rotation in (0, 90, 180, 270)
    assert all(line.text and 0.5 <= line.score <= 1 for line in page.lines)

"""Sizes and weights of letters, as measured on a page drawn with Pillow's own font."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.typography import measured
from tests.engines.embedded.laying import any_lines

PAPER, INK = (250, 248, 244), (30, 30, 30)
PROSE = "The lease of the house ends in May"


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def written(*rows: tuple[str, int, int], ink: tuple[int, ...] = INK, paper: tuple[int, ...] = PAPER) -> list[SeenLine]:
    """Rows (text, size, thickness of strokes added) below each other, as measured in tight boxes."""
    page = Image.new("RGB", (1200, 90 * len(rows) + 20), paper)
    brush = ImageDraw.Draw(page)
    lines = []
    for place, (text, size, bold) in enumerate(rows):
        at = (20, 20 + 90 * place)
        brush.text(at, text, ink, font(size), stroke_width=bold)
        x0, y0, x1, y1 = brush.textbbox(at, text, font(size), stroke_width=bold)
        lines.append(SeenLine(text, x0 - 2, y0 - 2, x1 + 2, y1 + 2, 0.9, 0.8 * (y1 - y0)))
    return measured(np.asarray(page), lines)


def sizes(*rows: tuple[str, int, int]) -> list[float]:
    return [line.size for line in written(*rows)]


def weights(*rows: tuple[str, int, int]) -> list[bool]:
    return [line.bold for line in written(*rows)]


@pytest.mark.parametrize("size", [14, 20, 32, 60])
def test_the_size_is_about_an_em(size: int) -> None:
    assert sizes((PROSE, size, 0)) == [pytest.approx(size, rel=0.2)]


@pytest.mark.parametrize(
    "text", ["paging goes on and on by ages", "a mean sum or some names are seen", "Total of all bills I hold"]
)
def test_the_size_does_not_depend_on_what_stands_in_the_line(text: str) -> None:
    one, other = sizes((PROSE, 32, 0), (text, 32, 0))
    assert other == pytest.approx(one, rel=0.12)


@pytest.mark.parametrize("text", ["THE LEASE OF THE HOUSE", "Rent 2024/25: 1,250.00", "800 950 1200", "ENDS"])
def test_capitals_and_digits_are_no_larger_than_the_small_letters_beside_them(text: str) -> None:
    one, other = sizes((PROSE, 32, 0), (text, 32, 0))
    assert other == pytest.approx(one, rel=0.2)


def test_sizes_are_told_apart() -> None:
    small, large = sizes((PROSE, 24, 0), (PROSE, 32, 0))
    assert large / small == pytest.approx(32 / 24, rel=0.1)


def test_bold_is_what_has_thicker_strokes_than_most_of_the_page() -> None:
    assert weights((PROSE, 32, 0), (PROSE, 32, 0), ("The house and the garden", 32, 1)) == [False, False, True]


def test_large_letters_are_not_bold_because_they_are_large() -> None:
    assert weights((PROSE, 24, 0), (PROSE, 24, 0), ("The house and garden", 48, 0)) == [False, False, False]


def test_a_page_that_is_bold_throughout_has_no_bold() -> None:
    assert weights((PROSE, 32, 1), (PROSE, 32, 1)) == [False, False]


def test_white_letters_on_black_measure_the_same() -> None:
    (black,), (white,) = written((PROSE, 32, 0)), written((PROSE, 32, 0), ink=PAPER, paper=INK)
    assert white.size == pytest.approx(black.size, rel=0.1)
    assert not white.bold


def test_what_cannot_be_measured_keeps_its_size_in_the_pages_scale() -> None:
    one, short = written((PROSE, 32, 0), ("12", 32, 0))
    assert short.size == pytest.approx(one.size, rel=0.35)
    assert not short.bold


def test_text_that_runs_down_is_not_measured() -> None:
    page = np.zeros((400, 400, 3), np.uint8)
    down = SeenLine("downwards", 10, 10, 40, 300, 0.9, 24)
    assert measured(page, [down]) == [down]


def test_a_page_without_ink_changes_nothing() -> None:
    blank = SeenLine("blank", 10, 10, 100, 40, 0.9, 24)
    assert measured(np.full((60, 200, 3), 255, np.uint8), [blank]) == [blank]
    assert measured(np.full((60, 200, 3), 255, np.uint8), []) == []


def _pixels(height: int, width: int, kind: str) -> NDArray[np.uint8]:
    if kind == "noise":
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return np.full((height, width, 3), 255 if kind == "white" else 0, np.uint8)


@settings(deadline=None)
@given(any_lines(), st.integers(0, 300), st.integers(0, 300), st.sampled_from(["white", "black", "noise"]))
def test_any_boxes_on_any_page_are_measured(lines: list[SeenLine], height: int, width: int, kind: str) -> None:
    found = measured(_pixels(height, width, kind), lines)
    assert _places(found) == _places(lines)
    assert all(line.size >= 0 for line in found)


def _places(lines: Sequence[SeenLine]) -> list[tuple[object, ...]]:
    return [(line.text, line.x0, line.y0, line.x1, line.y1, line.score) for line in lines]

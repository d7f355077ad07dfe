"""A mark on a page is found on a picture of it, and on nothing else."""

import io

import cv2
import numpy as np
import pypdfium2
import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.marks import Mark, Sighting, draw, find


def pictured(mark: Mark, scale: float = 1.0) -> NDArray[np.uint8]:
    """A page of text with a mark, as pixels."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font("Times", "", 11)
    pdf.multi_cell(0, 15, "What is damp and what is dry. " * 60)
    draw(pdf, mark)
    with pypdfium2.PdfDocument(io.BytesIO(bytes(pdf.output()))) as document:
        return np.array(document[0].render(scale=scale).to_pil().convert("L"))


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()


@pytest.mark.parametrize("mark", [Mark(0, 0), Mark(7, 250), Mark(255, 1023)])
@pytest.mark.parametrize("scale", [0.7, 1.0, 2.1])
def test_a_mark_is_read_from_a_picture_of_the_page(mark: Mark, scale: float) -> None:
    assert find(encoded(pictured(mark, scale))) == Sighting(mark, whole=True)


def test_either_half_of_a_page_tells_its_mark_and_that_it_is_no_whole() -> None:
    pixels = pictured(Mark(3, 4))
    half = len(pixels) // 2
    for part in (pixels[: half + 30], pixels[half - 30 :]):
        assert find(encoded(part)) == Sighting(Mark(3, 4), whole=False)


def test_white_below_and_beside_a_page_changes_nothing() -> None:
    padded = np.pad(pictured(Mark(3, 4)), ((0, 27), (0, 27)), constant_values=255)
    assert find(encoded(padded)) == Sighting(Mark(3, 4), whole=True)


def test_the_middle_of_a_page_has_no_mark() -> None:
    assert find(encoded(pictured(Mark(3, 4))[60:-60])) is None


def test_a_blank_picture_has_no_mark() -> None:
    assert find(encoded(np.full((200, 150), 255, np.uint8))) is None


@given(st.binary(min_size=1))
def test_what_is_no_picture_has_no_mark(content: bytes) -> None:
    assert find(content) is None

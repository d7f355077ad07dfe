"""Marks on pages that a script can read from a picture: which document and which page it shows.

A row of black and white squares at the page's top and one at its bottom, so that either half of a page tells.
"""

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from fpdf import FPDF
from numpy.typing import NDArray

_PAGE_BITS, _BITS = 10, 18
_CHECK_BITS = 16
_CELL, _MARGIN, _HEIGHT = 14.0, 6.0, 12.0
"""Points: a square's width, the white around a row, and a row's height."""
_DARK = 128


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A document, 0 to 255, and one of its pages, 0 to 1,023."""

    document: int
    page: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A mark on a picture, and whether it shows the page from its top to its bottom."""

    mark: Mark
    whole: bool


def draw(pdf: FPDF, mark: Mark) -> None:
    """Put ``mark`` at the top and the bottom of the current page, over whatever is there."""
    cells = _cells(mark)
    left = (pdf.w - _CELL * len(cells)) / 2
    for top in (0.0, pdf.h - _HEIGHT - 2 * _MARGIN):
        pdf.set_fill_color(255)
        pdf.rect(0, top, pdf.w, _HEIGHT + 2 * _MARGIN, style="F")
        pdf.set_fill_color(0)
        for number, dark in enumerate(cells):
            if dark:
                pdf.rect(left + number * _CELL, top + _MARGIN, _CELL, _HEIGHT, style="F")


def find(encoded: bytes) -> Sighting | None:
    """The mark on an encoded picture of a page or of its upper or lower part; None if there is none."""
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        return None
    dark = np.asarray(pixels) < _DARK
    rows = np.flatnonzero(dark.any(axis=1))
    if not rows.size:
        return None
    ends = [_read(dark[rows[0] :]), _read(dark[rows[-1] :: -1])]
    marks = [mark for mark in ends if mark is not None]
    apart = rows[-1] - rows[0] > dark.shape[0] / 2  # where all else is white, both ends are the same row
    return Sighting(marks[0], None not in ends and bool(apart)) if marks else None


def _cells(mark: Mark) -> list[bool]:
    """A mark's squares: a dark one at either end, between them the numbers and a check of them."""
    value = mark.document << _PAGE_BITS | mark.page
    value = value << _CHECK_BITS | _check(value)
    bits = _BITS + _CHECK_BITS
    return [True, *(bool(value >> (bits - 1 - place) & 1) for place in range(bits)), True]


def _check(value: int) -> int:
    return zlib.crc32(value.to_bytes(4, "big")) & ((1 << _CHECK_BITS) - 1)


def _read(dark: NDArray[np.bool_]) -> Mark | None:
    """The mark that the first rows hold."""
    columns = np.flatnonzero(dark[:4].any(axis=0))
    count = _BITS + _CHECK_BITS + 2
    width = (columns[-1] + 1 - columns[0]) / count
    middle = min(int(width * _HEIGHT / _CELL / 2), dark.shape[0] - 1)
    places = (columns[0] + (np.arange(count) + 0.5) * width).astype(int)
    value = int("".join(str(int(bit)) for bit in dark[middle, places][1:-1]), 2)
    value, check = value >> _CHECK_BITS, value & ((1 << _CHECK_BITS) - 1)
    if check != _check(value):
        return None
    return Mark(value >> _PAGE_BITS, value & ((1 << _PAGE_BITS) - 1))

"""How large and how heavy letters are printed, measured on the page.

A detected box is as high as what happens to stand in the line ("Total" has no descenders, "paging" no ascenders), so it
tells sizes apart badly. The height of an x does it well: it is the band of rows where most ink lies. Bold letters have
strokes that are thick for their height.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.lines import SeenLine, has_case
from muniment.text.scripts import is_wide

_SMALL, _MIDDLING = 24, 60
"""Pixels of a line's height: smaller lines are measured on an enlarged picture."""
_DENSE, _DENSE_OF_MIXED = 0.45, 0.62
"""Rows with so much of the ink of the fullest rows belong to the band of the x; capitals and digits fill others too."""
_INKED = 0.025
"""The same for rows that show any letter."""
_CAPITAL, _WIDE = 1.38, 1.75
"""Height of capitals and digits, and of Chinese characters, in heights of an x."""
_X_HEIGHT = 0.5
"""Height of an x in ems."""
_LEAST_LETTERS = 3
_SHORT, _MOSTLY_SMALL = 14, 0.75
"""In a line of so few letters a few tall ones can pass for the band of the x; with so few small ones it is mixed."""
_BOLD = 1.3
"""Bold strokes are so many times as thick as the page's usual ones, for their size."""


@dataclass(frozen=True, slots=True)
class _Print:
    """What one line measures: height of an x and thickness of strokes in pixels."""

    x_height: float
    stroke: float

    @property
    def weight(self) -> float:
        return self.stroke / self.x_height


def measured(pixels: NDArray[np.uint8], lines: Sequence[SeenLine]) -> list[SeenLine]:
    """``lines`` with ``size`` (about an em, pixels) and ``bold`` as measured on the page.

    Args:
        pixels: shape (height, width, 3), RGB: the page that the lines' boxes refer to.
    """
    prints = [_print_of(pixels, line) for line in lines]
    known = [(line, found) for line, found in zip(lines, prints, strict=True) if found is not None]
    ratio = median(found.x_height / max(line.size, 1.0) for line, found in known) if known else _X_HEIGHT
    usual = _usual_weight(known)
    return [
        replace(line, size=line.size * ratio / _X_HEIGHT)
        if found is None
        else replace(line, size=found.x_height / _X_HEIGHT, bold=found.weight > _BOLD * usual)
        for line, found in zip(lines, prints, strict=True)
    ]


def _usual_weight(known: Sequence[tuple[SeenLine, _Print]]) -> float:
    """The weight that most letters of the page have."""
    weights = sorted((found.weight, len(line.text)) for line, found in known if has_case(line.text))
    half, seen = sum(letters for _, letters in weights) / 2, 0
    for weight, letters in weights:
        seen += letters
        if seen >= half:
            return weight
    return float("inf")


def _print_of(pixels: NDArray[np.uint8], line: SeenLine) -> _Print | None:
    """Measures of a line; None if it has too few letters, runs down or lies off the page."""
    letters = [character for character in line.text if character.isalnum()]
    top, left = max(int(line.y0), 0), max(int(line.x0), 0)
    cut = pixels[top : max(int(line.y1) + 1, 0), left : max(int(line.x1) + 1, 0)]
    if len(letters) < _LEAST_LETTERS or line.y1 - line.y0 > line.x1 - line.x0 or cut.size == 0:
        return None
    ink, scale = _ink(cut)
    rows = ink.sum(axis=1)
    if not rows.any():
        return None
    x_height = max(_x_height(rows, line.text) / scale, 1.0)
    borders = int((ink[:, 1:] != ink[:, :-1]).sum() + (ink[1:] != ink[:-1]).sum())
    return _Print(x_height, 2 * int(ink.sum()) / max(borders, 1) / scale)


def _x_height(rows: NDArray[np.int64], text: str) -> float:
    """Height of an x in pixels, from how much ink is in each row of pixels."""
    full = np.percentile(rows, 90)
    tall = _longest_run(rows > _INKED * full) / (_WIDE if is_wide(text[len(text) // 2]) else _CAPITAL)
    if not has_case(text):
        return tall
    letters = [character for character in text if character.isalnum()]
    mixed = sum(map(str.islower, letters)) < _MOSTLY_SMALL * len(letters)
    dense = _longest_run(rows > (_DENSE_OF_MIXED if mixed else _DENSE) * full)
    return min(dense, tall) if len(letters) <= _SHORT else dense


def _ink(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], int]:
    """Where a line's letters are on its picture, and by how much that was enlarged."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    scale = 4 if grey.shape[0] < _SMALL else 2 if grey.shape[0] < _MIDDLING else 1
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    _, split = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = split == 0
    return (~dark if dark.mean() > 0.5 else dark), scale


def _longest_run(marks: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))

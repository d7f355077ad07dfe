"""Whether anything is on a page."""

import cv2
import numpy as np
from numpy.typing import NDArray

_SEEN_SIDE = 800
_PAPER = 31
"""Pixels of the seen page around a spot that tell its paper's shade."""
_CONTRAST = 24
"""Grey levels by which ink differs from paper, at least."""


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether nothing is on a page: no spot that differs from the paper around it and is more than dust.

    Args:
        pixels: shape (height, width, 3), RGB.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 2:
        return True
    scale = min(1.0, _SEEN_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(small, _PAPER) if min(size) > _PAPER else np.full_like(small, int(np.median(small)))
    marks = (cv2.absdiff(small, paper) >= _CONTRAST).astype(np.uint8)
    return not cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).any()

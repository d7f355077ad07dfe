"""How large a page image may become."""

import math

from muniment.documents.document import Limits

LARGEST_RATIO = 1_000
"""A page more than this many times as long as wide (or the reverse) is no page."""


def shrink_factor(width: float, height: float, limits: Limits) -> float:
    """By how much to scale a page image of ``width`` × ``height`` pixels; 1.0 if it is within ``limits``."""
    allowed = min(limits.max_side**2, limits.max_pixels)
    return min(1.0, math.sqrt(allowed / (width * height)))


def scaled(width: float, height: float, factor: float) -> tuple[int, int]:
    """Whole pixels of ``width`` × ``height`` times ``factor``, at least one each way."""
    return max(1, round(width * factor)), max(1, round(height * factor))

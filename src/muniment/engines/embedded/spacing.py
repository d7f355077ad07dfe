"""Where words end: spaces the model missed are restored.

The model reads Chinese and English with one alphabet and often leaves out the space between two English words.
It rarely misses one altogether: nearly always the space was its second choice somewhere between the two letters, and
the page shows a gap without ink that is wider than the line's other gaps. Measured on receipts and papers, a second
choice of some weight is right by itself, and a faint one, or none, where the gap stands out.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.text.scripts import is_wide

_RULES = ((0.2, 0.0, 0.0), (0.01, 0.12, 3.7), (0.0, 0.36, 4.0))
"""A word ends at a gap that passes one of these: at least so much weight of a space between the letters, so many line
heights wide, and so many times as wide as the line's usual gap."""
_SURE = 0.5
"""Weight of a space beside a character of a script without spaces."""


def ink_columns(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which columns of a line image (height, width, 3) show ink; shape (width,)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    paper = np.median(grey)
    contrast = np.abs(grey.astype(np.float32) - paper)
    strongest = np.percentile(contrast, 98)
    edge = grey.shape[0] // 10
    inner = contrast[edge : grey.shape[0] - edge]
    return np.asarray((inner > 0.4 * max(strongest, 20)).sum(axis=0) > 0)


def gaps_between(centres: NDArray[np.float32], ink: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The widest stretch without ink between each two neighbouring characters, in columns; shape (n - 1,)."""
    return np.array(
        [_widest_gap(ink[int(left) : max(int(right), int(left))]) for left, right in pairwise(centres)],
        np.float32,
    )


def _widest_gap(ink: NDArray[np.bool_]) -> int:
    inked = np.flatnonzero(np.concatenate(([True], ink, [True])))
    return int(np.diff(inked).max()) - 1


def word_ends(
    characters: tuple[str, ...], spaces: NDArray[np.float32], gaps: NDArray[np.float32], height: float
) -> list[bool]:
    """After which of the first n - 1 characters a word ends.

    Args:
        characters: n of them.
        spaces: the weight the model gives a space after each; shape (n,) or longer.
        gaps: columns without ink after each; shape (n - 1,).
        height: of the line, in columns.
    """
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    return [
        bool(weight > _SURE)
        if is_wide(left) or is_wide(right)
        else any(weight >= least and gap >= wide * height and gap >= times * usual for least, wide, times in _RULES)
        for (left, right), weight, gap in zip(pairwise(characters), spaces, gaps, strict=False)
    ]

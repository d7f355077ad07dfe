"""Where words end: spaces the model missed are restored from the gaps between letters.

The model reads Chinese and English with one alphabet and often leaves out the space between two English words.
The page shows it all the same, as a gap without ink that is wider than the gaps between the letters of that line.
"""

import unicodedata
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

_SURE = 0.3
"""A space this probable by the model alone is one."""
_WIDE = 0.22
"""A gap this wide, in line heights, may be a space."""
_STANDING_OUT = 2.2
"""Such a gap is one if it is so many times the line's usual gap."""


def ink_columns(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which columns of a line image (height, width, 3) show ink; shape (width,)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    paper = np.median(grey)
    contrast = np.abs(grey.astype(np.float32) - paper)
    strongest = np.percentile(contrast, 98)
    inner = contrast[grey.shape[0] // 10 : -grey.shape[0] // 10]
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


def is_wide_script(character: str) -> bool:
    """Characters of scripts that are written without spaces (Chinese, Japanese), and their punctuation."""
    return unicodedata.east_asian_width(character) in "WF"


def word_ends(
    characters: tuple[str, ...], spaces: NDArray[np.float32], gaps: NDArray[np.float32], height: float
) -> list[bool]:
    """After which of the first n - 1 characters a word ends.

    Args:
        characters: n of them.
        spaces: the model's probability of a space after each; shape (n,) or longer.
        gaps: columns without ink after each; shape (n - 1,).
        height: of the line, in the same unit.
    """
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    threshold = max(_WIDE * height, _STANDING_OUT * usual)
    ends = []
    for place, gap in enumerate(gaps):
        if is_wide_script(characters[place]) or is_wide_script(characters[place + 1]):
            ends.append(bool(spaces[place] > 0.5))
        else:
            ends.append(bool(spaces[place] > _SURE or gap > threshold))
    return ends

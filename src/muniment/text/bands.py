"""A page read in overlapping bands, put together again."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import product

_MOST_LINES = 40
"""Lines that two bands may share."""
_ALIKE = 0.8
_NUMBER = re.compile(r"\d+")
_LEAST_LETTERS = 8
"""An overlap of fewer letters may be chance."""


def join_bands(upper: str, lower: str) -> str:
    """Two texts of one page, the lower one beginning with lines that the upper one ended with, as one text.

    The line at either cut may have been read from half its height; it is left out where the other band has it whole.
    Without a sound overlap, both stand below each other whole.
    """
    above, below = upper.rstrip().split("\n"), lower.lstrip("\n").split("\n")
    best, cut = 0.0, (0, 0)
    for cut_above, cut_below in product((0, 1), repeat=2):
        for count in range(1, min(_MOST_LINES, len(above) - cut_above, len(below) - cut_below) + 1):
            end = len(above) - cut_above
            score = _overlap(above[end - count : end], below[cut_below : cut_below + count])
            if score > best:
                best, cut = score, (end, cut_below + count)
    if not best:
        return f"{upper.rstrip()}\n\n{lower.lstrip()}"
    return "\n".join([*above[: cut[0]], *below[cut[1] :]])


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """How many letters two runs of lines share, if every line is like its partner; 0 if one is not."""
    letters = 0.0
    for first, second in zip(one, other, strict=True):
        first, second = first.strip(), second.strip()  # noqa: PLW2901
        if not first and not second:
            continue
        likeness = _likeness(first, second)
        if likeness < _ALIKE:
            return 0.0
        letters += likeness * min(len(first), len(second))
    return letters if letters >= _LEAST_LETTERS else 0.0


def _likeness(one: str, other: str) -> float:
    """0 to 1. Rows of a ledger are alike but for their numbers, so lines of different numbers are not alike at all."""
    if one == other:
        return 1.0
    if _NUMBER.findall(one) != _NUMBER.findall(other):
        return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()

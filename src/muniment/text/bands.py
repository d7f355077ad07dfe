"""A page read in overlapping bands, put together again.

The texts are compared word by word and not line by line, as a model writes a paragraph or a whole table in one line,
and a band ends in the middle of it.
"""

import re
from difflib import SequenceMatcher
from itertools import accumulate

from muniment.text.bands_alignment import Overlap, overlap
from muniment.text.bands_words import LINE_END, Words

_MOST_WORDS = 250
"""Words that two bands may share; a dense page has some 1,500, and bands share less than a tenth of it."""
_LEAST_LETTERS = 24
"""An overlap of fewer letters may be chance: "in the harbour" ends one sentence and begins another..."""
_LEAST_LINE_LETTERS = 8
"""... unless it is made of whole lines in both texts."""
_CUT_ALIKE = 0.65
"""Share of a half-read line's letters that are found, in order, in the line it is taken for."""
_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)
_TABLE_ENDS = re.compile(r"(?:\s*</(?:tbody|table)\s*>)*+\n*+", re.IGNORECASE)


def join_bands(upper: str, lower: str) -> str:
    """Two texts of one page, the lower one beginning with lines that the upper one ended with, as one text.

    They are joined in the middle of what they share, as far as possible from either cut. The line at a cut, which may
    have been read from half its height, is left out where the other band has it whole. Without a sound overlap, both
    stand below each other whole.
    """
    above, below = Words(upper, _MOST_WORDS, at_end=True), Words(lower, _MOST_WORDS, at_end=False)
    shared = overlap(above, below)
    if shared is None or not _is_sound(shared, above, below):
        return "\n\n".join(filter(None, (upper.rstrip(), lower.strip("\n").rstrip() if lower.strip() else "")))
    if not _cut_lines_are_known(shared, above, below):
        return _stacked(shared, above, below)
    place, other = _seam(shared, above, below)
    start, end = above.words[place].end, below.words[other].end
    if _in_table(upper, start) != _in_table(lower, end):
        return _stacked(shared, above, below)
    return upper[:start] + lower[end:]


def _is_sound(shared: Overlap, above: Words, below: Words) -> bool:
    first, last = shared.pairs[0], shared.pairs[-1]
    whole_lines = (
        above.begins_line(first[0])
        and below.begins_line(first[1])
        and above.ends_line(last[0])
        and below.ends_line(last[1])
    )
    return shared.score >= (_LEAST_LINE_LETTERS if whole_lines else _LEAST_LETTERS)


def _cut_lines_are_known(shared: Overlap, above: Words, below: Words) -> bool:
    """Whether lines left out at the cuts are half-read ones that the other text has whole."""
    first, last = shared.pairs[0], shared.pairs[-1]
    known = True
    if shared.upper_end < len(above):
        known = last[1] + 1 < len(below) and _is_part(above.line_text(len(above) - 1), below.line_text(last[1] + 1))
    if shared.lower_start:
        known = known and first[0] > 0 and _is_part(below.line_text(0), above.line_text(first[0] - 1))
    return known


def _is_part(cut: str, whole: str) -> bool:
    cut, whole = cut[:300], whole[:300]
    blocks = SequenceMatcher(None, cut, whole, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= _CUT_ALIKE * len(cut)


def _seam(shared: Overlap, above: Words, below: Words) -> tuple[int, int]:
    """The pair of words after which one text gives way to the other: where the fewest letters are lost that only one
    of them has, at a line's end if there is one, and near the middle."""
    middle = len(shared.pairs) / 2
    shared_above, shared_below = zip(*shared.pairs, strict=True)
    alone_above = _alone(above, shared.pairs[0][0], shared.upper_end, shared_above)
    alone_below = _alone(below, shared.lower_start, shared.pairs[-1][1] + 1, shared_below)

    def cost(turn: int) -> tuple[int, bool, float]:
        place, other = shared.pairs[turn]
        lost = alone_above[-1] - alone_above[place - shared.pairs[0][0]] + alone_below[other - shared.lower_start]
        return lost, not (above.ends_line(place) and below.ends_line(other)), abs(turn + 1 - middle)

    return shared.pairs[min(range(len(shared.pairs)), key=cost)]


def _alone(words: Words, start: int, end: int, shared: tuple[int, ...]) -> list[int]:
    """For each place how much was said up to there that the other text has not."""
    known = frozenset(shared)
    return list(accumulate(0 if place in known else words.words[place].weight for place in range(start, end)))


def _in_table(text: str, place: int) -> bool:
    """Whether an HTML table is open at a place."""
    tags = _TABLE_TAG.findall(text, 0, place)
    return bool(tags) and not tags[-1]


def _stacked(shared: Overlap, above: Words, below: Words) -> str:
    """All of the upper text, the lower one's own first line, and what comes after the last line they share."""
    last = shared.pairs[-1][1]
    while not below.ends_line(last):
        last += 1
    line_end = LINE_END.search(below.text, below.words[last].end)
    rest = _TABLE_ENDS.sub("", below.text[line_end.end() :], count=1).rstrip("\n") if line_end else ""
    if rest and _in_table(below.text, len(below.text) - len(rest)):
        rest = f"<table>{rest}"
    own = below.line_text(0) if shared.lower_start else ""
    return "\n\n".join(filter(None, (above.text.rstrip(), own, rest)))

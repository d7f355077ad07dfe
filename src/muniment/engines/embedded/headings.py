"""Which rows are headings, and of what level."""

import re
from collections.abc import Sequence

from muniment.engines.embedded.lines import SeenLine, has_case
from muniment.engines.embedded.rows import Row

_LARGER, _LARGER_CAPITALS = 1.25, 1.45
_LARGER_AND_BOLD = 1.1
_MUCH_LARGER = 1.6
_SAME_SIZE = 1.12
_LEAST_TITLE = 1.08
_LEAST_LETTERS = 3
_LEAST_SCORE = 0.75
"""What is read worse is a signature or a drawing, however large."""
_MOST_LETTERS = 150
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S*[^\W\d_]")
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.\s*[^\W\d_]|\d{1,2}(?:\.\d{1,2})+\s")
_SENTENCE_END = re.compile(r"[.;,:]$")
_LOWEST = 6


def body_size(lines: Sequence[SeenLine]) -> float:
    """The letter size most of the text has, in pixels."""
    weighted = sorted((line.size, len(line.text)) for line in lines)
    half, seen = sum(weight for _, weight in weighted) / 2, 0
    for size, weight in weighted:
        seen += weight
        if seen >= half:
            return size
    return 1.0


def looks_like_heading(row: Row, body: float, *, titled: bool) -> bool:
    """Whether ``row`` is (part of) a heading.

    Args:
        body: the page's usual letter size in pixels.
        titled: the layout model sees a title here.
    """
    text = row.text
    if len(text) > _MOST_LETTERS or not _mostly_letters(text) or row.score < _LEAST_SCORE:
        return False
    if titled:
        return row.bold or row.size > _LEAST_TITLE * body or _SECTION.match(text) is not None
    if row.is_divided or _SENTENCE_END.search(text):
        return False
    larger = row.size >= (_LARGER if has_case(text) else _LARGER_CAPITALS) * body
    return larger or (row.bold and row.size >= _LARGER_AND_BOLD * body)


def heading_level(size: float, text: str, sizes: Sequence[float], body: float) -> int:
    """1 (largest) to 6: by the heading's own number ("2.1" is one below "2"), else by its size among the page's.

    Args:
        size: of the heading's letters in pixels.
        sizes: of all headings on the page.
        body: the page's usual letter size.
    """
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return min(numbered[1].count(".") + 2, _LOWEST)
    classes: list[float] = []
    for other in sorted(sizes, reverse=True):
        if not classes or classes[-1] > other * _SAME_SIZE:
            classes.append(other)
    rank = sum(other > size * _SAME_SIZE for other in classes)
    highest = 1 if classes and classes[0] >= _MUCH_LARGER * body else 2
    return min(highest + rank, _LOWEST)


def _mostly_letters(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return letters >= _LEAST_LETTERS and letters >= 0.5 * sum(not character.isspace() for character in text)

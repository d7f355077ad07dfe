"""Lines of running text put together."""

import re
from collections.abc import Iterable, Sequence

from muniment.text.scripts import is_wide

_HYPHENS = "-\u2010\u00ad"
_SOFT_HYPHEN = "\u00ad"
_WORD = re.compile(r"[^\W_]+(?:[-\u2010'’][^\W_]+)*")
_SPLIT_WORD = re.compile(rf"([^\W\d_]+(?:[-\u2010][^\W\d_]+)*)[{_HYPHENS}]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_KEEPS_HYPHEN = frozenset(
    {"self", "non", "well", "ill", "ex", "all", "half", "quasi", "cross", "high", "low", "long", "short"}
)
_SUSPENDED = frozenset({"and", "or", "to", "und", "oder", "et", "ou", "y", "o", "e"})


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Every word in ``texts``, lower case, compounds with hyphens as one word: what :func:`join_lines` goes by."""
    return frozenset(word.lower().replace("\u2010", "-") for text in texts for word in _WORD.findall(text))


def join_lines(lines: Sequence[str], known_words: frozenset[str] = frozenset()) -> str:
    """Lines of one paragraph as one line of text.

    A word split at a line end is put together; a hyphen that belongs to the word stays. Which it is, ``known_words``
    (:func:`words_of` the page) tells if the word occurs elsewhere, and otherwise the letters around the hyphen.
    """
    joined = ""
    for line in map(str.strip, lines):
        joined = join_two(joined, line, known_words)
    return joined


def join_two(before: str, after: str, known_words: frozenset[str] = frozenset()) -> str:
    """Two stripped pieces of one paragraph as one; see :func:`join_lines`."""
    if not before or not after:
        return before or after
    if before.endswith(_SOFT_HYPHEN):
        return before[:-1] + after
    split, follower = _SPLIT_WORD.search(before), _FIRST_WORD.match(after)
    if split is not None and follower is not None:
        return _join_word(before, split[1], follower[0], known_words) + after
    if before[-1] in _HYPHENS and len(before) > 1 and before[-2].isalnum() and after[0].isdigit():
        return before + after
    if is_wide(before[-1]) and is_wide(after[0]):
        return before + after
    return f"{before} {after}"


def _join_word(before: str, start: str, end: str, known_words: frozenset[str]) -> str:
    """``before`` as it goes on with the word ``end``: with or without its hyphen, or with a space."""
    if end.lower() in _SUSPENDED:
        return f"{before} "
    if _is_compound(start, end, known_words):
        return before
    return before[:-1]


def _is_compound(start: str, end: str, known_words: frozenset[str]) -> bool:
    whole, compound = f"{start}{end}".lower(), f"{start}-{end}".lower()
    if (whole in known_words) != (compound in known_words):
        return compound in known_words
    return end[0].isupper() or "-" in start or start.lower() in _KEEPS_HYPHEN

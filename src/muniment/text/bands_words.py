"""The words of a band's text near its cut, and where each stands."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from muniment.text.scripts import WIDE, is_wide

_TOKEN = re.compile(rf"</?[A-Za-z][^<>]*>|(?P<word>[{WIDE}]|\d+|[^\W\d_]+)")
LINE_END = re.compile(r"\n|</tr>", re.IGNORECASE)
"""Ends a line of text, or a table row where several stand in a line."""
_MOST_WEIGHT = 8
_MOST_LINE = 60
"""Letters of a line that count; a whole paragraph may stand in one."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a number or a wide character.

    Attributes:
        weight: how much it tells: its letters; digits and wide characters twice.
        line: which line or table row it stands in.
    """

    text: str
    start: int
    end: int
    weight: int
    line: int

    @property
    def is_number(self) -> bool:
        return self.text.isdecimal()


class Words:
    """Up to ``most`` words at the end or the beginning of a text."""

    def __init__(self, text: str, most: int, *, at_end: bool) -> None:
        self.text = text
        ends = [found.end() for found in LINE_END.finditer(text)]
        found = list(_words(text, ends))
        self.words = found[-most:] if at_end else found[:most]
        self.line_weights: dict[int, int] = {}
        for word in self.words:
            weight = self.line_weights.get(word.line, 0) + word.weight
            self.line_weights[word.line] = min(weight, _MOST_LINE)

    def __len__(self) -> int:
        return len(self.words)

    def begins_line(self, place: int) -> bool:
        return place == 0 or self.words[place - 1].line != self.words[place].line

    def ends_line(self, place: int) -> bool:
        return place == len(self.words) - 1 or self.words[place + 1].line != self.words[place].line

    def weight(self, start: int, end: int) -> int:
        return sum(word.weight for word in self.words[start:end])

    def line_text(self, place: int) -> str:
        """The words of the line that a word stands in, as written."""
        line = [word for word in self.words if word.line == self.words[place].line]
        return self.text[line[0].start : line[-1].end]


def _words(text: str, line_ends: list[int]) -> Iterator[Word]:
    for found in _TOKEN.finditer(text):
        word = found["word"]
        if word is not None:
            weight = min(len(word) * (2 if word.isdecimal() or is_wide(word[0]) else 1), _MOST_WEIGHT)
            yield Word(word.casefold(), found.start(), found.end(), weight, bisect_right(line_ends, found.start()))

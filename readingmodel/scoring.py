"""How much of what a page says was read wrongly."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_TAG = re.compile(r"<(table|img|watermark|page_number)>(.*?)</\1>", re.S)
_MARK = re.compile(r"^(#{1,3}|-|\d+\.|[☐☑☒])(?= )", re.M)


def distance(one: Sequence[object], other: Sequence[object]) -> int:
    """Least number of insertions, deletions and replacements between two sequences."""
    before = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            current.append(min(before[column] + 1, current[-1] + 1, before[column - 1] + (left != right)))
        before = current
    return before[-1]


def error_rate(true: Sequence[object], read: Sequence[object]) -> float:
    """Edit distance over the length of what is true; at most 1."""
    return min(1.0, distance(true, read) / max(1, len(true)))


def character_error(true: str, read: str) -> float:
    """Of the markup too; runs of white space count as one space."""
    return error_rate(" ".join(true.split()), " ".join(read.split()))


def word_error(true: str, read: str) -> float:
    return error_rate(true.split(), read.split())


@dataclass(frozen=True, slots=True)
class Marks:
    """Of the tags and marks that a page should have: how many there are, and how many were read."""

    wanted: int
    right: int

    def __add__(self, other: "Marks") -> "Marks":
        return Marks(self.wanted + other.wanted, self.right + other.right)

    @property
    def share(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0


def tags(true: str, read: str) -> Marks:
    """Page numbers, watermarks and captions with their text, each whole or wrong."""
    return _marks(*(Counter(found for found in _TAG.findall(text) if found[0] != "table") for text in (true, read)))


def marks(true: str, read: str) -> Marks:
    """Headings, list markers and boxes to tick."""
    return _marks(*(Counter(_MARK.findall(text)) for text in (true, read)))


def tables(true: str, read: str) -> Marks:
    """Tables, each right if its rows and cells are as many as they should be and nine in ten have their text."""
    wanted = [_cells(body) for name, body in _TAG.findall(true) if name == "table"]
    found = [_cells(body) for name, body in _TAG.findall(read) if name == "table"]
    right = sum(_alike(one, other) for one, other in zip(wanted, found, strict=False))
    return Marks(len(wanted), right)


def _marks(wanted: Counter[object], found: Counter[object]) -> Marks:
    return Marks(wanted.total(), (wanted & found).total())


def _cells(body: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row, re.S) for row in rows]


def _alike(one: list[list[str]], other: list[list[str]]) -> bool:
    if [len(row) for row in one] != [len(row) for row in other]:
        return False
    pairs = [(left, right) for rows in zip(one, other, strict=True) for left, right in zip(*rows, strict=True)]
    return sum(left == right for left, right in pairs) >= 0.9 * len(pairs)

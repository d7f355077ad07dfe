"""Cuts a model's text into what Markdown understands and what it has no word for, in one pass over the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "fence", "table", "pipes", "tag", "formula", "break"]

_OPENER = re.compile(
    r"^[ ]{0,3}(?P<fence>`{3,}(?=[^`\n]*+$)|~{3,})(?P<info>[^\n]*+)(?:\n|\Z)"
    # A row, then the line of dashes; or two rows that begin and end with a pipe.
    r"|(?P<pipes>^(?![ \t]*+<table)(?=[^\n|]*+\|)[^\n]*+\n(?=[^\n|]*+\|)[ \t]*+\|?+[ \t]*+:?+-[-:| \t]*+$"
    r"|^[ \t]*+\|[^\n]++(?<=\|)\n[ \t]*+\|[^\n]++(?<=\|)$)"
    r"|(?P<comment><!--)"
    r"|(?<!\\)<(?P<tag>table|img|signature|watermark|page_number)(?P<attributes>(?:\s[^<>]*+)?/?)>"
    r"|(?<!\\)(?P<formula>\$\$|\\\[)",
    re.MULTILINE | re.IGNORECASE,
)
_ROWS = re.compile(r"(?:(?![ \t]*+<table)[^\n|]*+\|[^\n]*+(?:\n|\Z))*+", re.IGNORECASE)
_TABLE_TAG = re.compile(r"(?:(?<!\\)<|<(?=/))(?P<close>/?)table(?:\s[^<>]*+)?>", re.IGNORECASE)
_TEXT_AFTER_BLANK = re.compile(r"\n[ \t]*+\n(?=[ \t]*+[^\s<])")
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_MOST_INSIDE = {"img": 20_000, "signature": 1_000, "watermark": 1_000, "page_number": 200}
"""Characters between a tag and its end; an end further away belongs to another."""
_MOST_TICKS = 8
"""Longer fences are not told apart: each length is looked for through the whole text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text.

    Attributes:
        label: a fence's language or a tag's name.
        attributes: what else stood in the tag.
        closed: whether its end was written.
        within: whether it stands in a line of text, which goes on without it.
    """

    kind: Kind
    text: str = ""
    label: str = ""
    attributes: str = ""
    closed: bool = True
    within: bool = False


class _Finder:
    """The next place where a pattern matches. Asked for places in rising order, it looks through the text once."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._pattern, self._text = pattern, text
        self._found = pattern.search(text)

    def after(self, place: int) -> re.Match[str] | None:
        while self._found is not None and self._found.start() < place:
            self._found = self._pattern.search(self._text, place)
        return self._found


class Scanner:
    """Reads one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._finders: dict[str, _Finder] = {}
        self._table_ends = _matching_tables(text)
        self._floor = 0  # before it, the line holds no text that a tag could stand within

    def pieces(self) -> Iterator[Piece]:
        """All pieces in order; between them they hold every character but marks and comments."""
        place = searched = 0
        while (opener := _OPENER.search(self._text, searched)) is not None:
            piece, end = self._piece(opener)
            if piece is None:
                searched = opener.end()
                continue
            if place < opener.start():
                yield Piece("text", self._text[place : opener.start()])
            yield piece
            place = searched = end
            if not piece.within:
                self._floor = end
        if place < len(self._text):
            yield Piece("text", self._text[place:])

    def _piece(self, opener: re.Match[str]) -> tuple[Piece | None, int]:
        """What an opener opens and where that ends; None if it is only text."""
        if opener["fence"]:
            return self._fence(opener)
        if opener["pipes"]:
            end = self._match_end(_ROWS, opener.start())
            return Piece("pipes", self._text[opener.start() : end]), end
        if opener["comment"]:
            return self._comment(opener)
        if opener["formula"]:
            return self._formula(opener)
        if opener["tag"].lower() == "table":
            return self._table(opener)
        return self._tag(opener)

    def _fence(self, opener: re.Match[str]) -> tuple[Piece, int]:
        mark, language = opener["fence"], opener["info"].strip()
        least = min(len(mark), _MOST_TICKS)
        closer = self._finder(rf"^[ ]{{0,3}}{re.escape(mark[0])}{{{least},}}+[ \t]*+$").after(opener.end())
        if closer is not None:
            return Piece("fence", self._text[opener.end() : closer.start()], language), closer.end()
        if not language:  # the end of a fence that never began
            return Piece("break"), opener.end()
        return Piece("fence", self._text[opener.end() :], language, closed=False), len(self._text)

    def _comment(self, opener: re.Match[str]) -> tuple[Piece | None, int]:
        closer = self._finder("-->").after(opener.end())
        if closer is None:
            return None, opener.end()
        within = self._stands_within(opener.start(), closer.end())
        return Piece("text" if within else "break", within=within), closer.end()

    def _formula(self, opener: re.Match[str]) -> tuple[Piece | None, int]:
        closer = self._finder(r"\$\$" if opener[0] == "$$" else r"\\\]").after(opener.end())
        if closer is None:
            return None, opener.end()
        start = self._match_end(re.compile(r"\s*+"), opener.end())
        blank = self._finder(_BLANK_LINE.pattern).after(start)
        inside = self._text[opener.end() : closer.start()]
        if not inside.strip() or (blank is not None and blank.end() < len(inside.rstrip()) + opener.end()):
            return None, opener.end()
        return Piece("formula", inside.strip()), closer.end()

    def _table(self, opener: re.Match[str]) -> tuple[Piece, int]:
        known = self._table_ends.get(opener.start())
        if known is not None:
            return Piece("table", self._text[opener.end() : known[0]]), known[1]
        ends = (self._finder(pattern.pattern).after(opener.end()) for pattern in (_TEXT_AFTER_BLANK, _TABLE_TAG))
        end = min((found.start() for found in ends if found is not None), default=len(self._text))
        return Piece("table", self._text[opener.end() : end], closed=False), end

    def _tag(self, opener: re.Match[str]) -> tuple[Piece, int]:
        name, attributes = opener["tag"].lower(), opener["attributes"]
        start = opener.end()
        closer = self._finder(rf"</{name}\s*+>").after(start)
        again = self._finder(rf"<{name}\b").after(start)
        inside_end, end = (closer.start(), closer.end()) if closer is not None else (len(self._text), len(self._text))
        closed = closer is not None and inside_end - start <= _MOST_INSIDE[name]
        if again is not None and again.start() < inside_end:
            closed = False
        if not closed:
            has_no_inside = name == "img" and attributes.strip()
            inside_end = end = start if has_no_inside else self._line_end(start)
        if again is not None and again.start() < end:
            inside_end = end = again.start()
        within = self._stands_within(opener.start(), end)
        return Piece("tag", self._text[start:inside_end], name, attributes, closed, within), end

    def _line_end(self, place: int) -> int:
        found = self._finder("\n").after(place)
        return found.start() if found is not None else len(self._text)

    def _stands_within(self, start: int, end: int) -> bool:
        """Whether text stands on the same line, before ``start`` or after ``end``."""
        while start > self._floor and self._text[start - 1] in " \t":
            start -= 1
        if start > self._floor and self._text[start - 1] != "\n":
            return True
        end = self._match_end(re.compile(r"[ \t]*+"), end)
        return end < len(self._text) and self._text[end] not in "\n<"

    def _match_end(self, pattern: re.Pattern[str], place: int) -> int:
        found = pattern.match(self._text, place)
        return found.end() if found is not None else place

    def _finder(self, pattern: str) -> _Finder:
        if pattern not in self._finders:
            flags = re.MULTILINE | re.IGNORECASE
            self._finders[pattern] = _Finder(re.compile(pattern, flags), self._text)
        return self._finders[pattern]


def _matching_tables(text: str) -> dict[int, tuple[int, int]]:
    """For the start of each table that is closed, where the tag that closes it begins and ends."""
    ends: dict[int, tuple[int, int]] = {}
    unclosed: list[int] = []
    for tag in _TABLE_TAG.finditer(text):
        if not tag["close"]:
            unclosed.append(tag.start())
        elif unclosed:
            ends[unclosed.pop()] = tag.span()
    return ends

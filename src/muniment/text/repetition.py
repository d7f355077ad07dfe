"""Loops: a model that writes the same again and again until it is stopped."""

import re
from dataclasses import dataclass

_STEP = 32
"""Characters between two looks, counted from the beginning of the text, so that pieces of any size give the same."""
_PROBE = 24
_LONGEST_UNIT = 400
_KEPT = 8_192
_MARKUP = re.compile(r"</?\w[^<>]{0,200}>|[\W_]+")

# A loop is told by how often its unit came and how long all of it is. Pages do repeat themselves: contents are set with
# dots, forms with underscores, ledgers with equal rows. The more a unit may be such a thing, the more it takes.
_EMPTY = (100, 4_000)
"""Units without a letter or digit of their own: dots, rules, empty cells."""
_ROWS = (40, 1_500)
"""Units with a line break or a cell in them: rows of a table, lines of a list."""
_PHRASE = (8, 240)
"""Units of running text as long as a phrase."""
_WORD = (40, 300)
"""Shorter ones: "no no no"."""
_PHRASE_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Loop:
    """A text's end that repeats itself.

    Attributes:
        start: where its first turn begins, in characters from the beginning of the text.
        length: characters of one turn.
        count: whole turns seen.
    """

    start: int
    length: int
    count: int


class LoopDetector:
    """Watches a text as it comes. Looks at each character a bounded number of times and keeps a bounded part."""

    def __init__(self) -> None:
        self._tail = ""
        self._seen = 0

    def feed(self, piece: str) -> Loop | None:
        """Take the next piece of text; the loop it ends in, as soon as there is one."""
        while piece:
            room = _STEP - self._seen % _STEP
            taken, piece = piece[:room], piece[room:]
            self._tail = (self._tail + taken)[-_KEPT:]
            self._seen += len(taken)
            if self._seen % _STEP == 0:
                loop = self._look()
                if loop is not None:
                    return loop
        return None

    def _look(self) -> Loop | None:
        tail = self._tail
        probe = tail[-_PROBE:]
        before = tail.rfind(probe, max(0, len(tail) - _PROBE - _LONGEST_UNIT), len(tail) - 1)
        if before < 0 or len(probe) < _PROBE:
            return None
        length = len(tail) - _PROBE - before
        unit, count = tail[-length:], 1
        while tail[-(count + 1) * length : -count * length] == unit:
            count += 1
        least_count, least_length = _limits(unit)
        if count < least_count or count * length < least_length:
            return None
        return Loop(self._seen - count * length, length, count)


def _limits(unit: str) -> tuple[int, int]:
    """Fewest turns and fewest characters of a loop of ``unit``."""
    letters = len(_MARKUP.sub("", unit))
    if not letters:
        return _EMPTY
    if "\n" in unit or "|" in unit or "<" in unit:
        return _ROWS
    return _PHRASE if letters >= _PHRASE_LETTERS else _WORD

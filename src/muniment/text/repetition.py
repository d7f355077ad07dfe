"""Loops: a model that writes the same again and again until it is stopped."""

from collections.abc import Iterator
from dataclasses import dataclass

from muniment.text.repetition_counting import CountingLines
from muniment.text.repetition_limits import LONGEST_UNIT, is_loop

_STEP = 32
"""Characters between two looks, counted from the beginning of the text, so that pieces of any size give the same."""
_PROBE = 24
"""Characters that must have come before for a look to go on."""
_KEPT = 16_384
"""Characters kept: the longest unit as often as the limits ask for, and room to spare."""
_BOUNDARIES = ("\n", ">", " ")
"""What a turn begins after, the best first."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A text's end that repeats itself.

    Attributes:
        start: where it begins, in characters from the beginning of the text; what is left when cut at
            ``start + length`` holds one turn.
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
        self._counting = CountingLines()

    def feed(self, piece: str) -> Loop | None:
        """Take the next piece of text; the loop it ends in, as soon as there is one."""
        place = 0
        while place < len(piece):
            taken = piece[place : place + _STEP - self._seen % _STEP]
            place += len(taken)
            self._tail = (self._tail + taken)[-_KEPT:]
            self._seen += len(taken)
            loop = self._counted(taken) or (self._look() if self._seen % _STEP == 0 else None)
            if loop is not None:
                return loop
        return None

    def _counted(self, taken: str) -> Loop | None:
        run = self._counting.feed(taken)
        return Loop(run.start, run.first_length, run.count) if run is not None else None

    def _look(self) -> Loop | None:
        covered = 0
        for length in self._periods():
            if length <= covered:
                continue  # a shorter unit repeats itself at least as far
            repeated = self._repeated(length)
            covered = max(covered, repeated)
            unit, count = self._tail[-length:], repeated // length
            if is_loop(unit, count):
                repeated -= self._first_boundary(repeated, length)
                return Loop(self._seen - repeated, length, repeated // length)
        return None

    def _periods(self) -> Iterator[int]:
        """Lengths of units that the text may have ended in twice, shortest first."""
        tail, last = self._tail, len(self._tail) - _PROBE
        if last <= 0:
            return
        probe, place = tail[-_PROBE:], last
        while (place := tail.rfind(probe, max(0, last - LONGEST_UNIT), place + _PROBE - 1)) >= 0:
            length = last - place
            if tail.endswith(tail[-length:], 0, len(tail) - length):
                yield length

    def _repeated(self, length: int) -> int:
        """How many of the last characters are those that stand ``length`` before them, and the first turn."""
        tail = self._tail
        same, step = length, length
        while step:  # in strides that double, and halve again at the end
            if _agree(tail, length, same, step):
                same += step
                step *= 2
            else:
                step //= 2
        return same + length

    def _first_boundary(self, repeated: int, length: int) -> int:
        """How far into its first turn the loop is taken to begin: what stood before may end like a turn by chance."""
        start = len(self._tail) - repeated
        before, turn = self._tail[max(start - 1, 0) : start], self._tail[start : start + length - 1]
        if not before.strip():
            return 0
        places = (turn.find(mark) + 1 for mark in _BOUNDARIES)
        return next(filter(None, places), 0)


def _agree(tail: str, length: int, same: int, step: int) -> bool:
    """Whether ``step`` characters before the last ``same`` are those that stand ``length`` before them."""
    end = len(tail) - same
    start = end - step
    return start >= length and tail[start:end] == tail[start - length : end - length]

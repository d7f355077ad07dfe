"""Lines that are alike but for numbers that count up: "1. n/a", "2. n/a", and so on without end."""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[0-9]{1,15}")
_LINE_END = re.compile(r"\n|</tr>")
_MOST_LINE = 400
"""A longer line is none that a model counts along, and is not kept."""
_LEAST_LINES = 300
"""An answer sheet has two hundred numbered rows, a page of four columns as many numbers. Digits alone tell little, so
this is far stricter than the limits for text that repeats itself to the letter."""
_LEAST_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class CountedRun:
    """Lines that count up: where they begin, how long the first is, how many there are."""

    start: int
    first_length: int
    count: int


class CountingLines:
    """Compares each line of a text with the one before it."""

    def __init__(self) -> None:
        self._line = ""
        self._place = 0  # where the current line begins
        self._overlong = False
        self._pattern: list[str] = []
        self._numbers: list[int] = []
        self._steps: list[int] | None = None
        self._start = self._first_length = self._count = 0

    def feed(self, piece: str) -> CountedRun | None:
        """Take the next piece, of any size but short; the run it ends in, as soon as it is too long."""
        self._line += piece
        while (end := _LINE_END.search(self._line)) is not None:
            line, self._line = self._line[: end.end()], self._line[end.end() :]
            self._take(line)
            self._place += len(line)
            self._overlong = False
            if self._count >= _LEAST_LINES and self._place - self._start >= _LEAST_LENGTH:
                return CountedRun(self._start, self._first_length, self._count)
        if len(self._line) > _MOST_LINE:
            kept = self._line[-len("</tr>") :]  # a mark for its end may have begun
            self._place += len(self._line) - len(kept)
            self._line, self._overlong = kept, True
        return None

    def _take(self, line: str) -> None:
        pattern = _NUMBER.split(line)
        numbers = [int(number) for number in _NUMBER.findall(line)]
        steps = [after - before for before, after in zip(self._numbers, numbers, strict=False)]
        if self._overlong or pattern != self._pattern or not self._goes_on(steps):
            self._start, self._first_length, self._count, steps_now = self._place, len(line), 1, None
        else:
            self._count, steps_now = self._count + 1, steps
        self._pattern, self._numbers, self._steps = [] if self._overlong else pattern, numbers, steps_now

    def _goes_on(self, steps: list[int]) -> bool:
        """Whether some number rises, and all by as much as the line before."""
        return any(step > 0 for step in steps) and self._steps in (None, steps)

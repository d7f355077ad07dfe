"""Which of an engine's answers go wrong, and how: settled by a seed and the pictures, whatever order they come in."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.marks import Mark

SHARE = 0.05
"""Of all answers, how many are errors; as many are silence, loops, cut off, and broken off."""
HOPELESS_SHARE = 0.005
"""Of all pages, those of whose pictures no answer is ever good."""


class Answer(StrEnum):
    """What an engine does with a request."""

    GOOD = "good"
    ERROR = "500"
    BUSY = "503"
    BUSY_FOR = "503 with Retry-After"
    SILENT = "silence"
    LOOPING = "loop"
    CUT_OFF = "cut off"
    BROKEN = "broken off"


_ERRORS = (Answer.ERROR, Answer.ERROR, Answer.BUSY, Answer.BUSY_FOR)
_HOPELESS = (Answer.ERROR, Answer.SILENT, Answer.LOOPING, Answer.CUT_OFF, Answer.BROKEN)
"""Not 503: that one is about the server, and the page is sent again for as long as others are read."""


@dataclass(frozen=True, slots=True)
class FaultScript:
    """The faults that ``seed`` stands for."""

    seed: int

    def answer(self, picture: bytes, time: int, mark: Mark | None) -> Answer:
        """What to do with a picture, known by its digest, of the page ``mark`` that has come ``time`` times before."""
        hopeless = None if mark is None else self.hopeless(mark)
        if hopeless is not None:
            return hopeless
        kind, rest = divmod(self._drawn(picture, time) / SHARE, 1)
        kinds = (_ERRORS[int(rest * len(_ERRORS))], Answer.SILENT, Answer.LOOPING, Answer.CUT_OFF, Answer.BROKEN)
        return kinds[int(kind)] if kind < len(kinds) else Answer.GOOD

    def hopeless(self, mark: Mark) -> Answer | None:
        """What becomes of every answer about a page that no answer is good for; None for other pages."""
        share = self._drawn(b"page", mark.document, mark.page) / HOPELESS_SHARE
        return _HOPELESS[int(share * len(_HOPELESS))] if share < 1 else None

    def _drawn(self, *what: object) -> float:
        """A number from 0 to 1, the same for the same things."""
        digest = hashlib.sha256(repr((self.seed, *what)).encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

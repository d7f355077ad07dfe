"""What pages can be asked instead of being read."""

import re
from dataclasses import dataclass
from typing import Protocol

from muniment.engines.profiles import Profile
from muniment.errors import UsageError
from muniment.reading.asking import Wish
from muniment.text import Block, Paragraph

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth.

    Attributes:
        problems: what is wrong with it, in words for the user that quote nothing of it; nothing if it is good.
        kept: how many values of it can be used all the same.
    """

    problems: tuple[str, ...] = ()
    kept: int = 0


class Question(Protocol):
    """What every page is asked."""

    def wish(self, profile: Profile) -> Wish:
        """What is wanted of a page's picture, in the words of the profile that the model is asked under."""
        ...

    def judged(self, answer: str) -> Judgement:
        """What an answer is worth."""
        ...

    def blocks_of(self, answer: str, profile: Profile) -> tuple[Block, ...]:
        """What remains of an answer; nothing if it says that the page does not tell."""
        ...


@dataclass(frozen=True, slots=True)
class PlainQuestion:
    """A question in words, answered in words: one paragraph for a page that tells, none for one that does not.

    Raises:
        UsageError: there is no question.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise UsageError("The question is empty", "Write what you want to know.")

    def wish(self, profile: Profile) -> Wish:
        return Wish(profile.question.replace("{question}", self.text.strip()))

    def judged(self, answer: str) -> Judgement:  # noqa: ARG002 - words cannot be wrong
        return Judgement()

    def blocks_of(self, answer: str, profile: Profile) -> tuple[Block, ...]:
        if _letters(answer) == _letters(profile.absent):
            return ()
        return (Paragraph(text=answer.strip()),)


def _letters(text: str) -> str:
    """``text`` without what models put around it: quotes, stops, stars."""
    return _NO_LETTER.sub(" ", text).strip().casefold()

"""The care around one page that a vision-language model is asked a question about."""

from dataclasses import replace
from typing import Protocol

from muniment.engines.profiles import Profile
from muniment.reading.asking import NoGoodError, VisionModel, Wish, ask
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.wire import Pictured
from muniment.text import Block, Flag


class Question(Protocol):
    """What every page is asked."""

    def wish(self, profile: Profile) -> Wish:
        """What is wanted of a page's picture, in the words of the profile that the model is asked under."""
        ...

    def problems_of(self, answer: str) -> tuple[str, ...]:
        """What is wrong with an answer, in words for the user that quote nothing of it; nothing if it is good."""
        ...

    def blocks_of(self, answer: str, profile: Profile) -> tuple[Block, ...]:
        """What remains of an answer; nothing if it says that the page does not tell."""
        ...


async def answer_page(picture: Pictured, model: VisionModel, question: Question) -> PageReading:
    """The page in ``picture`` with the model's answer for its block. What is wrong with it is asked for again, warmer.

    An answer with the fewest problems is kept even so: whoever asked can use what is good of it. A blank page has none.

    Raises:
        EngineError: no page can be asked.
    """
    if not picture.images:
        return replace(picture.page, attempts=(Attempt(model.served.model, "blank"),))
    wish = question.wish(model.profile)
    attempts: list[Attempt] = []
    flags = set(picture.page.flags)
    best: tuple[int, str] | None = None
    for temperature in model.profile.temperatures:
        method = f"question, temperature {temperature:g}"
        try:
            answer = await ask(model, picture.images[0], wish, temperature)
        except NoGoodError as problem:
            attempts.append(Attempt(model.served.model, method, str(problem)))
            flags |= {problem.flag} if problem.flag else set()
            if problem.is_last:
                break
            continue
        problems = question.problems_of(answer)
        attempts.append(Attempt(model.served.model, method, "; ".join(problems)))
        if best is None or len(problems) < best[0]:
            best = (len(problems), answer)
        if not problems:
            break
    page = replace(picture.page, attempts=tuple(attempts), flags=tuple(sorted(flags)))
    return unanswered(page) if best is None else replace(page, blocks=question.blocks_of(best[1], model.profile))


def unanswered(page: PageReading) -> PageReading:
    """A page whose attempts all failed, marked as such."""
    return replace(
        page,
        status=PageStatus.FAILED,
        flags=tuple(sorted({*page.flags, Flag.FAILED})),
        problem=f"Page {page.number} got no answer: {page.attempts[0].problem}",
    )

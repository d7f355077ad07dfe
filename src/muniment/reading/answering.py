"""The care around one page that a vision-language model is asked a question about."""

from dataclasses import replace

from muniment.reading.asking import NoGoodError, VisionModel, ask
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.questions import Judgement, Question
from muniment.reading.wire import Pictured
from muniment.text import Flag


async def answer_page(picture: Pictured, model: VisionModel, question: Question) -> PageReading:
    """The page in ``picture`` with the model's answer for its block. What is wrong with it is asked for again, warmer.

    The answer with the most values that can be used is kept, and of several such the one with the fewest problems. A
    blank page has none.

    Raises:
        EngineError: no page can be asked.
    """
    if not picture.images:
        return replace(picture.page, attempts=(Attempt(model.served.model, "blank"),))
    wish = question.wish(model.profile)
    attempts: list[Attempt] = []
    flags = set(picture.page.flags)
    answers: list[tuple[Judgement, str]] = []
    for temperature in model.profile.temperatures:
        method = f"question, temperature {temperature:g}"
        try:
            answer, tokens = await ask(model, picture.images[0], wish, temperature)
        except NoGoodError as problem:
            attempts.append(Attempt(model.served.model, method, str(problem), problem.tokens))
            flags |= {problem.flag} if problem.flag else set()
            if problem.is_last:
                break
        else:
            judgement = question.judged(answer)
            attempts.append(Attempt(model.served.model, method, "; ".join(judgement.problems), tokens))
            answers.append((judgement, answer))
            if not judgement.problems:
                break
    page = replace(picture.page, attempts=tuple(attempts), flags=tuple(sorted(flags)))
    if not answers:
        return unanswered(page)
    _, best = max(answers, key=lambda judged: (judged[0].kept, -len(judged[0].problems)))
    return replace(page, blocks=question.blocks_of(best, model.profile))


def unanswered(page: PageReading) -> PageReading:
    """A page whose attempts all failed, marked as such."""
    return replace(
        page,
        status=PageStatus.FAILED,
        flags=tuple(sorted({*page.flags, Flag.FAILED})),
        problem=f"page {page.number} got no answer: {page.attempts[0].problem}",
    )

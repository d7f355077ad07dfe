"""A page that a model is asked a question about: what is accepted, what is asked again, and what is kept."""

import asyncio
from dataclasses import dataclass

from muniment.engines.openai import Completion, Deadly, Served
from muniment.engines.profiles import Profile
from muniment.reading import PageReading, PageStatus
from muniment.reading.answering import answer_page
from muniment.reading.asking import VisionModel, Wish
from muniment.reading.data import Tokens
from muniment.reading.questions import Judgement, PlainQuestion, Question
from muniment.reading.wire import Pictured
from muniment.text import Block, Flag, Paragraph
from tests.reading.test_vision import IMAGE, PAGE, Answer, Model, methods

PROFILE = Profile(name="p", prompt="Read.", question="Q: {question}", temperatures=(0.0, 0.3, 0.6))
CUT = Completion("…", "length")


@dataclass(frozen=True)
class Digits:
    """Wants digits: each letter in an answer is a problem, each digit can be used."""

    def wish(self, profile: Profile) -> Wish:
        return Wish(f"Digits, {profile.name}.", {"type": "json_object"})

    def judged(self, answer: str) -> Judgement:
        letters = tuple("a letter" for character in answer if character.isalpha())
        return Judgement(letters, sum(map(str.isdigit, answer)))

    def blocks_of(self, answer: str, profile: Profile) -> tuple[Block, ...]:  # noqa: ARG002
        return (Paragraph(text=f"kept {answer}"),)


def answer(question: Question, *answers: Answer, images: int = 1) -> tuple[PageReading, Model]:
    model = Model(*answers)
    served = VisionModel(model, Served("ocr2", 0), PROFILE, 5.0)
    return asyncio.run(answer_page(Pictured(PAGE, (IMAGE,) * images), served, question)), model


def said(text: str) -> Completion:
    return Completion(text, "stop")


def test_the_question_stands_in_the_prompts_place_and_the_answer_is_the_block() -> None:
    page, model = answer(PlainQuestion("What is the total?"), said(" 1,200 euros.\n"))
    assert model.asked[0].prompt == "Q: What is the total?"
    assert model.asked[0].response_format is None
    assert (page.status, page.blocks) == (PageStatus.READ, (Paragraph(text="1,200 euros."),))
    assert (page.number, page.width) == (PAGE.number, PAGE.width)


def test_tokens_are_counted_of_every_answer() -> None:
    page, _ = answer(Digits(), Completion("a1", "stop", 30, 2), Completion("…", "length", 30, 9), said("12"))
    assert page.tokens == Tokens(60, 11)


def test_a_page_that_does_not_tell_has_no_block() -> None:
    page, _ = answer(PlainQuestion("Who?"), said("**Not mentioned.**"))
    assert (page.status, page.blocks) == (PageStatus.READ, ())


def test_a_blank_page_is_not_asked() -> None:
    page, model = answer(PlainQuestion("Who?"), images=0)
    assert model.asked == []
    assert (page.status, page.blocks) == (PageStatus.READ, ())


def test_an_answer_that_does_not_come_to_its_end_is_asked_for_again_warmer() -> None:
    page, model = answer(PlainQuestion("Who?"), CUT, Completion("…", "repetition"), said("Ana"))
    assert [request.temperature for request in model.asked] == [0.0, 0.3, 0.6]
    assert page.blocks == (Paragraph(text="Ana"),)
    assert page.flags == (Flag.REPETITION, Flag.TRUNCATED)


def test_when_no_answer_comes_the_page_has_failed_and_says_why() -> None:
    page, _ = answer(PlainQuestion("Who?"), CUT, CUT, CUT)
    assert (page.status, page.blocks) == (PageStatus.FAILED, ())
    assert page.problem.startswith("page 4 got no answer: the answer was cut off")
    assert page.flags == (Flag.FAILED, Flag.TRUNCATED)


def test_a_page_that_ends_the_engine_is_not_asked_again() -> None:
    page, model = answer(PlainQuestion("Who?"), Deadly("vLLM ended over it"), said("Ana"))
    assert len(model.asked) == 1
    assert page.status is PageStatus.FAILED


def test_what_is_wrong_with_an_answer_is_asked_for_again_and_remembered() -> None:
    page, model = answer(Digits(), said("a1"), said("12"))
    assert model.asked[0].prompt == "Digits, p."
    assert model.asked[0].response_format == {"type": "json_object"}
    assert page.blocks == (Paragraph(text="kept 12"),)
    assert methods(page) == [("question, temperature 0", "a letter"), ("question, temperature 0.3", "")]


def test_the_answer_that_tells_most_is_kept_if_none_is_good() -> None:
    page, _ = answer(Digits(), said("a"), said("abc12"), said("a1"))
    assert (page.status, page.blocks) == (PageStatus.READ, (Paragraph(text="kept abc12"),))


def test_of_answers_that_tell_as_much_the_one_with_the_fewest_problems_is_kept() -> None:
    page, _ = answer(Digits(), said("ab12"), said("a12"), CUT)
    assert (page.status, page.blocks) == (PageStatus.READ, (Paragraph(text="kept a12"),))

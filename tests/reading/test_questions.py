"""A question in words, and when an answer says that the page does not tell."""

import pytest

from muniment.engines.profiles import Profile, load_profile
from muniment.errors import UsageError
from muniment.reading import PlainQuestion
from muniment.text import Paragraph

PROFILE = Profile(name="p", prompt="Read.")


@pytest.mark.parametrize("answer", ["Not mentioned.", "not mentioned", ' "Not mentioned." ', "**Not mentioned**\n"])
def test_an_answer_that_says_so_is_none(answer: str) -> None:
    assert PlainQuestion("Who?").blocks_of(answer, PROFILE) == ()


@pytest.mark.parametrize("answer", ["Not mentioned by name, but he signs.", "The total is not mentioned twice.", "-"])
def test_an_answer_with_more_in_it_is_one(answer: str) -> None:
    assert PlainQuestion("Who?").blocks_of(answer, PROFILE) == (Paragraph(text=answer),)


def test_another_model_may_say_it_in_other_words() -> None:
    other = Profile(name="p", prompt="Read.", absent="N/A", question="{question} Or N/A.")
    assert PlainQuestion("Who?").blocks_of("n/a", other) == ()
    assert PlainQuestion(" Who? ").wish(other).prompt == "Who? Or N/A."


def test_a_model_that_is_not_trained_for_it_is_told_how_to_say_so() -> None:
    assert PlainQuestion("Who?").wish(PROFILE).prompt.startswith("Who?\n")
    assert PlainQuestion("Who?").wish(PROFILE).prompt.endswith("Not mentioned.")
    assert PlainQuestion("Who?").wish(load_profile("nanonets-ocr2")).prompt == "Who?"


def test_a_question_with_braces_is_asked_as_it_is() -> None:
    bare = Profile(name="p", prompt="Read.", question="{question}")
    assert PlainQuestion("What is {x} in {question}?").wish(bare).prompt == "What is {x} in {question}?"


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(UsageError, match="empty"):
        PlainQuestion(" \n")

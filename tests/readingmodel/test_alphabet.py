import pytest
from hypothesis import given
from hypothesis import strategies as st

from readingmodel import alphabet
from readingmodel.samples import NOTHING


@given(st.text("".join(token for token in alphabet.READABLE if len(token) == 1)))
def test_a_text_comes_back_from_its_tokens(text: str) -> None:
    assert alphabet.text(alphabet.numbers(text)) == text


def test_a_tag_is_one_token() -> None:
    assert alphabet.text([alphabet.number("<table>"), alphabet.number("</td>")]) == "<table></td>"


def test_special_tokens_say_nothing() -> None:
    assert alphabet.text([alphabet.START, *alphabet.numbers("a"), alphabet.END]) == "a"


def test_what_has_no_token_is_refused() -> None:
    with pytest.raises(KeyError):
        alphabet.numbers("Ω")


def test_every_byte_has_a_token_so_that_no_prompt_is_refused() -> None:
    assert set(alphabet.byte_letters().values()) <= set(alphabet.VOCABULARY)


def test_tokens_are_numbered_without_a_gap_and_answers_fit_into_bytes() -> None:
    assert sorted(alphabet.VOCABULARY.values()) == list(range(len(alphabet.VOCABULARY)))
    assert max(alphabet.BLANK, alphabet.END) < NOTHING

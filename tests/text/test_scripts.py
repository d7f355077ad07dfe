"""Scripts without spaces, and sentences."""

import pytest

from muniment.text.scripts import ends_sentence, is_wide


def test_punctuation_of_wide_scripts_is_wide_and_latin_letters_are_not() -> None:
    assert [is_wide(character) for character in "字。ｶ　ア"] == [True, True, False, True, True]
    assert not any(is_wide(character) for character in "aÉß7.£")


@pytest.mark.parametrize("text", ["It is.", "Is it? ", "as follows:", "结束。"])
def test_what_ends_a_sentence_needs_nothing_after_it(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", "of the", "Wexmouth", "one,", "3.5 kg"])
def test_anything_else_may_go_on(text: str) -> None:
    assert not ends_sentence(text)

"""Lines of running text put together, and what becomes of the hyphens at their ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text.paragraphs import join_lines, join_two, words_of

_HYPHENS = "-\u2010\u00ad"
_any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)


def letters(text: str) -> str:
    return "".join(character for character in text if not character.isspace() and character not in _HYPHENS)


def test_lines_are_joined_with_spaces() -> None:
    assert join_lines(["The lease", "ends in", "May."]) == "The lease ends in May."


def test_empty_lines_and_white_at_the_ends_add_nothing() -> None:
    assert join_lines(["", "  The lease ", " ", "ends"]) == "The lease ends"
    assert join_lines([]) == ""


@pytest.mark.parametrize("hyphen", _HYPHENS)
def test_a_word_split_at_the_line_end_is_put_together(hyphen: str) -> None:
    assert join_lines([f"an agree{hyphen}", "ment of ours"]) == "an agreement of ours"


def test_a_hyphen_stays_where_the_compound_stands_elsewhere_on_the_page() -> None:
    known = words_of(["every land-owner knows"])
    assert join_lines(["the land-", "owner"], known) == "the land-owner"


def test_a_hyphen_goes_where_the_whole_word_stands_elsewhere_on_the_page() -> None:
    known = words_of(["Highlands"])
    assert join_lines(["the high-", "lands"], known) == "the highlands"
    assert join_lines(["the high-", "lands"]) == "the high-lands"


def test_a_page_that_has_both_spellings_tells_nothing() -> None:
    known = words_of(["agreement", "agree-ment"])
    assert join_lines(["agree-", "ment"], known) == "agreement"


@pytest.mark.parametrize(
    ("start", "end"), [("Franco-", "Prussian"), ("self-", "made"), ("state-of-", "the"), ("X-", "Ray")]
)
def test_a_hyphen_stays_in_what_looks_like_a_compound(start: str, end: str) -> None:
    assert join_two(start, end) == f"{start}{end}"


@pytest.mark.parametrize("follower", ["and", "or", "und", "oder", "et"])
def test_a_suspended_hyphen_keeps_its_space(follower: str) -> None:
    assert join_lines(["pre-", f"{follower} post-war"]) == f"pre- {follower} post-war"


def test_numbers_with_hyphens_run_on() -> None:
    assert join_lines(["pages 10-", "12 and reference A-", "7"]) == "pages 10-12 and reference A-7"


def test_a_dash_of_its_own_is_no_hyphen() -> None:
    assert join_lines(["the house -", "our house"]) == "the house - our house"
    assert join_lines(["-", "7"]) == "- 7"


def test_chinese_lines_are_joined_without_a_space() -> None:
    assert join_lines(["合同于五月", "终止。", "谢谢"]) == "合同于五月终止。谢谢"


def test_chinese_beside_latin_letters_keeps_a_space() -> None:
    assert join_lines(["合同", "Muniment", "终止"]) == "合同 Muniment 终止"


def test_words_are_known_in_lower_case_with_any_hyphen_as_a_plain_one() -> None:
    assert words_of(["Land\u2010Owners don't", "know 12"]) == {"land-owners", "don't", "know", "12"}


@settings(deadline=None)
@given(st.lists(_any_text, max_size=6), st.lists(_any_text, max_size=4))
def test_no_letters_are_lost_but_hyphens(lines: list[str], elsewhere: list[str]) -> None:
    assert letters(join_lines(lines, words_of(elsewhere))) == letters("".join(lines))


@settings(deadline=None)
@given(_any_text.map(str.strip), _any_text.map(str.strip))
def test_two_pieces_are_joined_by_at_most_one_space(before: str, after: str) -> None:
    assert len(join_two(before, after)) <= len(before) + len(after) + 1

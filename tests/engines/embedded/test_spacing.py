"""Spaces between words come from the model's second choice and from the gaps that the page shows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded.spacing import gaps_between, ink_columns, word_ends
from tests.engines.embedded.writing import blank, strip

HEIGHT = 48.0


def words(text: str, weights: dict[int, float], gaps: dict[int, float], usual: float = 2.0) -> str:
    """``text`` as spelt with these weights of a space and gaps after its letters; other gaps are ``usual``."""
    count = len(text)
    spaces = np.array([weights.get(place, 0.0) for place in range(count)], np.float32)
    columns = np.array([gaps.get(place, usual) for place in range(count - 1)], np.float32)
    ends = word_ends(tuple(text), spaces, columns, HEIGHT)
    return "".join(letter + (" " if end else "") for letter, end in zip(text, [*ends, False], strict=True))


def test_a_second_choice_of_some_weight_is_a_space_by_itself() -> None:
    assert words("newspine", {2: 0.3}, {}) == "new spine"


def test_a_faint_second_choice_needs_a_gap_that_stands_out() -> None:
    assert words("newspine", {2: 0.05}, {2: 12}) == "new spine"
    assert words("newspine", {2: 0.05}, {2: 3}) == "newspine"


def test_a_gap_that_the_model_sees_no_space_in_must_be_wide() -> None:
    assert words("newspine", {}, {2: 20}) == "new spine"
    assert words("newspine", {}, {2: 12}) == "newspine"


def test_letterspaced_words_stay_whole() -> None:
    assert words("APPENDIX", {}, {}, usual=18) == "APPENDIX"


def test_chinese_and_japanese_take_no_space_from_a_gap() -> None:
    assert words("第一章总则", {}, {2: 30}) == "第一章总则"
    assert words("第一章总则", {2: 0.9}, {2: 30}) == "第一章 总则"


def test_one_letter_and_none_have_no_word_ends() -> None:
    assert words("a", {}, {}) == "a"
    assert word_ends((), np.empty(0, np.float32), np.empty(0, np.float32), HEIGHT) == []


def test_ink_is_found_on_light_and_dark_paper_alike() -> None:
    dark_on_light, light_on_dark = ink_columns(strip("ink")), ink_columns(strip("ink", ink=255, paper=0))
    assert dark_on_light.any()
    assert not dark_on_light.all()
    assert np.array_equal(dark_on_light, light_on_dark)


def test_faint_ink_is_ink_and_plain_paper_is_not() -> None:
    assert ink_columns(strip("ink", ink=190, paper=230)).any()
    assert not ink_columns(blank(48, 200)).any()
    assert not ink_columns(blank(48, 200, 0)).any()


def test_the_widest_stretch_without_ink_counts() -> None:
    ink = np.ones(40, bool)
    ink[[12, 13, 20, 21, 22, 23, 24]] = False
    assert gaps_between(np.array([10.0, 30.0, 38.0], np.float32), ink).tolist() == [5.0, 0.0]


@given(
    st.lists(st.floats(0, 400, width=32), max_size=12),
    st.integers(0, 300),
    st.booleans(),
)
def test_gaps_lie_between_letters_wherever_these_stand(centres: list[float], width: int, inked: bool) -> None:
    gaps = gaps_between(np.array(sorted(centres), np.float32), np.full(width, inked))
    assert len(gaps) == max(len(centres) - 1, 0)
    assert (gaps >= 0).all()
    assert not inked or not width or centres[-1:] >= [width] or max(centres, default=0) >= width or not gaps.any()


@given(st.integers(1, 60), st.integers(1, 300), st.integers(0, 255))
def test_an_image_of_any_size_has_as_many_columns_as_it_is_wide(height: int, width: int, shade: int) -> None:
    assert not ink_columns(blank(height, width, shade)).any()
    assert ink_columns(blank(height, width, shade)).shape == (width,)

"""Bands of a page are put together without double lines and without losing any."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text.bands import join_bands

LINES = [f"Line {number} tells of ship {number * 37} and her {number * 11} barrels." for number in range(30)]


@given(st.integers(5, 25), st.integers(1, 8))
def test_a_text_cut_with_an_overlap_comes_out_as_it_was(cut: int, shared: int) -> None:
    upper, lower = LINES[:cut], LINES[max(cut - shared, 0) :]
    assert join_bands("\n".join(upper), "\n".join(lower)).split("\n") == LINES


def test_small_misreadings_double_no_line() -> None:
    lower = [line.replace("ship", "shlp") for line in LINES[8:12]] + LINES[12:]
    assert len(join_bands("\n".join(LINES[:12]), "\n".join(lower)).split("\n")) == len(LINES)


def test_a_line_read_from_half_its_height_gives_way_to_the_whole_one() -> None:
    upper = [*LINES[:10], "l ne 1u teIls ol shlp"]
    lower = ["ine 7 t lls f", *LINES[8:]]
    assert join_bands("\n".join(upper), "\n".join(lower)).split("\n") == LINES


def test_without_an_overlap_both_stand_whole() -> None:
    assert join_bands("One.\n", "Two.") == "One.\n\nTwo."


PARAGRAPH = " ".join(LINES[:12])
ROWS = [f"<tr><td>Ship {number}</td><td>{number * 37}.50</td><td></td></tr>" for number in range(40)]
WORDS = st.sampled_from(
    ["harbour", "quay", "lock", "gate", "barrel", "ship", "tide", "wages", "pound", "mooring", "dues"]
)


@given(st.lists(st.lists(WORDS, min_size=4, max_size=8), min_size=6, max_size=12), st.data())
def test_any_text_of_distinct_lines_comes_out_as_it_was(lines: list[list[str]], data: st.DataObject) -> None:
    texts = [f"{number} {' '.join(words)}" for number, words in enumerate(lines)]
    shared = data.draw(st.integers(1, 3))
    cut = data.draw(st.integers(shared, len(texts) - 1))
    assert join_bands("\n".join(texts[:cut]), "\n".join(texts[cut - shared :])) == "\n".join(texts)


@pytest.mark.parametrize("shared", [1, 2, 5])
def test_a_ledger_whose_rows_are_alike_but_for_numbers_loses_no_row(shared: int) -> None:
    rows = [f"| {number} May | Mooring of a barge at the old quay | {number * 7}.50 |" for number in range(1, 25)]
    assert join_bands("\n".join(rows[:12]), "\n".join(rows[12 - shared :])) == "\n".join(rows)
    without_overlap = join_bands("\n".join(rows[:12]), "\n".join(rows[12:]))
    assert [line for line in without_overlap.split("\n") if line] == rows


@pytest.mark.parametrize("shared", [0, 1, 3])
def test_rows_that_are_alike_but_for_a_name_are_not_taken_for_each_other(shared: int) -> None:
    names = ["Smith", "Oddfield", "Carter", "Wren", "Babbage", "Unwin", "Pilling", "Thorpe", "Ingham", "Moss"]
    rows = [f"| Deposit paid by {name} | none |" for name in names]
    joined = join_bands("\n".join(rows[:5]), "\n".join(rows[5 - shared :]))
    assert [line for line in joined.split("\n") if line] == rows


@given(st.integers(220, 400), st.integers(40, 150))
def test_a_paragraph_in_one_line_is_joined_within_it(cut: int, shared: int) -> None:
    cut = PARAGRAPH.index(" ", cut)
    start = PARAGRAPH.rindex(" ", 0, cut - shared) + 1
    assert join_bands(PARAGRAPH[:cut], PARAGRAPH[start:]) == PARAGRAPH


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("ending", ["</table>", "", "<tr><td>Shlp"])
def test_a_table_cut_by_the_bands_is_one_again(end: str, ending: str) -> None:
    upper = f"Dues\n\n<table>{end.join(ROWS[:20])}{end}{ending}"
    lower = f"<table>{end.join(ROWS[17:])}</table>\n\nEnd."
    joined = join_bands(upper, lower)
    assert joined.count("<table>") == joined.count("</table>") == 1
    assert re.findall(r"Ship (\d+)<", joined) == [str(number) for number in range(40)]


def test_a_table_that_the_lower_band_has_as_pipes_is_not_mixed_with_it() -> None:
    lower = "\n".join(f"| Ship {number} | {number * 37}.50 | |" for number in range(17, 25))
    joined = join_bands(f"<table>{''.join(ROWS[:20])}</table>", lower)
    assert joined == f"<table>{''.join(ROWS[:20])}</table>\n\n" + "\n".join(lower.split("\n")[3:])


def test_a_line_that_only_one_band_read_is_kept() -> None:
    upper, lower = LINES[:12], LINES[6:]
    for missing in range(7, 11):
        without = [line for line in lower if line != LINES[missing]]
        assert join_bands("\n".join(upper), "\n".join(without)).split("\n") == LINES
        without = [line for line in upper if line != LINES[missing]]
        assert join_bands("\n".join(without), "\n".join(lower)).split("\n") == LINES


def test_a_last_line_of_its_own_is_kept() -> None:
    joined = join_bands("\n".join([*LINES[:10], "12 of a different kind"]), "\n".join(LINES[7:]))
    assert "12 of a different kind" in joined
    assert [line for line in joined.split("\n") if line in LINES] == LINES


def test_a_few_words_in_common_are_no_overlap() -> None:
    upper, lower = "Nobody was seen in the harbour", "In the harbour stood a crane."
    assert join_bands(upper, lower) == f"{upper}\n\n{lower}"


def test_scripts_without_spaces_are_joined_too() -> None:
    text = "港口在一月关闭了两天因为海浪很大船只不能进入码头工人们等待天气好转然后继续卸货直到晚上灯塔亮起来为止"
    assert join_bands(text[:35], text[18:]) == text


@settings(deadline=None)
@given(st.integers(0, 19), st.integers(0, 9))
def test_misread_letters_anywhere_double_no_line(step: int, letter: int) -> None:
    """One letter in every twenty of the lower band is another."""
    lower = list("\n".join(LINES[12:]))
    for place in range(step, len(lower), 20):
        if lower[place].isalpha():
            lower[place] = "kxqzjvwyfb"[letter]
    joined = join_bands("\n".join(LINES[:18]), "".join(lower)).split("\n")
    assert len(joined) == len(LINES)
    assert joined[:13] == LINES[:13]


def test_texts_of_one_word_repeated_are_joined_soon() -> None:
    assert "a" in join_bands("a " * 200_000, "a " * 200_000)
    assert "<" in join_bands("<" * 200_000, "<td" * 100_000)


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_texts_the_upper_one_is_kept_but_for_its_last_line(upper: str, lower: str) -> None:
    joined = join_bands(upper, lower)
    assert joined.startswith("\n".join(upper.rstrip().split("\n")[:-1]))

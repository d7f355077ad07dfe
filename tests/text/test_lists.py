"""What begins a list item, and how deep items stand."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text.lists import MarkedText, depths, split_marker


@pytest.mark.parametrize(
    ("line", "marker", "text"),
    [
        ("• Keys", "•", "Keys"),
        ("•Keys", "•", "Keys"),
        ("- Keys", "-", "Keys"),
        ("– Keys", "–", "Keys"),
        ("* Keys", "*", "Keys"),
        ("■ Keys", "■", "Keys"),
        ("\uf0b7 Keys", "•", "Keys"),
        ("\uf02d Keys", "-", "Keys"),
        ("一 Keys", "–", "Keys"),
        ("1. Keys", "1.", "Keys"),
        ("12) Keys", "12)", "Keys"),
        ("3.Keys", "3.", "Keys"),
        ("(4) Keys", "(4)", "Keys"),
        ("(4)Keys", "(4)", "Keys"),
        ("(a) Keys", "(a)", "Keys"),
        ("(iv) Keys", "(iv)", "Keys"),
        ("a) Keys", "a)", "Keys"),
        ("ii) Keys", "ii)", "Keys"),
        ("b. Keys", "b.", "Keys"),
        ("iv. Keys", "iv.", "Keys"),
        ("  •  Keys  ", "•", "Keys"),
        ("•", "•", ""),
        ("7.", "7.", ""),
    ],
)
def test_a_marker_is_told_from_its_text(line: str, marker: str, text: str) -> None:
    assert split_marker(line) == MarkedText(marker, text)


@pytest.mark.parametrize(
    "line",
    [
        *("", "Keys", "-5 degrees", "–5", "*keys*", "-keys", "3.5 metres", "1.1 Scope", "2024. A year", "A. Smith"),
        *("e.g. keys", "(see below) keys", "(2024) keys", "mm) keys", "一 二", "一月", "1 Keys", "12.05.2024"),
    ],
)
def test_what_only_looks_like_a_marker_is_none(line: str) -> None:
    assert split_marker(line) is None


def test_bullets_and_counts_are_told_apart() -> None:
    marked = {marker: MarkedText(marker, "") for marker in ("•", "3.", "(12)", "a)")}
    assert [text.is_bullet for text in marked.values()] == [True, False, False, False]
    assert [text.number for text in marked.values()] == [None, 3, 12, None]


def test_items_at_one_indent_are_of_one_depth() -> None:
    assert depths([10, 11, 9.5, 10], 2) == [0, 0, 0, 0]


def test_an_item_further_in_is_deeper_and_one_further_out_closes_levels() -> None:
    assert depths([0, 10, 20, 10, 20, 0, 10], 2) == [0, 1, 2, 1, 2, 0, 1]


def test_an_item_far_out_closes_all_levels_at_once() -> None:
    assert depths([0, 10, 20, 30, 0], 2) == [0, 1, 2, 3, 0]


def test_a_list_that_begins_further_in_has_its_first_item_at_depth_0() -> None:
    assert depths([20, 0, 20], 2) == [0, 0, 1]


def test_no_items_have_no_depths() -> None:
    assert depths([], 2) == []


@settings(deadline=None)
@given(st.lists(st.floats(-1000, 1000)), st.floats(0, 100))
def test_depths_begin_at_0_and_grow_by_one_at_most(indents: list[float], tolerance: float) -> None:
    found = depths(indents, tolerance)
    assert len(found) == len(indents)
    assert all(depth >= 0 for depth in found)
    assert found[:1] in ([], [0])
    assert all(after <= before + 1 for before, after in pairwise(found))


@settings(deadline=None)
@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.from_regex(r"[-•(]?[a-z0-9]{0,3}[.)]? ?\w*")
)
def test_a_marker_and_its_text_are_the_whole_line(line: str) -> None:
    found = split_marker(line)
    if found is None:
        return
    assert found.marker
    assert found.text == found.text.strip()
    assert line.strip().endswith(found.text)
    if line.strip()[0] not in "一\uf0b7\uf0a7\uf0d8\uf076\uf02d":
        assert "".join(f"{found.marker}{found.text}".split()) == "".join(line.split())

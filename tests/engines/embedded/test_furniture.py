"""Running heads, running feet and page numbers, and what at a page's edge is none."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.furniture import Furniture, find_furniture, is_page_number
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from tests.engines.embedded.laying import PITCH, SIZE, any_lines, any_regions, any_text, line, region, texts, typed

PAGE = 1400.0
"""Height of the page in pixels."""
TEXT = typed(*["The lease of the house and of the garden ends in May"] * 38, y=150)
HEAD = (0.0, 20.0, 1000.0, 80.0)


def found(*lines: SeenLine, regions: tuple[Region, ...] = ()) -> list[Furniture]:
    return find_furniture([*lines, *TEXT], regions, PAGE, SIZE)


def told(items: list[Furniture]) -> list[tuple[str, bool, bool]]:
    """Of each piece: its text, whether it is the number, whether it is on top."""
    return [(" ".join(texts(item.lines)), item.is_number, item.on_top) for item in items]


@pytest.mark.parametrize(
    "text",
    [
        *("14", "- 3 -", "– 3 –", "Page 3 of 9", "page 3", "p. 12", "xii", "IV", "3/9", "Seite 3 von 9", "[7]", "| 8"),
        *("Página 2 de 3", "página 2", "12 | 30", "1024"),
    ],
)
def test_page_numbers_have_many_forms(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "Page", "12345", "3 houses", "12.05", "A3", "Page 3 of the lease", "1,2", "Civil", "ill", "LLC", "Vil"],
)
def test_what_is_no_page_number(text: str) -> None:
    assert not is_page_number(text)


@pytest.mark.parametrize(("y", "on_top"), [(50, True), (1340, False)])
def test_a_number_that_stands_apart_at_an_edge_is_the_pages(y: float, on_top: bool) -> None:
    assert told(found(line("- 3 -", 400, y))) == [("- 3 -", True, on_top)]


def test_a_number_right_above_the_text_is_text() -> None:
    assert found(line("3", 100, 114)) == []


def test_a_number_amid_the_page_is_text() -> None:
    assert find_furniture(typed("The lease", 3, "14", 3, "ends", y=400), (), PAGE, SIZE) == []


def test_a_running_head_with_a_number_at_either_end_is_taken_apart() -> None:
    assert told(found(*typed("14      The Lease of the House", y=50))) == [
        ("14", True, True),
        ("The Lease of the House", False, True),
    ]
    assert told(found(*typed("The Lease of the House      14", y=50))) == [
        ("The Lease of the House", False, True),
        ("14", True, True),
    ]


def test_pieces_of_a_head_that_stand_far_apart_are_pieces_of_their_own() -> None:
    head = region(RegionKind.HEADER, HEAD)
    lines = typed("Smith & Jones            The Lease", y=50)
    assert [text for text, _, _ in told(found(*lines, regions=(head,)))] == ["Smith & Jones", "The Lease"]
    lines = typed("Smith & Jones   The Lease", y=50)
    assert [text for text, _, _ in told(found(*lines, regions=(head,)))] == ["Smith & Jones The Lease"]


def test_a_head_without_a_number_needs_the_layout_models_word() -> None:
    lines = typed("The Lease of the House", y=50)
    assert found(*lines) == []
    assert len(found(*lines, regions=(region(RegionKind.HEADER, HEAD),))) == 1


@pytest.mark.parametrize(
    "other",
    [
        region(RegionKind.HEADER, HEAD, score=0.45),
        region(RegionKind.TEXT, HEAD),
        region(RegionKind.HEADER, (0, 20, 1000, 400)),
    ],
)
def test_regions_that_are_unsure_no_heads_or_reach_into_the_page_do_not_count(other: Region) -> None:
    assert found(*typed("The Lease of the House", y=50), regions=(other,)) == []


def test_a_letterhead_is_no_furniture() -> None:
    head = region(RegionKind.HEADER, HEAD)
    assert found(line("Smith & Jones", 100, 30, size=30), regions=(head,)) == []
    assert found(line("Smith & Jones", 100, 30, size=30), line("12 Long Lane", 500, 35, size=16), regions=(head,)) == []


def test_small_print_far_below_the_text_is_furniture() -> None:
    small = line("Smith Ltd, registered in England", 100, 1350, size=14)
    assert told(found(small)) == [("Smith Ltd, registered in England", False, False)]


def test_small_print_right_below_the_text_is_text() -> None:
    assert found(line("1 As of May", 100, 150 + 38 * PITCH, size=14)) == []


def test_two_rows_at_an_edge_are_furniture_from_top_to_bottom() -> None:
    foot = region(RegionKind.FOOTER, (0, 1300, 1000, 1400))
    lines = [*typed("Smith Ltd", y=1310), line("7", 400, 1360)]
    assert told(found(*lines, regions=(foot,))) == [("Smith Ltd", False, False), ("7", True, False)]


def test_a_page_of_a_single_row_has_no_furniture() -> None:
    assert find_furniture([line("7", 400, 50)], [region(RegionKind.HEADER, HEAD)], PAGE, SIZE) == []
    assert find_furniture([], (), PAGE, SIZE) == []


@settings(deadline=None)
@given(any_lines(), any_regions(), st.floats(0, 500), st.floats(0, 90))
def test_no_line_is_furniture_twice(lines: list[SeenLine], regions: list[Region], height: float, body: float) -> None:
    taken = Counter(id(piece) for item in find_furniture(lines, regions, height, body) for piece in item.lines)
    assert set(taken) <= set(map(id, lines))
    assert set(taken.values()) <= {1}


@settings(deadline=None)
@given(any_text)
def test_any_text_is_a_page_number_or_not(text: str) -> None:
    assert is_page_number(text) in (True, False)


@pytest.mark.parametrize("row", [("Total due", "4200"), ("Item", "2019", "2020"), ("Total", "1335", "1384")])
def test_a_tables_last_row_at_the_edge_is_no_furniture(row: tuple[str, ...]) -> None:
    pieces = [line(text, x=100.0 + 300 * place, y=1340.0) for place, text in enumerate(row)]
    assert found(*pieces) == []

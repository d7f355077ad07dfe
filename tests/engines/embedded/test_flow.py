"""One column's lines as headings, paragraphs, lists and check boxes."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.flow import passages_of
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row
from tests.engines.embedded.laying import PITCH, SIZE, any_lines, line, typed

Told = list[tuple[str, list[str]]]

PROSE = (
    "The lease of the house and of the garden behind it",
    "ends in May or at the latest on the first of June,",
    "whatever else the landlord and the tenant agree to",
    "and whether or not it has been put into a deed. In",
    "any other case it goes on for one year and for one",
)
ENDING = "more."


def nothing(_row: Row) -> bool:
    return False


def told(lines: Sequence[SeenLine], is_titled: Callable[[Row], bool] = nothing) -> Told:
    """Of each passage: its kind, and the texts of its rows."""
    return [(passage.kind.value, [row.text for row in passage.rows]) for passage in passages_of(lines, SIZE, is_titled)]


def texts_of(*rows: str | float) -> list[int]:
    """How many rows each passage has."""
    return [len(passage) for _, passage in told(typed(*rows))]


def test_rows_that_fill_the_column_are_one_paragraph() -> None:
    assert told(typed(*PROSE, ENDING)) == [("text", [*PROSE, ENDING])]


def test_a_row_that_ends_early_ends_its_paragraph() -> None:
    assert texts_of(*PROSE, ENDING, *PROSE, ENDING) == [6, 6]


def test_a_row_that_ends_early_amid_a_sentence_ends_nothing() -> None:
    ragged = ("The lease of the house and of the", "garden behind it ends in May or at the latest")
    assert texts_of(*ragged, *PROSE[2:]) == [5]


def test_a_wider_step_ends_a_paragraph() -> None:
    assert texts_of(*PROSE, 0.3, *PROSE) == [5, 5]
    assert texts_of(*PROSE, 0.1, "and on", *PROSE) == [6, 5]


def test_a_slightly_wider_step_after_a_sentence_ends_a_paragraph() -> None:
    full = (*PROSE[:2], "whatever else the landlord and the tenant agree on.")
    assert texts_of(*full, 0.15, *PROSE) == [3, 5]
    assert texts_of(*PROSE, 0.15, *PROSE) == [10]


def test_an_indent_begins_a_paragraph() -> None:
    indented = "   The lease of the house and of the garden behind"
    assert texts_of(*PROSE, indented, *PROSE[1:]) == [5, 5]


def test_a_first_row_further_out_does_not_end_its_paragraph() -> None:
    hanging = [f"    {row.capitalize()}" for row in PROSE[1:]]
    assert texts_of(PROSE[0] + " at", *hanging) == [5]


def test_each_hanging_indent_begins_an_entry() -> None:
    entry = [
        "Smith, A. and B. Jones, The Law of Leases, 2nd edition,",
        "    vol. 3, pages 15 to 90, and the literature that it has",
    ]
    assert texts_of(*entry, *entry, *entry) == [2, 2, 2]


def test_an_explanation_beside_a_term_goes_on_below_itself() -> None:
    rows = ("Tenant        the person who holds the lease of the", "              house and of the garden")
    assert texts_of(*rows, *rows) == [2, 2]


def test_text_of_another_size_is_another_paragraph() -> None:
    small = [line(text, 100, 100 + PITCH * (5 + place), size=15) for place, text in enumerate(PROSE)]
    assert [len(rows) for _, rows in told([*typed(*PROSE), *small])] == [5, 5]


def test_a_narrow_column_is_joined_where_its_sentences_run_on() -> None:
    assert texts_of("The lease of", "the house and", "the garden ends", "in May.") == [4]


def test_a_column_of_chinese_is_prose() -> None:
    rows = ("房屋和花园的租约将于五月到期或", "最迟于六月一日终止，不论房东与", "租客是否另有约定。")
    lines = [line(text, 100, 100 + PITCH * place, width=20.0 * len(text)) for place, text in enumerate(rows)]
    assert told(lines) == [("text", list(rows))]


def test_a_sentence_that_begins_in_a_ragged_column_goes_on() -> None:
    ragged = ("We have seen", "that the lease and", "all it says ends.")
    assert texts_of(*ragged) == [3]


def test_an_address_keeps_its_breaks() -> None:
    address = ["Ada Smith", "12 Long Lane", "York YO1 7HH"]
    assert told(typed(*address)) == [("verse", address)]


def test_an_address_and_the_text_below_are_two() -> None:
    address = ["Ada Smith", "12 Long Lane", "York"]
    assert told(typed(*address, 1, *PROSE, ENDING)) == [("verse", address), ("text", [*PROSE, ENDING])]


def test_a_receipt_keeps_a_row_for_every_item() -> None:
    receipt = ["Tea          2.40", "Cake         3.10", "Total        5.50"]
    assert told(typed(*receipt)) == [("verse", [" ".join(row.split()) for row in receipt])]


def test_verses_end_at_wide_gaps() -> None:
    assert texts_of("Ada", "12 Long Lane", "York", 1, "Ben", "3 Old Street", "York") == [3, 3]
    assert texts_of("Ada", "12 Long Lane", "York", 0.3, "Ben", "3 Old Street", "York") == [6]


def test_larger_letters_above_text_are_a_heading() -> None:
    title = line("The House", 100, 40, size=30)
    assert told([title, *typed(*PROSE, ENDING)])[0] == ("heading", ["The House"])


def test_a_heading_of_two_rows_is_one() -> None:
    rows = [line("The House and the Garden", 100, 0, size=30), line("Behind It", 100, 40, size=30)]
    assert told([*rows, *typed(*PROSE)])[0] == ("heading", ["The House and the Garden", "Behind It"])


def test_headings_of_different_size_are_two() -> None:
    rows = [line("The House", 100, 0, size=44), line("And the Garden", 100, 60, size=30)]
    assert [kind for kind, _ in told([*rows, *typed(*PROSE, y=150)])] == ["heading", "heading", "text"]


def test_a_numbered_heading_begins_anew() -> None:
    rows = [line("1 The House", 100, 0, size=30), line("1.1 The Rooms", 100, 40, size=30)]
    assert [rows for _, rows in told([*rows, *typed(*PROSE)])][:2] == [["1 The House"], ["1.1 The Rooms"]]


def test_large_text_of_many_rows_is_text() -> None:
    poster = [
        line(text, 100, 40.0 * place, size=30) for place, text in enumerate(("We are", "open on", "every", "day"))
    ]
    assert [kind for kind, _ in told(poster)] == ["text"]
    assert [kind for kind, _ in told(poster, lambda _row: True)] == ["heading"]


def test_a_row_amid_text_that_measures_large_is_no_heading() -> None:
    lines = typed(*PROSE, ENDING)
    odd = line(PROSE[2], 100, lines[2].y0, size=26, width=lines[2].x1 - lines[2].x0)
    assert "heading" not in [kind for kind, _ in told([*lines[:2], odd, *lines[3:]])]


def test_a_bold_row_apart_above_text_leads_it() -> None:
    lead = typed("The Term", bold=True)
    assert told([*lead, *typed(*PROSE, ENDING, y=100 + PITCH)])[0] == ("heading", ["The Term"])


@pytest.mark.parametrize("lead", ["The Term.", "the first is this,", "a list;"])
def test_a_bold_row_that_ends_like_a_sentence_leads_nothing(lead: str) -> None:
    assert told([*typed(lead, bold=True), *typed(*PROSE, y=100 + PITCH)])[0][0] != "heading"


def test_a_bold_row_amid_text_leads_nothing() -> None:
    bold = line("The Term", 100, 100 + 5 * PITCH, bold=True)
    assert "heading" not in [kind for kind, _ in told([*typed(*PROSE), bold, *typed(*PROSE, y=100 + 6 * PITCH)])]


def test_bold_rows_one_above_the_other_are_text() -> None:
    assert "heading" not in [kind for kind, _ in told(typed("Ada", "12 Long Lane", "York", bold=True))]


def test_markers_begin_items() -> None:
    assert told(typed("• Keys", "• Doors", "1. Windows")) == [
        ("item", ["• Keys"]),
        ("item", ["• Doors"]),
        ("item", ["1. Windows"]),
    ]


def test_an_item_goes_on_in_full_rows() -> None:
    items = ("• the keys of the house and those of the garden gate", "  behind it", "• doors")
    assert told(typed(*items)) == [("item", [items[0], "behind it"]), ("item", ["• doors"])]


def test_an_item_goes_on_amid_a_sentence_where_it_hangs_below_its_text() -> None:
    assert texts_of("• the keys of the house", "  and the garden gate that is behind it on the left", "• doors") == [
        2,
        1,
    ]


def test_text_that_begins_below_an_item_is_no_part_of_it() -> None:
    rows = ("• keys", "The lease ends in May and so on and on and on.", "The end")
    assert [kind for kind, _ in told(typed(*rows))] == ["item", "text", "text"]


def test_a_marker_apart_from_its_text_does_not_divide_the_row() -> None:
    rows = ("•     the keys of the house and those of the gates", "      behind it and of the cellar")
    assert texts_of(*rows) == [2]


def test_a_box_and_the_text_beside_it_are_one() -> None:
    assert told(typed("☐ Yes", "☑ No")) == [("tick", ["☐ Yes"]), ("tick", ["☑ No"])]


def test_boxes_in_one_row_are_apart_from_each_other_and_from_what_stands_before() -> None:
    assert told(typed("Married?     ☐ Yes     ☑ No")) == [
        ("text", ["Married?"]),
        ("tick", ["☐ Yes"]),
        ("tick", ["☑ No"]),
    ]


def test_text_that_hangs_below_a_boxs_text_belongs_to_it() -> None:
    assert told(typed("☐ I have read the terms", "  and agree", "The tenant")) == [
        ("tick", ["☐ I have read the terms", "and agree"]),
        ("text", ["The tenant"]),
    ]


def test_a_box_with_no_text_is_text() -> None:
    assert told(typed("☐")) == [("text", ["☐"])]


def test_rows_come_out_from_top_to_bottom_whatever_their_order() -> None:
    assert told(typed(*PROSE)[::-1]) == [("text", list(PROSE))]


def test_no_lines_are_no_passages() -> None:
    assert told([]) == []


@settings(deadline=None)
@given(any_lines(), st.floats(0, 90), st.booleans())
def test_every_line_is_in_one_passage(lines: list[SeenLine], body: float, titled: bool) -> None:
    found = passages_of(lines, body, lambda _row: titled)
    assert Counter(id(piece) for passage in found for piece in passage.lines) == Counter(map(id, lines))
    assert all(passage.rows for passage in found)


def test_every_line_of_a_table_of_contents_is_a_line() -> None:
    contents = (
        "1 Introduction . . . . . . . . . . . . . . . . . . 1",
        "1.1 The harbour . . . . . . . . . . . . . . . . .  1",
        "2 Dues ........................................ xii",
    )
    assert told(typed(*contents)) == [("verse", [*contents])]


@pytest.mark.parametrize(
    "start",
    ["v. Jones, which was decided in the year of the fire", "(3) which the tenant had not paid in the year before"],
)
def test_a_row_amid_a_sentence_that_begins_like_an_item_begins_none(start: str) -> None:
    assert [kind for kind, _ in told(typed(*PROSE, start, *PROSE))] == ["text"]

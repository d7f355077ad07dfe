"""Pieces of text side by side, put together as rows."""

from collections import Counter

import pytest
from hypothesis import given, settings

from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import breaks_on_purpose, row_of, row_pitch, rows_of
from tests.engines.embedded.laying import HEIGHT, LETTER, PITCH, any_lines, line, texts, typed


def rows(*lines: SeenLine) -> list[list[str]]:
    return [texts(row.pieces) for row in rows_of(lines)]


def test_pieces_beside_each_other_are_one_row_from_left_to_right() -> None:
    assert rows(*typed("Rent      800", "Heating    95")[::-1]) == [["Rent", "800"], ["Heating", "95"]]


def test_pieces_that_share_half_their_height_are_one_row() -> None:
    assert rows(line("Rent", 0, 0), line("800", 200, 0.45 * HEIGHT)) == [["Rent", "800"]]
    assert rows(line("Rent", 0, 0), line("800", 200, 0.55 * HEIGHT)) == [["Rent"], ["800"]]


def test_pieces_one_upon_the_other_are_rows_of_their_own() -> None:
    assert rows(line("Signed", 0, 0), line("A. Smith", 10, 6)) == [["Signed"], ["A. Smith"]]


def test_a_row_stays_whole_when_a_larger_piece_reaches_over_several_rows() -> None:
    label, *lines = line("}", 300, 0, size=50, width=20), *typed("one", "two", x=0, y=5)
    assert [piece for row in rows(label, *lines) for piece in row].count("}") == 1


def test_a_slanting_row_goes_on_from_piece_to_piece() -> None:
    steps = [line(f"word{place}", 100.0 * place, 5.0 * place) for place in range(6)]
    assert len(rows(*steps)) == 1


def test_rows_come_from_top_to_bottom() -> None:
    assert rows(*typed("one", "two", "three")[::-1]) == [["one"], ["two"], ["three"]]


def test_a_row_tells_its_text_size_weight_and_score() -> None:
    row = row_of([line("8", 200, 0, size=30, score=0.5), line(" Rent: ", 0, 0, size=20, bold=True, score=1.0)])
    assert (row.text, row.size, row.bold) == ("Rent: 8", 25, False)
    assert row.score == pytest.approx((7 * 1.0 + 1 * 0.5) / 8)


def test_only_wide_white_divides_a_row() -> None:
    assert row_of(typed("Rent    800")).is_divided
    assert not row_of([line("Rent", 0, 0), line("800", 4 * LETTER + HEIGHT, 0)]).is_divided
    assert not row_of(typed("Rent")).is_divided


def test_a_row_without_letters_has_no_score_and_takes_no_room() -> None:
    row = row_of([line("", 0, 0, width=10)])
    assert row.score == 0
    assert row.first_word_width >= 0


def test_a_break_was_meant_where_the_next_word_would_have_fitted() -> None:
    short, long = rows_of(typed("The lease ends", "in May or at the latest in June"))
    assert breaks_on_purpose(short, long, short.rect.x1 + 4 * LETTER)
    assert not breaks_on_purpose(short, long, short.rect.x1 + 3 * LETTER)
    full, after = rows_of(typed("The lease ends in May or at the", "landlord's word"))
    assert not breaks_on_purpose(full, after, full.rect.x1)


def test_the_pitch_is_the_usual_step_between_rows() -> None:
    assert row_pitch(rows_of(typed("a", 3, "b", 3, "c", "d"))) == PITCH
    assert row_pitch(rows_of(typed("a"))) == pytest.approx(1.3 * HEIGHT)


@settings(deadline=None)
@given(any_lines())
def test_every_piece_is_in_one_row(lines: list[SeenLine]) -> None:
    found = rows_of(lines)
    assert Counter(id(piece) for row in found for piece in row.pieces) == Counter(map(id, lines))
    assert all(row.pieces for row in found)

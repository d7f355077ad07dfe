"""Loops are found, and pages that repeat themselves for a reason are left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.text.repetition import Loop, LoopDetector

PROSE = "The harbour was open on 358 days of the year. It was closed on two days in January, when the swell broke. "

LOOPS = {
    "a sentence": "The lock gates were lifted out on 6 November. " * 20,
    "a word": "harbour " * 100,
    "a character": "a" * 1_000,
    "a line": "The trustees met nine times this year.\n" * 60,
    "a row of a table": "<tr><td>Wages</td><td>176</td></tr>\n" * 80,
    "a pipe row": "| Wages | 176 | 0 |\n" * 120,
    "empty cells without end": "<td></td>" * 1_000,
    "dots without end": "." * 6_000,
    "a whole paragraph": PROSE * 12,
    "a paragraph and a blank line": (PROSE + "\n\n") * 14,
    "rows of the longest kind": ("<tr><td>" + PROSE * 3 + "</td></tr>\n") * 30,
    "a row with empty cells, as long as a power of two": ("<tr><td>x</td>" + "<td></td>" * 12 + "</tr>\n") * 85,
    "rows in one line": "<tr><td>Wages</td><td>176</td></tr>" * 80,
    "cells of a row without end": "<td>0</td>" * 120,
    "a formula": "x_{1} + x_{2} + " * 100,
    "Chinese": "港口已经关闭了两天" * 50,
    "lines that count": "".join(f"{number}. The trustees met.\n" for number in range(1, 400)),
    "rows that count": "".join(f"<tr><td>{number}</td><td>{number * 2}</td></tr>" for number in range(400)),
}
HONEST = {
    "prose": " ".join(f"Sentence {number} is about pier {number * 7}." for number in range(400)),
    "a line of dots": "Accidents " + "." * 300 + " 12",
    "a contents page": "\n".join(f"Chapter {number} {'.' * 80} {number * 3}" for number in range(60)),
    "lines to write on": ("_" * 90 + "\n") * 20,
    "empty cells": "<tr>" + "<td></td>" * 12 + "</tr>\n" + "<tr>" + "<td></td>" * 12 + "</tr>\n" * 6,
    "rows of zeros": "| 0 | 0 | 0 | 0 |\n" * 30,
    "a ledger of equal dues": "<tr><td>Mooring</td><td>12.50</td></tr>\n" * 25,
    "a list of n/a": "- n/a\n" * 30,
    "a refrain": ("A verse of four lines,\nunlike the others {0},\n" * 1 + "Row, row, row your boat\n") * 6,
    "a page of equal short lines": "Deposit paid\n" * 10,
    "a full page of n/a": "n/a\n" * 70,
    "a page of empty rows": ("<tr>" + "<td></td>" * 12 + "</tr>\n") * 60,
    "a page of empty rows in one line": "<table>" + ("<tr>" + "<td></td>" * 12 + "</tr>") * 60 + "</table>",
    "a full page of zeros": "| 0 | 0 | 0 | 0 |\n" * 70,
    "equal payments of many words": "| 4 May | Mooring of a barge at the quay | 12.50 |\n" * 23,
    "form lines with labels": "Name: ____________ Date: __________\n" * 40,
    "dotted lines to write on": ("." * 110 + "\n") * 30,
    "a refrain within a song": "Row, row, row your boat, gently down the stream. " * 5,
    "a chorus sung six times": "Row, row, row your boat,\ngently down the stream.\n" * 6,
    "numbered empty rows": "".join(f"| {number} | | |\n" for number in range(1, 120)),
    "an answer sheet": "".join(f"{number}. Ⓐ Ⓑ Ⓒ Ⓓ\n" for number in range(1, 201)),
    "a table of squares": "".join(f"{number} {number * number}\n" for number in range(400)),
    "a table of years that fall": "".join(f"{number} open\n" for number in range(2020, 1600, -1)),
    "a row of ticks": "☐ " * 60,
    "zeros in a dump": "00000000 " * 55,
    "two columns of zeros": "0\n" * 150,
    "ten equal slips": (PROSE * 3 + "\n") * 10,
    "long rows that come back": ("<tr><td>" + PROSE + "</td></tr>\n") * 20,
    "laughter": "ha ha ha ha ha ha ha ha",
}


def found_in(text: str, size: int = 7) -> Loop | None:
    detector = LoopDetector()
    for start in range(0, len(text), size):
        loop = detector.feed(text[start : start + size])
        if loop is not None:
            return loop
    return None


@pytest.mark.parametrize("name", LOOPS)
def test_loops_are_found(name: str) -> None:
    assert found_in(PROSE + LOOPS[name]) is not None


@pytest.mark.parametrize("name", HONEST)
def test_honest_repetition_is_left_alone(name: str) -> None:
    assert found_in(PROSE + HONEST[name] + " " + PROSE) is None


def test_a_loop_says_where_it_begins_and_how_long_a_turn_is() -> None:
    turn = "and then the gate was closed again "
    loop = found_in(PROSE + turn * 40)
    assert loop is not None
    assert loop.length == len(turn)
    assert loop.start == len(PROSE)
    assert loop.count >= 10


@pytest.mark.parametrize("name", [name for name in LOOPS if "count" not in name])
def test_cut_behind_the_first_turn_the_text_holds_one_turn(name: str) -> None:
    loop = found_in("He said this; " + LOOPS[name])
    assert loop is not None
    assert loop.start - len("He said this; ") in (0, 1, 2)


def test_lines_that_count_are_cut_behind_one_that_is_wholly_theirs() -> None:
    loop = found_in("He said this; " + LOOPS["lines that count"])
    assert loop == Loop(len("He said this; 1. The trustees met.\n"), len("2. The trustees met.\n"), 300)


def test_what_is_remembered_does_not_grow_with_the_text() -> None:
    detector = LoopDetector()
    for number in range(20_000):
        assert detector.feed(f"{number * number % 7_919} barrels of {number % 31} ") is None
    assert len(detector._tail) <= 16_384
    assert len(detector._counting._line) <= 437


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(LOOPS)), st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_how_the_text_comes_in_pieces_makes_no_difference(name: str, sizes: list[int]) -> None:
    text = PROSE + LOOPS[name]
    detector, place, turn, found = LoopDetector(), 0, 0, None
    while found is None and place < len(text):
        size = sizes[turn % len(sizes)]
        found = detector.feed(text[place : place + size])
        place, turn = place + size, turn + 1
    assert found == found_in(text, 1)


@settings(deadline=None, max_examples=100)
@given(st.text("ab 1<|\n", min_size=1, max_size=400))
def test_a_unit_of_any_kind_is_found_when_it_never_ends(unit: str) -> None:
    loop = found_in(unit * (40_000 // len(unit)), 500)
    assert loop is not None
    assert loop.length <= len(unit)


@settings(deadline=None, max_examples=100)
@given(st.text("ab 1<|\n.", min_size=1, max_size=300), st.integers(2, 9))
def test_nothing_is_a_loop_that_came_less_than_ten_times(unit: str, count: int) -> None:
    loop = found_in(unit * count, 500)
    assert loop is None or loop.count >= 10

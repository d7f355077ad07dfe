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
    assert abs(loop.start - len(PROSE)) <= len(turn)
    assert loop.count >= 8


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(LOOPS)), st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_how_the_text_comes_in_pieces_makes_no_difference(name: str, sizes: list[int]) -> None:
    text = PROSE + LOOPS[name]
    detector, place, found = LoopDetector(), 0, None
    while found is None and place < len(text):
        size = sizes[place % len(sizes)]
        found = detector.feed(text[place : place + size])
        place += size
    assert found == found_in(text, 1)

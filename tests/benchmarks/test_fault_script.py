"""Faults are as many as they should be, and the same whenever the same seed is given."""

from collections import Counter

import pytest

from benchmarks.fault_script import HOPELESS_SHARE, SHARE, Answer, FaultScript
from benchmarks.marks import Mark

COUNT = 20_000
ERRORS = (Answer.ERROR, Answer.BUSY, Answer.BUSY_FOR)


def answers(seed: int) -> list[Answer]:
    script = FaultScript(seed)
    return [script.answer(str(number).encode(), number % 3, None) for number in range(COUNT)]


@pytest.mark.parametrize("kinds", [ERRORS, (Answer.SILENT,), (Answer.LOOPING,), (Answer.CUT_OFF,), (Answer.BROKEN,)])
def test_each_kind_of_fault_has_its_share_of_the_answers(kinds: tuple[Answer, ...]) -> None:
    times = Counter(answers(1))
    assert sum(times[kind] for kind in kinds) / COUNT == pytest.approx(SHARE, rel=0.1)


def test_half_of_the_errors_are_about_the_server() -> None:
    times = Counter(answers(1))
    assert times[Answer.BUSY] + times[Answer.BUSY_FOR] == pytest.approx(times[Answer.ERROR], rel=0.15)


def test_the_same_seed_gives_the_same_answers_and_another_gives_others() -> None:
    assert answers(1) == answers(1)
    assert answers(1) != answers(2)


def test_a_picture_that_comes_again_may_get_another_answer() -> None:
    script = FaultScript(1)
    assert len({script.answer(b"picture", time, None) for time in range(50)}) > 1


def test_a_hopeless_page_gets_the_same_fault_whatever_its_picture() -> None:
    script = FaultScript(1)
    hopeless = [mark for mark in (Mark(0, page) for page in range(1000)) if script.hopeless(mark)]
    assert hopeless
    for mark in hopeless:
        assert {script.answer(bytes([n]), n, mark) for n in range(20)} == {script.hopeless(mark)}


def test_few_pages_are_hopeless() -> None:
    script = FaultScript(1)
    pages = [script.hopeless(Mark(document, page)) for document in range(40) for page in range(500)]
    assert sum(found is not None for found in pages) / len(pages) == pytest.approx(HOPELESS_SHARE, rel=0.3)
    assert Answer.BUSY not in pages
    assert Answer.BUSY_FOR not in pages

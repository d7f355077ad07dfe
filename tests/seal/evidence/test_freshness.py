"""Only what is signed says how fresh a report is."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from muniment.seal.evidence.archive import REPORT_NAME, check
from muniment.seal.evidence.freshness import FRESH_FOR, is_fresh
from muniment.seal.evidence.report import Report, signed
from tests.seal.evidence.making import KEY, NOON, ONE, evidence, published, trusting

SIGNED_AT = NOON + timedelta(seconds=5)
FIRST, _ = signed(Report.after(None, evidence(), SIGNED_AT), KEY)
SECOND, _ = signed(Report.after(FIRST.link, evidence(), SIGNED_AT), KEY)
THIRD, _ = signed(Report.after(SECOND.link, evidence(), SIGNED_AT), KEY)
OTHER_SECOND, _ = signed(Report.after(FIRST.link, evidence(nonce=ONE), SIGNED_AT), KEY)


@pytest.mark.parametrize(
    ("now", "fresh"),
    [
        (SIGNED_AT, True),
        (NOON + FRESH_FOR, True),
        (NOON + FRESH_FOR + timedelta(microseconds=1), False),
        (SIGNED_AT - timedelta(microseconds=1), False),
    ],
    ids=["just signed", "just fresh", "too old", "from the future"],
)
def test_it_counts_from_when_the_verifier_began_to_look(now: object, fresh: bool) -> None:
    assert isinstance(now, type(NOON))
    assert is_fresh(FIRST, now) is fresh


def test_a_clock_that_was_set_back_while_the_verifier_looked_makes_nothing_fresh() -> None:
    report, _ = signed(Report.after(None, evidence(), NOON - timedelta(seconds=1)), KEY)
    assert not is_fresh(report, NOON + timedelta(minutes=1))


def test_a_report_is_fresh_after_itself_and_those_before_it() -> None:
    assert all(is_fresh(THIRD, SIGNED_AT, after=one.link) for one in (FIRST, SECOND, THIRD))


@pytest.mark.parametrize(
    ("report", "after"),
    [(FIRST, SECOND), (OTHER_SECOND, SECOND), (THIRD, OTHER_SECOND)],
    ids=["an earlier one", "a fork", "what follows a fork"],
)
def test_what_does_not_follow_the_newest_that_was_believed_is_not_fresh(report: object, after: object) -> None:
    assert isinstance(report, type(FIRST))
    assert isinstance(after, type(FIRST))
    assert not is_fresh(report, SIGNED_AT, after=after.link)


def test_a_later_number_with_an_earlier_time_is_not_fresh() -> None:
    late = SECOND.link.model_copy(update={"number": 1, "signed": SIGNED_AT + timedelta(minutes=1)})
    assert not is_fresh(THIRD, SIGNED_AT + timedelta(minutes=2), after=late)


def test_the_times_of_files_say_nothing(tmp_path: Path) -> None:
    published(tmp_path)
    later = (NOON + timedelta(days=1)).timestamp()
    os.utime(tmp_path / REPORT_NAME, (later, later))
    assert not is_fresh(check(tmp_path / REPORT_NAME, trusting(KEY)), NOON + timedelta(days=1))

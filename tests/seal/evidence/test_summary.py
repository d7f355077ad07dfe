"""What a terminal shows of a report."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from muniment.seal.claims import Claim, Verdict
from muniment.seal.evidence.archive import HISTORY
from muniment.seal.evidence.chain import check_chain
from muniment.seal.evidence.report import Report, signed
from muniment.seal.evidence.summary import chain_summary, summary
from tests.seal.evidence.making import KEY, NOON, evidence, finding, published, trusting

SIGNED_AT = NOON + timedelta(seconds=5)
FIRST, _ = signed(Report.after(None, evidence(), SIGNED_AT), KEY)
SECOND, _ = signed(Report.after(FIRST.link, evidence(findings=(finding(Verdict.BROKEN),)), SIGNED_AT), KEY)


def test_a_report_in_a_few_lines() -> None:
    assert summary(FIRST, SIGNED_AT) == (
        "✓ holds: 1 of 1 claims held when they were looked at.",
        "  ✓ holds: The engine reaches nothing on the internet.",
        "Looked at 2026-03-04 12:00:00 UTC, 5 seconds ago: fresh until 2026-03-04 12:15:00 UTC.",
        "Report 1 of the deployment muniment; the first.",
        f"Signed with the key {KEY.public.fingerprint}. SHA-256 of the report: {FIRST.link.sha256}.",
        "What it does not prove: 8 things, which it names.",
    )


def test_the_one_before_is_named() -> None:
    assert summary(SECOND, SIGNED_AT)[0].startswith("✗ broken")
    assert f"the one before is number 1, SHA-256 {FIRST.link.sha256}." in summary(SECOND, SIGNED_AT)[3]


@pytest.mark.parametrize(
    ("now", "age"),
    [
        (NOON + timedelta(minutes=1, seconds=59), "1 minute ago: fresh until 2026-03-04 12:15:00 UTC."),
        (NOON + timedelta(minutes=16), "16 minutes ago: no longer fresh."),
        (NOON + timedelta(days=2, hours=3), "2 days ago: no longer fresh."),
        (NOON - timedelta(minutes=1), "which is in the future: a clock is wrong."),
    ],
)
def test_it_tells_how_old_it_is(now: datetime, age: str) -> None:
    (line,) = [line for line in summary(FIRST, now) if line.startswith("Looked at")]
    assert line.endswith(age)


@pytest.mark.parametrize("age", [timedelta(minutes=15, seconds=1), timedelta(days=2)])
def test_that_it_is_stale_stands_first(age: timedelta) -> None:
    assert summary(FIRST, NOON + age)[0] == "Stale: this tells how things stood, and not how they stand."
    assert summary(FIRST, NOON + age)[1].startswith("✓ holds")


@pytest.mark.parametrize("age", [timedelta(minutes=-1), timedelta(seconds=4.5)], ids=["not begun", "not signed yet"])
def test_so_does_that_a_clock_is_wrong(age: timedelta) -> None:
    assert summary(FIRST, NOON + age)[0].startswith("Stale: by its times it is of the future")


def test_a_chain_that_is_whole(tmp_path: Path) -> None:
    published(tmp_path, 3)
    (line,) = chain_summary(check_chain(tmp_path, trusting(KEY)), tmp_path)
    assert line == f"{tmp_path} holds 3 reports from number 1 to 3, with 0 faults: each follows the one before."


def test_a_chain_with_a_gap_that_begins_later(tmp_path: Path) -> None:
    published(tmp_path, 4)
    for which in (0, 1):
        sorted((tmp_path / HISTORY).iterdir())[which].unlink()
    assert chain_summary(check_chain(tmp_path, trusting(KEY)), tmp_path) == (
        f"{tmp_path} holds 2 reports from number 2 to 4, with 1 fault.",
        "Older ones are kept elsewhere, or are lost.",
        "  ✗ Report 3 is missing.",
    )


def test_a_chain_of_which_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / HISTORY).mkdir()
    lines = chain_summary(check_chain(tmp_path, trusting(KEY)), tmp_path)
    assert lines[0] == f"{tmp_path} holds 0 reports, with 1 fault."


def test_a_hostile_name_does_not_drive_the_terminal() -> None:
    claim = Claim(id="x", says="\x1b[2J", mend="x")
    report, _ = signed(
        Report.after(None, evidence(deployment="\x1b]0;x", findings=(finding(claim=claim),)), SIGNED_AT), KEY
    )
    assert not any("\x1b" in line for line in summary(report, SIGNED_AT))

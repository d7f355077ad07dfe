"""What a terminal shows of a report."""

from datetime import datetime, timedelta

import pytest

from muniment.seal.claims import Claim, Verdict
from muniment.seal.evidence.report import Report, signed
from muniment.seal.evidence.summary import summary
from tests.seal.evidence.making import KEY, NOON, evidence, finding

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
    assert summary(FIRST, now)[2].endswith(age)


def test_a_hostile_name_does_not_drive_the_terminal() -> None:
    claim = Claim(id="x", says="\x1b[2J", mend="x")
    report, _ = signed(
        Report.after(None, evidence(deployment="\x1b]0;x", findings=(finding(claim=claim),)), SIGNED_AT), KEY
    )
    assert not any("\x1b" in line for line in summary(report, SIGNED_AT))

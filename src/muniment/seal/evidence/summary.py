"""A report in a few lines, for a terminal."""

from datetime import datetime, timedelta

from muniment.seal.evidence.contents import headline, moment
from muniment.seal.evidence.freshness import FRESH_FOR, is_fresh
from muniment.seal.evidence.layout import MARKS, shown
from muniment.seal.evidence.report import SignedReport

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def summary(report: SignedReport, now: datetime) -> tuple[str, ...]:
    """The lines: verdict, claims that do not hold, age, place in the chain, key, and how much is not proven.

    Args:
        now: the time in UTC.
    """
    evidence, previous = report.report.evidence, report.report.previous
    before = f"the one before is number {previous.number}, SHA-256 {previous.sha256}" if previous else "the first"
    return (
        f"{MARKS[evidence.verdict]} {evidence.verdict}: {headline(evidence)}",
        *(f"  {MARKS[one.verdict]} {one.verdict}: {shown(one.claim.says)}" for one in evidence.findings),
        f"Looked at {moment(evidence.begun)}, {_ago(report, now)}.",
        f"Report {report.report.number} of the deployment {shown(evidence.deployment)}; {before}.",
        f"Signed with the key {report.fingerprint}. SHA-256 of the report: {report.link.sha256}.",
        f"What it does not prove: {len(report.report.not_proven)} things, which it names.",
    )


def _ago(report: SignedReport, now: datetime) -> str:
    age = now - report.report.evidence.begun
    if age < timedelta(0):
        return "which is in the future: a clock is wrong"
    name, seconds = next((unit for unit in _UNITS if age.total_seconds() >= unit[1]), _UNITS[-1])
    count = int(age.total_seconds() // seconds)
    still = (
        f"fresh until {moment(report.report.evidence.begun + FRESH_FOR)}"
        if is_fresh(report, now)
        else "no longer fresh"
    )
    return f"{count:,} {name}{'' if count == 1 else 's'} ago: {still}"

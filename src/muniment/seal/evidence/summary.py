"""A report, and a chain of them, in a few lines, for a terminal."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from muniment.seal.evidence.chain import Chain
from muniment.seal.evidence.contents import headline, moment
from muniment.seal.evidence.freshness import FRESH_FOR, is_fresh
from muniment.seal.evidence.layout import MARKS, shown
from muniment.seal.evidence.report import SignedReport

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def summary(report: SignedReport, now: datetime) -> tuple[str, ...]:
    """The lines: that it is stale, if so; verdict, claims, age, place in the chain, key, how much is not proven.

    Args:
        now: the time in UTC.
    """
    evidence, previous = report.report.evidence, report.report.previous
    before = f"the one before is number {previous.number}, SHA-256 {previous.sha256}" if previous else "the first"
    return (
        *_staleness(report, now),
        f"{MARKS[evidence.verdict]} {evidence.verdict}: {headline(evidence)}",
        *(f"  {MARKS[one.verdict]} {one.verdict}: {shown(one.claim.says)}" for one in evidence.findings),
        f"Looked at {moment(evidence.begun)}, {_ago(report, now)}.",
        f"Report {report.report.number} of the deployment {shown(evidence.deployment)}; {before}.",
        f"Signed with the key {report.fingerprint}. SHA-256 of the report: {report.link.sha256}.",
        f"What it does not prove: {len(report.report.not_proven)} things, which it names.",
    )


def chain_summary(chain: Chain, folder: Path) -> tuple[str, ...]:
    """The lines: which reports there are, whether each follows the one before, and every fault."""
    of = f" from number {chain.first.number} to {chain.last.number}" if chain.first and chain.last else ""
    return (
        f"{shown(str(folder))} holds {_counted(chain.count, 'report')}{of}, with {_counted(len(chain.faults), 'fault')}"
        f"{'' if chain.faults else ': each follows the one before'}.",
        *(["Older ones are kept elsewhere, or are lost."] if chain.first and chain.first.number > 1 else []),
        *(f"  ✗ {shown(str(fault))}." for fault in chain.faults),
    )


def _staleness(report: SignedReport, now: datetime) -> Iterator[str]:
    if is_fresh(report, now):
        return
    if now - report.report.evidence.begun > FRESH_FOR:
        yield "Stale: this tells how things stood, and not how they stand."
    else:
        yield "Stale: by its times it is of the future, or they are in disorder; a clock is wrong."


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
    return f"{_counted(count, name)} ago: {still}"


def _counted(number: int, thing: str) -> str:
    """ "1 report", "2 reports"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"

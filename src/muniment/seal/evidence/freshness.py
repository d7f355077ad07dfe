"""How long a report speaks for the deployment as it is."""

from datetime import datetime, timedelta

from muniment.seal.evidence.report import Link, SignedReport

FRESH_FOR = timedelta(minutes=15)
"""What is older is history: a reload of a firewall can undo in a second what was seen before."""


def is_fresh(report: SignedReport, now: datetime, within: timedelta = FRESH_FOR, after: Link | None = None) -> bool:
    """Whether a report speaks for ``now``, by what is signed in it alone; no file's time is believed.

    It counts from when the verifier began to look. One from the future is not fresh, as then a clock is wrong.

    Args:
        now: the time, of whoever asks.
        within: how old it may be.
        after: the newest report that was believed so far. One that comes before it in the chain is not fresh, whatever
            time it bears. Nor is one that has its number or the next, and is neither itself nor names it; nor one
            further on that was signed before it.
    """
    evidence = report.report.evidence
    in_order = evidence.begun <= evidence.ended <= report.report.signed <= now
    return in_order and now - evidence.begun <= within and (after is None or _comes_after(report, after))


def _comes_after(report: SignedReport, after: Link) -> bool:
    if report.link == after or report.report.previous == after:
        return True
    return report.link.number > after.number + 1 and report.link.signed >= after.signed

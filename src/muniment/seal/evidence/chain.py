"""Whether the reports in a folder follow each other without a gap, a fork or a change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from muniment.errors import EvidenceError
from muniment.seal.evidence.archive import REPORT_NAME, check, history, kept
from muniment.seal.evidence.keys import Trust
from muniment.seal.evidence.report import Link, SignedReport


class ChainFaultKind(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    """A report is not what was signed, or not the one that the next names."""
    MISSING = "missing"
    FORK = "fork"
    """Several reports have the same number."""
    CLOCK = "clock"
    """A report was signed at an earlier time than the one before it."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One thing that is wrong; as text, a line for the user."""

    kind: ChainFaultKind
    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class Chain:
    """What the reports in a folder are together.

    Attributes:
        first: the oldest that is here; its number is above 1 where older ones are kept elsewhere, or are lost.
        last: the newest.
        count: of the reports that are to be believed.
        faults: in the order of the reports; none if each follows the one before.
    """

    first: Link | None
    last: Link | None
    count: int
    faults: tuple[ChainFault, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a report, what the chain is held to; the whole of it would take a thousand times the memory."""

    link: Link
    previous: Link | None


_Numbered = Mapping[int, list[_Place]]


def check_chain(folder: Path, trusted: Trust) -> Chain:
    """Read all reports in a folder and hold each to the one before.

    Raises:
        EvidenceError: there is no history that could be read.
    """
    numbered: dict[int, list[_Place]] = defaultdict(list)
    faults = []
    for path in history(folder):
        try:
            report = kept(path, trusted)
        except EvidenceError as error:
            faults.append(ChainFault(ChainFaultKind.CHANGED, error.what))
            continue
        numbered[report.link.number].append(_place(report))
    numbers = sorted(numbered)
    faults += [*_gaps(numbers), *(fault for number in numbers for fault in _of(number, numbered))]
    last = numbered[numbers[-1]][-1].link if numbers else None
    faults += _newest(folder, trusted, last)
    first = numbered[numbers[0]][0].link if numbers else None
    return Chain(first, last, sum(map(len, numbered.values())), tuple(faults))


def _place(report: SignedReport) -> _Place:
    return _Place(report.link, report.report.previous)


def _gaps(numbers: list[int]) -> Iterator[ChainFault]:
    for before, after in pairwise(numbers):
        if after - before > 1:
            which = f"Report {before + 1} is" if after - before == 2 else f"Reports {before + 1} to {after - 1} are"
            yield ChainFault(ChainFaultKind.MISSING, f"{which} missing")


def _of(number: int, numbered: _Numbered) -> Iterator[ChainFault]:
    """What is wrong with the reports that have this number."""
    places = numbered[number]
    if len(places) > 1:
        yield ChainFault(ChainFaultKind.FORK, f"{len(places)} reports have the number {number}")
    before = [place.link for place in numbered.get(number - 1, ())]
    for place in places:
        if place.previous is None:
            continue
        if before and place.previous not in before:
            yield ChainFault(
                ChainFaultKind.CHANGED, f"Report {number} follows another report {number - 1} than the one that is here"
            )
        if place.link.signed < place.previous.signed:
            yield ChainFault(
                ChainFaultKind.CLOCK, f"Report {number} was signed before report {number - 1}: the clock was set back"
            )


def _newest(folder: Path, trusted: Trust, last: Link | None) -> Iterator[ChainFault]:
    """What is wrong with ``report.json``, which is the last of the history once more."""
    path = folder / REPORT_NAME
    try:
        link = check(path, trusted).link
    except EvidenceError as error:
        missing = not path.exists()
        yield ChainFault(ChainFaultKind.MISSING if missing else ChainFaultKind.CHANGED, error.what)
        return
    if last is None or link.number > last.number:
        yield ChainFault(ChainFaultKind.MISSING, f"{path} is report {link.number}, which the history lacks")
    elif link.number < last.number:
        yield ChainFault(ChainFaultKind.MISSING, f"{path} is report {link.number}, and the newest is {last.number}")
    elif link != last:
        yield ChainFault(ChainFaultKind.FORK, f"{path} is another report {link.number} than the one in the history")

"""Whether a run told of every page, and told the truth: results held against what the engine was asked and answered."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.fault_script import Answer
from benchmarks.marks import Mark
from muniment.errors import ExitCode
from muniment.reading import DocumentReading, PageReading, PageStatus
from muniment.text import Flag

_NAMED = re.compile(r"This is document (\d+), page (\d+)\.")
_FLAGS = {Flag.TRUNCATED: Answer.CUT_OFF, Flag.REPETITION: Answer.LOOPING}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the engine saw it.

    Attributes:
        mark: the page on the picture.
        whole: all of the page was on it.
        waited_for: the client was still there when the answer was given.
    """

    mark: Mark | None
    whole: bool
    answer: Answer
    waited_for: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What has to become of the pages that are not simply read."""

    hopeless: AbstractSet[Mark]
    damaged: AbstractSet[Mark]

    def of(self, mark: Mark) -> PageStatus:
        if mark in self.damaged:
            return PageStatus.FAILED
        return PageStatus.FALLBACK if mark in self.hopeless else PageStatus.READ


def named(page: PageReading) -> list[Mark]:
    """The pages that a reading's text is about, by its own words."""
    text = "\n".join(getattr(block, "text", "") for block in page.blocks)
    return [Mark(int(document), int(number)) for document, number in _NAMED.findall(text)]


def untold(numbers: Sequence[int], count: int) -> tuple[int, int, int]:
    """Of pages 1 to ``count``: how many of them are missing, told again, and told before an earlier one."""
    times = Counter(numbers)
    missing = sum(number not in times for number in range(1, count + 1))
    again = sum(times.values()) - len(times)
    early = sum(one > other for one, other in pairwise(numbers))
    return missing, again, early


def is_as_fated(page: PageReading, mark: Mark, fate: Fate) -> bool:
    """Whether a page ended as it had to: with its own text, by a fallback and so flagged, or failed with a reason."""
    if page.status is not fate.of(mark):
        return False
    match page.status:
        case PageStatus.READ:
            return set(named(page)) == {mark} and Flag.FALLBACK not in page.flags
        case PageStatus.FALLBACK:
            return bool(page.blocks) and Flag.FALLBACK in page.flags
        case PageStatus.FAILED:
            return bool(page.problem) and Flag.FAILED in page.flags


def are_flags_right(page: PageReading, asked: Collection[Asked]) -> bool:
    """Whether a page says that answers were cut off or ran into a loop if, and only if, they did.

    Args:
        asked: what was asked about this page by the run that told it.
    """
    answers = {a.answer for a in asked if a.waited_for}
    return all((flag in page.flags) == (answer in answers) for flag, answer in _FLAGS.items())


def is_summary_right(summary: Mapping[str, Any], exit_code: int, readings: Sequence[DocumentReading]) -> bool:
    """Whether the command's summary and exit code say what the results say."""
    pages = [page for reading in readings for page in reading.pages]
    whole = all(page.status is PageStatus.READ for page in pages)
    if exit_code != summary["exit_code"] or exit_code != (ExitCode.OK if whole else ExitCode.INCOMPLETE):
        return False
    told = [
        (entry["pages"], entry["fallback"], [failure["page"] for failure in entry["failed"]])
        for entry in summary["documents"]
    ]
    return told == [
        (len(reading.pages), _numbers(reading, PageStatus.FALLBACK), _numbers(reading, PageStatus.FAILED))
        for reading in readings
    ]


def _numbers(reading: DocumentReading, status: PageStatus) -> list[int]:
    return [page.number for page in reading.pages if page.status is status]


def kept(output: Path) -> set[Mark]:
    """The pages that the ledger holds."""
    ledger = output / ".muniment"
    marks: set[Mark] = set()
    finished = ledger / "finished.jsonl"
    for line in finished.read_text(encoding="utf-8").splitlines() if finished.exists() else ():
        entry = json.loads(line)
        marks |= {Mark(int(Path(entry["files"][0]).stem), page + 1) for page in range(entry["pages"])}
    documents = {mark.document for mark in marks}
    under_way = max(documents, default=-1) + 1  # documents are told in order
    for partial in ledger.glob("*.pages.jsonl"):
        marks |= {Mark(under_way, page + 1) for page in range(partial.read_bytes().count(b"\n"))}
    return marks


def accounts(
    readings: Sequence[DocumentReading],
    pages: int,
    fate: Fate,
    runs: tuple[Sequence[Asked], Sequence[Asked]],
    ledger: AbstractSet[Mark],
) -> dict[str, Any]:
    """What a killed run and the one that went on made of documents of ``pages`` pages each.

    Args:
        runs: what the engine was asked by either.
        ledger: the pages that the first one left in the ledger.
    """
    told = [(Mark(document, page.number), page) for document, reading in enumerate(readings) for page in reading.pages]
    orders = [untold([page.number for page in reading.pages], pages) for reading in readings]
    missing, again, early = (sum(counts) for counts in zip(*orders, strict=True))
    before, after = map(_by_page, runs)
    return {
        "missing": missing,
        "told_again": again,
        "out_of_order": early,
        "not_as_fated": [asdict(mark) for mark, page in told if not is_as_fated(page, mark, fate)],
        "flagged_wrongly": [
            {**asdict(mark), "attempts": [asdict(attempt) for attempt in page.attempts]}
            for mark, page in told
            if not are_flags_right(page, (before if mark in ledger else after).get(mark, []))
        ],
        "kept": len(ledger),
        "read_twice": len(after.keys() & ledger),
        "asked_again": len(before.keys() & after.keys()),
        "answered_again": sum(_is_answered(asked) for mark, asked in before.items() if mark not in ledger),
    }


def _by_page(asked: Sequence[Asked]) -> dict[Mark, list[Asked]]:
    pages: dict[Mark, list[Asked]] = {}
    for entry in asked:
        if entry.mark is not None:
            pages.setdefault(entry.mark, []).append(entry)
    return pages


def _is_answered(asked: Sequence[Asked]) -> bool:
    return any(entry.whole and entry.waited_for and entry.answer is Answer.GOOD for entry in asked)

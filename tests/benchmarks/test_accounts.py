"""What is wrong with a run is counted: pages lost, double, swapped, flagged wrongly, read twice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accounts import Asked, Fate, accounts, is_summary_right, kept, untold
from benchmarks.fault_script import Answer
from benchmarks.marks import Mark
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import Flag, Paragraph

HOPELESS, DAMAGED = Mark(0, 2), Mark(0, 3)
FATE = Fate(frozenset({HOPELESS}), frozenset({DAMAGED}))


def paragraph(text: str) -> tuple[Paragraph]:
    return (Paragraph(text=text),)


def pages() -> list[PageReading]:
    """Four pages as they should be: read, fallen back, failed, read."""
    return [
        PageReading(number=1, status=PageStatus.READ, blocks=paragraph("This is document 0, page 1.")),
        PageReading(number=2, status=PageStatus.FALLBACK, blocks=paragraph("Of the presses"), flags=(Flag.FALLBACK,)),
        PageReading(number=3, status=PageStatus.FAILED, flags=(Flag.FAILED,), problem="The page is damaged."),
        PageReading(number=4, status=PageStatus.READ, blocks=paragraph("This is document 0, page 4.")),
    ]


def reading(told: list[PageReading]) -> DocumentReading:
    return DocumentReading(DocumentInfo("000.pdf", "pdf", 4, ""), tuple(told))


def asked(page: int, answer: Answer = Answer.GOOD, *, waited_for: bool = True) -> Asked:
    return Asked(Mark(0, page), True, answer, waited_for)


def wrong(
    told: list[PageReading], runs: tuple[list[Asked], list[Asked]] = ([], []), ledger: tuple[int, ...] = ()
) -> Any:
    found = accounts([reading(told)], 4, FATE, runs, {Mark(0, page) for page in ledger})
    return {name: value for name, value in found.items() if value}


def test_a_run_as_it_should_be_has_nothing_wrong() -> None:
    assert wrong(pages()) == {}


@pytest.mark.parametrize(
    ("numbers", "counts"),
    [([1, 2, 3], (0, 0, 0)), ([1, 3], (1, 0, 0)), ([1, 2, 2, 3], (0, 1, 0)), ([2, 1, 3], (0, 0, 1)), ([], (3, 0, 0))],
)
def test_missing_double_and_misplaced_pages_are_counted(numbers: list[int], counts: tuple[int, int, int]) -> None:
    assert untold(numbers, 3) == counts


@pytest.mark.parametrize(
    ("page", "change"),
    [
        (1, {"blocks": paragraph("This is document 0, page 4.")}),
        (1, {"blocks": ()}),
        (1, {"status": PageStatus.FALLBACK}),
        (2, {"flags": ()}),
        (2, {"blocks": ()}),
        (2, {"status": PageStatus.READ, "blocks": paragraph("This is document 0, page 2.")}),
        (3, {"problem": ""}),
        (3, {"status": PageStatus.FALLBACK}),
    ],
)
def test_a_page_that_did_not_end_as_it_had_to_is_named(page: int, change: dict[str, Any]) -> None:
    told = pages()
    told[page - 1] = replace(told[page - 1], **change)
    assert wrong(told) == {"not_as_fated": [{"document": 0, "page": page}]}


@pytest.mark.parametrize(("flag", "answer"), [(Flag.TRUNCATED, Answer.CUT_OFF), (Flag.REPETITION, Answer.LOOPING)])
def test_a_flag_needs_its_fault_and_a_fault_its_flag(flag: Flag, answer: Answer) -> None:
    plain, flagged = pages(), pages()
    flagged[0] = replace(flagged[0], flags=(flag,))
    log = [asked(1, answer), asked(1)]
    assert wrong(flagged, ([], log)) == {}
    assert wrong(plain, ([], log)) == wrong(flagged)
    assert wrong(plain, ([], log)) == {"flagged_wrongly": [{"document": 0, "page": 1, "attempts": []}]}


def test_an_answer_that_came_too_late_leaves_no_flag() -> None:
    log = [asked(1, Answer.CUT_OFF, waited_for=False), asked(1)]
    assert wrong(pages(), ([], log)) == {}


def test_only_the_run_that_told_a_page_settles_its_flags() -> None:
    before = [asked(1, Answer.CUT_OFF), asked(1)]
    assert "flagged_wrongly" not in wrong(pages(), (before, [asked(1)]))
    assert "flagged_wrongly" in wrong(pages(), (before, []), ledger=(1,))


def test_a_page_in_the_ledger_that_is_asked_for_again_is_read_twice() -> None:
    before, after = [asked(1), asked(4)], [asked(4)]
    assert wrong(pages(), (before, after), ledger=(1,)) == {"kept": 1, "asked_again": 1, "answered_again": 1}
    assert wrong(pages(), (before, after), ledger=(1, 4))["read_twice"] == 1


def summary(exit_code: int = 1, **change: object) -> dict[str, Any]:
    entry = {"pages": 4, "fallback": [2], "failed": [{"page": 3, "problem": "The page is damaged."}], **change}
    return {"exit_code": exit_code, "documents": [entry]}


def test_a_summary_says_what_the_results_say() -> None:
    told = [reading(pages())]
    assert is_summary_right(summary(), 1, told)
    assert not is_summary_right(summary(), 0, told)
    assert not is_summary_right(summary(exit_code=0), 0, told)
    assert not is_summary_right(summary(fallback=[]), 1, told)
    assert not is_summary_right(summary(pages=3), 1, told)
    assert not is_summary_right(summary(failed=[]), 1, told)


def test_the_ledger_holds_finished_documents_and_whole_lines_of_the_next(tmp_path: Path) -> None:
    ledger = tmp_path / ".muniment"
    ledger.mkdir()
    assert kept(tmp_path) == set()
    (ledger / "a.b.pages.jsonl").write_text("{}\n{}\n{", encoding="utf-8")
    assert kept(tmp_path) == {Mark(0, 1), Mark(0, 2)}
    (ledger / "finished.jsonl").write_text(json.dumps({"files": ["000.json"], "pages": 1}) + "\n", encoding="utf-8")
    assert kept(tmp_path) == {Mark(0, 1), Mark(1, 1), Mark(1, 2)}

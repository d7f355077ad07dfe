"""Interrupting is safe: run again, and nothing is read twice or lost."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.documents.sources import Source
from muniment.errors import OutputError
from muniment.reading import (
    DocumentDone,
    DocumentInfo,
    DocumentSkipped,
    Event,
    Ledger,
    PageDone,
    PageReading,
    PageStatus,
    Place,
    ReadOptions,
    Run,
)
from tests.reading.conftest import Faults
from tests.reading.test_run import tiff

OPTIONS = ReadOptions(jobs=1)


def run(
    source: Source,
    out: Path,
    *,
    settings: str = "engine=a",
    formats: str = "md",
    forget: bool = False,
    stop_after: int | None = None,
) -> list[Event]:
    """Read ``source`` with a ledger in ``out``, writing a result file when done; stop after so many pages."""
    events: list[Event] = []
    with (
        Ledger(out, settings, lambda one: place(one, out, formats), forget=forget) as ledger,
        Run([source], OPTIONS, ledger) as run,
    ):
        for event in run:
            events.append(event)
            if isinstance(event, DocumentDone):
                for path in place(source, out, formats).files:
                    path.write_text("done")
            if stop_after is not None and sum(isinstance(one, PageDone) for one in events) == stop_after:
                break
    return events


def place(source: Source, out: Path, formats: str = "md") -> Place:
    return Place(source.name, tuple(out / f"{source.name}.{suffix}" for suffix in formats.split(",")))


def nowhere(source: Source) -> Place:
    return Place(source.name, ())


def pages(events: list[Event]) -> list[tuple[int, bool]]:
    return [(event.page.number, event.resumed) for event in events if isinstance(event, PageDone)]


def test_an_interrupted_document_goes_on_where_it_was(tmp_path: Path, faults: Faults) -> None:
    faults("")
    source = tiff(tmp_path / "a.tiff", 5)
    run(source, tmp_path, stop_after=3)
    faults("1:crash,2:crash,3:crash")  # would fail if they were read again
    events = run(source, tmp_path)
    assert pages(events) == [(1, True), (2, True), (3, True), (4, False), (5, False)]
    assert all(event.page.status is PageStatus.READ for event in events if isinstance(event, PageDone))


def test_a_finished_document_is_skipped(tmp_path: Path, faults: Faults) -> None:
    faults("2:error:best,3:error")
    source = tiff(tmp_path / "a.tiff", 3)
    run(source, tmp_path)
    assert run(source, tmp_path) == [DocumentSkipped(source, pages=3, fallback=(2,), failed=(3,))]


def test_no_page_stays_in_the_ledger_of_a_finished_document(tmp_path: Path, faults: Faults) -> None:
    faults("")
    run(tiff(tmp_path / "a.tiff", 2), tmp_path)
    assert sorted(path.name for path in (tmp_path / ".muniment").iterdir()) == ["finished.jsonl", "lock"]


@pytest.mark.parametrize("change", ["bytes", "settings", "results", "forget"])
def test_it_is_read_again_if_anything_changed(tmp_path: Path, faults: Faults, change: str) -> None:
    faults("")
    source = tiff(tmp_path / "a.tiff", 2)
    run(source, tmp_path)
    if change == "bytes":
        tiff(tmp_path / "a.tiff", 3)
    if change == "results":
        (tmp_path / "a.tiff.md").unlink()
    events = run(
        source, tmp_path, settings="engine=b" if change == "settings" else "engine=a", forget=change == "forget"
    )
    assert pages(events)
    assert not any(resumed for _, resumed in pages(events))


def test_only_the_last_that_was_written_counts(tmp_path: Path, faults: Faults) -> None:
    """Going back to an older file, or to older settings, does not find the newer results and take them for its own."""
    faults("")
    source = tiff(tmp_path / "a.tiff", 2)
    for engine in ("a", "b", "a"):
        assert pages(run(source, tmp_path, settings=f"engine={engine}")) == [(1, False), (2, False)]


def test_a_format_left_out_for_a_while_is_not_taken_for_fresh(tmp_path: Path, faults: Faults) -> None:
    faults("")
    path = tmp_path / "a.tiff"
    run(tiff(path, 2), tmp_path, formats="md,json")
    run(tiff(path, 3), tmp_path, formats="md")
    assert pages(run(tiff(path, 3), tmp_path, formats="md,json")) == [(1, False), (2, False), (3, False)]


def test_a_format_left_out_makes_nothing_be_read_again(tmp_path: Path, faults: Faults) -> None:
    faults("")
    source = tiff(tmp_path / "a.tiff", 2)
    run(source, tmp_path, formats="md,json")
    assert [type(event) for event in run(source, tmp_path, formats="json")] == [DocumentSkipped]


def test_pages_of_a_document_that_changed_do_not_stay_behind(tmp_path: Path, faults: Faults) -> None:
    faults("")
    run(tiff(tmp_path / "a.tiff", 3), tmp_path, stop_after=2)
    assert pages(run(tiff(tmp_path / "a.tiff", 4), tmp_path, stop_after=1)) == [(1, False)]
    assert len(list(tmp_path.glob(".muniment/*.pages.jsonl"))) == 1


def test_pages_of_another_document_stay_until_it_is_read_on(tmp_path: Path, faults: Faults) -> None:
    faults("")
    one, other = tiff(tmp_path / "a.tiff", 3), tiff(tmp_path / "b.tiff", 3)
    run(one, tmp_path, stop_after=2)
    run(other, tmp_path)
    assert pages(run(one, tmp_path)) == [(1, True), (2, True), (3, False)]


def test_forgetting_also_forgets_unfinished_pages(tmp_path: Path, faults: Faults) -> None:
    faults("")
    source = tiff(tmp_path / "a.tiff", 3)
    run(source, tmp_path, stop_after=2)
    assert pages(run(source, tmp_path, forget=True)) == [(1, False), (2, False), (3, False)]


def test_two_runs_cannot_share_an_output_folder(tmp_path: Path) -> None:
    with Ledger(tmp_path, "md", nowhere), pytest.raises(OutputError, match="Another run"):
        Ledger(tmp_path, "md", nowhere)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(OutputError, match=r"out/\.muniment cannot be written"):
        Ledger(tmp_path / "out", "md", nowhere)


def test_pages_on_disk_are_for_their_owner_only(tmp_path: Path, faults: Faults) -> None:
    faults("")
    run(tiff(tmp_path / "a.tiff", 3), tmp_path, stop_after=2)
    (partial,) = (tmp_path / ".muniment").glob("*.pages.jsonl")
    assert partial.stat().st_mode & 0o077 == 0


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, 600), garbage=st.binary(max_size=20))
def test_a_torn_ledger_loses_at_most_what_was_torn(
    tmp_path_factory: pytest.TempPathFactory, cut: int, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    source = Source(Path("a.tiff"), "a.tiff")
    info = DocumentInfo("a.tiff", "tiff", 3, "00")
    readings = [PageReading(number=number, status=PageStatus.READ, width=number) for number in (1, 2, 3)]
    with Ledger(folder, "md", nowhere) as ledger:
        entry = ledger.entry(source, info, (1, 2, 3), "engine")
        for reading in readings:
            entry.add(reading)
        (partial,) = (folder / ".muniment").glob("*.pages.jsonl")
        whole = partial.read_bytes()
        partial.write_bytes(whole[: min(cut, len(whole))] + garbage)
        again = ledger.entry(source, info, (1, 2, 3), "engine")
        kept = list(again.pages())
    assert kept == readings[: len(kept)]
    assert len(kept) >= whole[: min(cut, len(whole))].count(b"\n")
    assert partial.read_bytes() == b"".join(whole.splitlines(keepends=True)[: len(kept)])

"""A page never vanishes: whatever happens to workers, every page asked for is told once, in order."""

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from muniment.documents.sources import Source
from muniment.errors import DocumentError, EngineError, LimitExceeded, SandboxRefused, UsageError
from muniment.reading import (
    DocumentDone,
    DocumentFailed,
    DocumentOpened,
    EngineAwaited,
    EngineNotice,
    Event,
    PageDone,
    PageReading,
    PageStatus,
    ReadOptions,
    Run,
    SandboxWarning,
    read,
    source,
    stream,
)
from muniment.reading.worker_process import WorkerLostError
from muniment.text import Flag
from tests.reading.conftest import Faults


def tiff(path: Path, pages: int) -> Source:
    frames = [Image.new("L", (40, 40), 255) for _ in range(pages)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return Source(path, path.name)


def pages_of(path: Path, count: int, **options: object) -> list[PageReading]:
    tiff(path, count)
    return list(read(path, ReadOptions(**options)).pages)  # type: ignore[arg-type]


def texts(page: PageReading) -> list[str]:
    return [line.text for line in page.lines]


@pytest.mark.parametrize("jobs", [1, 3])
def test_pages_come_in_order_whatever_the_number_of_workers(tmp_path: Path, faults: Faults, jobs: int) -> None:
    faults("")
    pages = pages_of(tmp_path / "a.tiff", 9, jobs=jobs)
    assert [page.number for page in pages] == list(range(1, 10))
    assert [texts(page) for page in pages] == [[f"page {number}"] for number in range(1, 10)]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("crash", "a.tiff: page 2 could not be read: the worker was ended by signal 11 (SIGSEGV). The page may be"),
        ("exit", "a.tiff: page 2 could not be read: the worker ended with code 3. The page may be"),
        ("error", "a.tiff: page 2 is damaged. Scan it again."),
        ("memory", "a.tiff: page 2 needs more memory than a worker may use. Print it"),
        ("bug", "a.tiff: page 2 stopped the reader with an unexpected ZeroDivisionError. Print it"),
    ],
)
def test_a_failed_attempt_costs_that_attempt_only(tmp_path: Path, faults: Faults, fault: str, told: str) -> None:
    faults(f"2:{fault}:best")
    first, second, third = pages_of(tmp_path / "a.tiff", 3, jobs=1)
    assert (first.status, third.status) == (PageStatus.READ, PageStatus.READ)
    assert second.status is PageStatus.FALLBACK
    assert Flag.FALLBACK in second.flags
    assert texts(second) == ["page 2"]
    assert told in second.attempts[0].problem
    assert second.attempts[1].problem == ""


@pytest.mark.parametrize("fault", ["crash", "exit", "error", "memory", "bug"])
def test_a_page_that_always_fails_keeps_its_place_and_says_why(tmp_path: Path, faults: Faults, fault: str) -> None:
    faults(f"2:{fault}")
    pages = pages_of(tmp_path / "a.tiff", 3, jobs=2)
    assert [page.status for page in pages] == [PageStatus.READ, PageStatus.FAILED, PageStatus.READ]
    assert pages[1].flags == (Flag.FAILED,)
    assert pages[1].problem
    assert len(pages[1].attempts) == 2


def test_an_unexpected_error_does_not_quote_the_document(tmp_path: Path, faults: Faults) -> None:
    faults("1:bug")
    (page,) = pages_of(tmp_path / "a.tiff", 1)
    assert "ZeroDivisionError" in page.problem
    assert "quote" not in page.problem


def test_a_worker_that_hangs_is_killed_at_the_time_limit(tmp_path: Path, faults: Faults) -> None:
    faults("2:hang:best")
    pages = pages_of(tmp_path / "a.tiff", 3, jobs=1, page_timeout=2.0)
    assert [page.status for page in pages] == [PageStatus.READ, PageStatus.FALLBACK, PageStatus.READ]
    assert "longer than 2 s" in pages[1].attempts[0].problem


def test_a_worker_killed_from_outside_costs_the_attempt(tmp_path: Path, faults: Faults) -> None:
    faults("2:hang:best")
    tiff(tmp_path / "a.tiff", 3)
    with stream(tmp_path / "a.tiff", ReadOptions(jobs=1)) as pages:
        told = iter(pages)
        first = next(told)
        threading.Timer(1.0, kill_children).start()
        rest = list(told)
    assert first.number == 1
    assert [page.status for page in rest] == [PageStatus.FALLBACK, PageStatus.READ]
    assert "SIGKILL" in rest[0].attempts[0].problem


def kill_children() -> None:
    for pid in children():
        os.kill(pid, signal.SIGKILL)


def children() -> list[int]:
    """Process ids of this process's children."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def test_without_models_the_run_stops_and_says_what_to_do(tmp_path: Path, faults: Faults) -> None:
    faults("1:engine")
    with pytest.raises(EngineError, match="make setup"):
        pages_of(tmp_path / "a.tiff", 2)


def test_workers_are_gone_when_the_run_is_left_early(tmp_path: Path, faults: Faults) -> None:
    faults("3:hang")
    tiff(tmp_path / "a.tiff", 9)
    with stream(tmp_path / "a.tiff", ReadOptions(jobs=2)) as pages:
        next(iter(pages))
    deadline = time.monotonic() + 5
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children() == []


def test_a_worker_reaches_no_listener_that_its_parent_reaches(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults("")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=2).close()  # the control: from here it works
        monkeypatch.setenv("LISTENER", str(port))
        (page,) = pages_of(tmp_path / "a.tiff", 1)
    assert texts(page)[0].startswith("refused")


def test_documents_are_told_one_after_the_other_with_broken_ones_in_their_place(tmp_path: Path, faults: Faults) -> None:
    faults("")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    missing = Source(tmp_path / "missing.png", "missing.png")
    sources = [tiff(tmp_path / "a.tiff", 2), Source(broken, "broken.pdf"), missing, tiff(tmp_path / "b.tiff", 3)]
    assert [outline(event) for event in Run(sources, ReadOptions(jobs=2))] == [
        ("opened", "a.tiff"),
        ("page", "a.tiff"),
        ("page", "a.tiff"),
        ("done", "a.tiff"),
        ("failed", "broken.pdf"),
        ("failed", "missing.png"),
        ("opened", "b.tiff"),
        ("page", "b.tiff"),
        ("page", "b.tiff"),
        ("page", "b.tiff"),
        ("done", "b.tiff"),
    ]


def outline(event: Event) -> tuple[str, str]:
    kinds = {DocumentOpened: "opened", PageDone: "page", DocumentDone: "done", DocumentFailed: "failed"}
    assert not isinstance(event, SandboxWarning | EngineAwaited | EngineNotice)
    return kinds[type(event)], event.source.name


def test_only_a_window_of_pages_is_in_flight(tmp_path: Path, faults: Faults) -> None:
    faults("1:hang:best")
    run = Run([tiff(tmp_path / "a.tiff", 200)], ReadOptions(jobs=2, page_timeout=2.0))
    events = iter(run)
    next(events)
    assert run.pages_in_flight <= 6
    next(events)  # the slow first page: the others went on meanwhile, but not beyond the window
    assert run.pages_in_flight <= 6
    run.close()


def test_pages_outside_the_document_are_a_usage_error_that_names_it(tmp_path: Path, faults: Faults) -> None:
    faults("")
    with pytest.raises(UsageError, match=r"a\.tiff"):
        pages_of(tmp_path / "a.tiff", 3, pages="2-9")


def test_a_stream_without_end_is_refused(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    faults("")
    monkeypatch.setattr(source, "LARGEST_STREAM", 3 << 20)
    with (
        Path("/dev/zero").open("rb") as zeros,
        pytest.raises(LimitExceeded, match=r"3,145,728 bytes.*Save them as a file"),
    ):
        read(zeros)


def test_only_the_pages_asked_for_are_read(tmp_path: Path, faults: Faults) -> None:
    faults("1:crash,3:crash")
    assert [page.number for page in pages_of(tmp_path / "a.tiff", 4, pages="2,4")] == [2, 4]


def test_a_refused_sandbox_is_told_once(tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    faults("")
    monkeypatch.setenv("REFUSE_SANDBOX", "1")
    events = list(Run([tiff(tmp_path / "a.tiff", 4)], ReadOptions(jobs=2)))
    assert [type(event) for event in events].count(SandboxWarning) == 1
    assert isinstance(events[0], SandboxWarning)
    assert "namespaces" in events[0].reason


def test_a_refused_sandbox_is_an_error_where_it_is_required(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults("")
    monkeypatch.setenv("REFUSE_SANDBOX", "1")
    with pytest.raises(SandboxRefused, match="require-sandbox"):
        pages_of(tmp_path / "a.tiff", 1, require_sandbox=True)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("crash", "a.tiff cannot be opened: the worker that looked into it was ended by signal 11"),
        ("memory", "a.tiff needs more memory than a worker may use. Print it"),
        ("bug", "a.tiff stopped the reader with an unexpected ZeroDivisionError. Print it"),
    ],
)
def test_a_document_that_harms_its_worker_on_opening_fails_alone(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, fault: str, told: str
) -> None:
    faults("")
    monkeypatch.setenv("ON_OPENING", fault)
    with pytest.raises(DocumentError, match=told):
        pages_of(tmp_path / "a.tiff", 1)


def test_reading_from_python_warns_once_where_the_sandbox_is_refused(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults("")
    monkeypatch.setenv("REFUSE_SANDBOX", "1")
    tiff(tmp_path / "a.tiff", 2)
    with pytest.warns(RuntimeWarning, match="switched off") as told:
        read(tmp_path / "a.tiff", ReadOptions(jobs=1))
    assert len(told) == 1


def test_a_file_is_no_longer_hashed_once_the_run_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x" * 10)
    with (tmp_path / "a.pdf").open("rb") as file:
        document = source.OpenDocument("a.pdf", file, None)
        with pytest.raises(WorkerLostError):
            document.hash(lambda: True)

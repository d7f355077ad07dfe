"""A job's progress as it comes."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.server.jobs.handed_in import LETTER, lines_of
from tests.server.serving import Served, served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")


def told(service: Served, job: str) -> list[tuple[str, dict[str, Any]]]:
    answer = service.client.get(f"/v1/documents/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n") for part in answer.text.split("\n\n") if part.startswith("event:")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in events]


def test_every_page_is_told_and_the_end(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "1:slow,2:slow,3:slow")
    with served(tmp_path / "data") as service:
        events = told(service, service.hand_in(LETTER))
    done = [job["pages"]["done"] for _, job in events]
    assert done == sorted(done)
    assert {1, 2, 3} <= set(done)
    assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["finished"]
    assert events[-1][1]["state"] == "done"


def test_a_job_that_is_finished_is_told_at_once(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        service.job(job)
        assert [name for name, _ in told(service, job)] == ["finished"]


def test_a_removal_is_told(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:hang")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        found: list[Any] = []
        watching = threading.Thread(target=lambda: found.extend(told(service, job)))
        watching.start()
        until(lambda: lines_of(service, job) or None)
        service.client.delete(f"/v1/documents/{job}")
        watching.join(30)
    assert found[-1] == ("removed", {"id": job})


def test_a_slow_reader_misses_no_end(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    """The last page is read while the reader is still at an earlier event."""
    with_plain_workers(plain_workers, "1:slow")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        with service.client.stream("GET", f"/v1/documents/{job}/events") as answer:
            pieces = answer.iter_raw()
            first = next(pieces)
            service.job(job)
            assert b"event: finished" in first + b"".join(pieces)


def test_silence_is_no_end(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    plain_workers.setattr("muniment.server.routes.documents._KEEP_ALIVE", 0.02)
    with_plain_workers(plain_workers, "1:slow")
    with served(tmp_path / "data") as service:
        assert ": still there\n\n" in service.client.get(f"/v1/documents/{service.hand_in(LETTER)}/events").text

"""Jobs are read to their end whatever happens to the service meanwhile, and no page is lost over it."""

import json
import logging
import threading
import time
from pathlib import Path

import pytest

from muniment.reading import PageReading
from muniment.server.jobs.pagefile import PageFile
from tests.builders import text_pdf
from tests.reading.engine_server import EngineServer
from tests.server.jobs.handed_in import LETTER, hand_in, lines_of, scan, texts
from tests.server.serving import served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")


def test_pages_may_come_in_any_order_and_are_told_in_theirs(tmp_path: Path, engine: EngineServer) -> None:
    others = threading.Semaphore(0)

    def say(number: int) -> str:
        if number > 0:
            others.release()
        else:
            for _ in range(3):
                others.acquire(timeout=30)
            time.sleep(0.2)
        return f"answer {number}"

    engine.say = say
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(4), "scripted")
        service.job(job)
        assert lines_of(service, job) != [1, 2, 3, 4]
        assert [number for number, _ in texts(service, job)] == [1, 2, 3, 4]
        assert {text for _, text in texts(service, job)} == {f"answer {number}" for number in range(4)}


def test_a_page_that_cannot_be_read_keeps_its_place(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:error")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        told = service.job(job)
        assert told["pages"]["done"] == 3
        (failed,) = told["pages"]["failed"]
        assert failed["page"] == 2
        assert "damaged" in failed["problem"]
        assert service.client.get(f"/v1/documents/{job}/pages/2").json()["status"] == "failed"


def test_a_page_that_was_read_by_a_fallback_is_told(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "3:error:best")
    with served(tmp_path / "data") as service:
        told = service.job(service.hand_in(LETTER))
        assert (told["pages"]["fallback"], told["pages"]["failed"]) == ([3], [])


def test_a_restart_goes_on_with_what_is_left(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "3:hang")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        until(lambda: sorted(lines_of(service, job)) == [1, 2] or None)
    with_plain_workers(plain_workers, "1:error,2:error")  # they are not to be read again
    with served(tmp_path / "data") as service:
        told = service.job(job)
        assert (told["pages"]["done"], told["pages"]["failed"]) == (3, [])
        assert texts(service, job) == [(1, "page 1"), (2, "page 2"), (3, "page 3")]
        assert lines_of(service, job) == [1, 2, 3]


def test_a_job_that_breaks_the_service_is_failed_and_the_log_has_no_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a line of the letter")

    with served(tmp_path / "data") as service:
        monkeypatch.setattr(PageFile, "add", broken)
        job = service.hand_in(LETTER)
        told = service.job(job, "failed")
        assert job in told["problem"]
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert "ZeroDivisionError in test_runner.py" in record.getMessage()
        assert "a line of the letter" not in caplog.text + json.dumps(told)


def test_a_job_that_fails_loses_no_page_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PageFile.add

    def broken(file: PageFile, page: PageReading) -> None:
        if page.number == 2:
            raise ZeroDivisionError
        real(file, page)

    with served(tmp_path / "data") as service:
        monkeypatch.setattr(PageFile, "add", broken)
        job = service.hand_in(text_pdf("one", "two"))
        problem = service.job(job, "failed")["problem"]
        result = service.client.get(f"/v1/documents/{job}/result", params={"format": "json"})
        assert result.status_code == 200
        read, failed = result.json()["pages"]
        assert (read["number"], read["status"], read["blocks"][0]["text"]) == (1, "read", "page 1")
        assert (failed["number"], failed["status"], failed["problem"]) == (2, "failed", problem)

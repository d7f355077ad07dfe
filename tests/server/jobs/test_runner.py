"""Jobs are read to their end whatever happens to the engine or the service meanwhile, and no page is lost over it."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from muniment.errors import OutputError
from muniment.reading import PageReading
from muniment.server import service as service_module
from muniment.server.jobs import JobRunner, JobStore, runner
from muniment.server.jobs.pagefile import PageFile
from muniment.server.limits import Gate
from muniment.server.store import Database
from tests.builders import scanned_pdf, text_pdf
from tests.reading.engine_server import EngineServer, Refusal, engine_server
from tests.server.serving import Served, make_key, served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")

LETTER = text_pdf("one", "two", "three")


def scan(pages: int) -> bytes:
    """A document that has to be looked at."""
    page = Image.new("L", (240, 320), 255)
    ImageDraw.Draw(page).text((40, 40), "Letter", 0)
    return scanned_pdf(*[page] * pages)


def texts(service: Served, job: str) -> list[tuple[int, str]]:
    """A job's pages: their numbers and their texts."""
    pages = service.client.get(f"/v1/documents/{job}/result", params={"format": "json"}).json()["pages"]
    return [(page["number"], page["blocks"][0]["text"]) for page in pages]


def lines_of(service: Served, job: str) -> list[int]:
    """The numbers of the pages as they were written down."""
    path = service.data / "jobs" / job / "pages.jsonl"
    return [json.loads(line)["number"] for line in path.read_text().splitlines()] if path.exists() else []


def hand_in(service: Served, document: bytes, model: str) -> str:
    until(lambda: model in service.client.get("/v1/models").text or None)
    job: str = service.client.post("/v1/documents", params={"model": model}, content=document).json()["id"]
    return job


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that wait are tried again soon."""
    monkeypatch.setattr(runner, "_TRY_AGAIN_AFTER", 0.05)


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


def test_a_job_waits_for_an_engine_that_is_not_there_yet(tmp_path: Path, engine: EngineServer, soon: None) -> None:  # noqa: ARG001
    engine.say = lambda _: Refusal(503, "no")
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(2), "scripted")
    port = engine.server_address[1]
    engine.end()
    with served(tmp_path / "data", engine.address) as service:
        told = service.job(job, "waiting")
        assert told["problem"] == "The engine is not there yet"
        with engine_server(port=int(port)):
            assert service.job(job)["pages"]["done"] == 2
            assert [number for number, _ in texts(service, job)] == [1, 2]


def test_a_job_whose_model_is_gone_after_a_restart_fails_and_says_so(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda _: Refusal(503, "no")
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(2), "scripted")
    with served(tmp_path / "data") as service:
        assert "no such model" in service.job(job, "failed")["problem"]


def test_a_job_that_waits_beyond_the_lifetime_fails_and_is_erased(
    tmp_path: Path,
    engine: EngineServer,
    soon: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "_SWEEP_EVERY", 0.1)
    engine.say = lambda _: Refusal(401, "wrong key")
    with served(tmp_path / "data", engine.address, lifetime=1.5) as service:
        job = hand_in(service, scan(2), "scripted")
        told = service.job(job, "failed")
        assert told["problem"].startswith("It waited for too long. ")
        began, ended = (datetime.fromisoformat(told[moment]) for moment in ("created_at", "finished_at"))
        assert ended - began >= timedelta(seconds=1.5)
        until(lambda: not any((service.data / "jobs").iterdir()) or None)


def test_time_counts_from_the_last_page_also_after_a_restart(
    tmp_path: Path,
    engine: EngineServer,
    soon: None,  # noqa: ARG001
) -> None:
    engine.say = lambda number: "read" if number == 0 else Refusal(401, "wrong key")
    with served(tmp_path / "data", engine.address, requests=1) as service:
        job = hand_in(service, scan(2), "scripted")
        until(lambda: lines_of(service, job) or None)
    database = Database(tmp_path / "data")
    with database.transaction() as connection:
        connection.execute("UPDATE jobs SET created = created - 1000, state = 'reading', problem = ''")
    database.close()
    with served(tmp_path / "data", engine.address, lifetime=500.0) as service:
        service.job(job, "waiting")
        pages = service.data / "jobs" / job / "pages.jsonl"
        os.utime(pages, (time.time() - 600, time.time() - 600))
    with served(tmp_path / "data", engine.address, lifetime=500.0) as service:
        assert service.job(job, "failed")["pages"]["done"] == 1


def test_an_engine_that_goes_away_and_comes_back_costs_no_page(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda number: None if number in (1, 2) else Refusal(503, "busy") if number == 3 else f"a{number}"
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(3), "scripted")
        told = service.job(job)
        assert (told["pages"]["done"], told["pages"]["failed"], told["pages"]["fallback"]) == (3, [], [])
        assert sorted(lines_of(service, job)) == [1, 2, 3]


def test_a_job_goes_on_when_no_page_could_be_read_for_a_while(tmp_path: Path, engine: EngineServer, soon: None) -> None:  # noqa: ARG001
    """A key that the engine does not take is for whoever runs the service to mend, and the job waits for that."""
    engine.say = lambda number: Refusal(401, "wrong key") if number < 3 else "read"
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(2), "scripted")
        assert service.job(job)["pages"]["done"] == 2
        assert sorted(lines_of(service, job)) == [1, 2]


def test_a_queue_that_is_full_is_waited_for(tmp_path: Path, engine: EngineServer, soon: None) -> None:  # noqa: ARG001
    engine.delay = 0.05
    with served(tmp_path / "data", engine.address, most_waiting=1) as service:
        jobs = [hand_in(service, scan(3), "scripted") for _ in range(3)]
        for job in jobs:
            assert service.job(job)["pages"]["done"] == 3


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


def test_removing_a_job_in_the_middle_stops_and_erases_it(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:slow")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        until(lambda: lines_of(service, job) or None)
        assert service.client.delete(f"/v1/documents/{job}").status_code == 204
        assert list((service.data / "jobs").iterdir()) == []
        assert service.client.get(f"/v1/documents/{job}").status_code == 404
        assert service.job(service.hand_in(LETTER))["pages"]["done"] == 3, "others go on"


def test_content_is_erased_when_its_time_is_over(tmp_path: Path) -> None:
    with served(tmp_path / "data", lifetime=0.4) as service:
        job = service.hand_in(LETTER)
        file = service.client.post("/v1/files", content=LETTER).json()["id"]
        told = service.job(job)
        assert told["expires_at"] > told["finished_at"]
        places = [f"/v1/documents/{job}{part}" for part in ("", "/result", "/events", "/pages/1", "/pages/1/image")]
        for place in (*places, f"/v1/files/{file}"):
            until(lambda place=place: service.client.get(place).status_code == 404 or None)  # type: ignore[misc]
        assert list((service.data / "jobs").iterdir()) == []
        assert list((service.data / "files").iterdir()) == []
        assert service.client.get("/v1/documents").json()["data"] == []


def test_content_is_erased_though_something_unexpected_came_up_once_and_is_told(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faults, remove_old = iter([True]), JobRunner.remove_old

    async def broken_once(self: JobRunner, lifetime: float) -> None:
        if next(faults, False):
            raise OSError("letter.pdf")
        await remove_old(self, lifetime)

    plain_workers.setattr(JobRunner, "remove_old", broken_once)
    with served(tmp_path / "data", lifetime=0.1) as service:
        job = service.hand_in(LETTER)
        until(lambda: service.client.get(f"/v1/documents/{job}").status_code == 404 or None)
    assert [line for line in caplog.messages if line.startswith("Erasing failed: OSError in test_runner.py")]
    assert "letter.pdf" not in caplog.text


def test_what_is_not_finished_is_not_old(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:hang")
    plain_workers.setattr(service_module, "_SWEEP_EVERY", 0.02)
    with served(tmp_path / "data", lifetime=0.05) as service:
        job = service.hand_in(LETTER)
        until(lambda: lines_of(service, job) or None)
        time.sleep(0.2)
        assert service.client.get(f"/v1/documents/{job}").json()["state"] == "reading"


def test_two_owners_never_see_each_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (_, mine), (_, theirs) = make_key(data, "mine"), make_key(data, "theirs")
    with served(data) as service:
        job = service.hand_in(LETTER, **mine)
        file = service.client.post("/v1/files", content=LETTER, headers=mine).json()["id"]
        until(lambda: service.client.get(f"/v1/documents/{job}", headers=mine).json()["state"] == "done" or None)
        places = [f"/v1/documents/{job}{part}" for part in ("", "/result", "/events", "/pages/1", "/pages/1/image")]
        for place in (*places, f"/v1/files/{file}", f"/v1/files/{file}/url"):
            assert service.client.get(place, headers=theirs).status_code == 404
            assert service.client.get(place, headers=mine).status_code == 200
        for place in (f"/v1/documents/{job}", f"/v1/files/{file}"):
            assert service.client.delete(place, headers=theirs).status_code == 404
        document = {"type": "file", "file_id": file}
        assert service.client.post("/v1/ocr", json={"document": document}, headers=theirs).status_code == 404
        for route in ("/v1/documents", "/v1/files"):
            assert service.client.get(route, headers=theirs).json()["data"] == []
            assert len(service.client.get(route, headers=mine).json()["data"]) == 1


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


class TestDisks:
    """A full disk and a busy database pass, and no job is lost meanwhile."""

    def failing(self, patch: pytest.MonkeyPatch, owner: type, name: str, times: int, *, late: bool = False) -> None:
        """Have a method tell of a full disk so many times; ``late`` when it has done its work."""
        real, left = getattr(owner, name), [None] * times

        def full(*given: Any) -> Any:
            if left and late:
                real(*given)
            if left:
                left.pop()
                raise OutputError("/data/secret-place cannot be written: no space is left")
            return real(*given)

        patch.setattr(owner, name, full)

    @pytest.mark.parametrize("late", [False, True])
    def test_a_page_that_cannot_be_written_down_is_tried_again(
        self,
        tmp_path: Path,
        plain_workers: pytest.MonkeyPatch,
        soon: None,  # noqa: ARG002
        *,
        late: bool,
    ) -> None:
        self.failing(plain_workers, PageFile, "add", 2, late=late)
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            told = service.job(job)
            assert (told["pages"]["done"], told["pages"]["failed"], told["problem"]) == (3, [], "")
            assert texts(service, job) == [(1, "page 1"), (2, "page 2"), (3, "page 3")]

    def test_what_a_job_waits_for_is_told_without_the_places_of_files(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.failing(plain_workers, PageFile, "add", 1)
        with served(tmp_path / "data") as service:
            told = service.job(service.hand_in(LETTER), "waiting")
            told = until(lambda: found if (found := service.job(told["id"], "waiting"))["problem"] else None)
            assert told["problem"] == "The service cannot write its results"
        assert "secret-place" in caplog.text

    @pytest.mark.parametrize(("owner", "name"), [(JobStore, "finish"), (Gate, "give_back")])
    def test_an_end_that_cannot_be_written_down_is_tried_again_and_told(
        self,
        tmp_path: Path,
        plain_workers: pytest.MonkeyPatch,
        soon: None,  # noqa: ARG002
        owner: type,
        name: str,
    ) -> None:
        self.failing(plain_workers, owner, name, 3)
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            assert "event: finished" in service.client.get(f"/v1/documents/{job}/events").text

    def test_a_state_that_cannot_be_written_down_ends_nothing(
        self,
        tmp_path: Path,
        plain_workers: pytest.MonkeyPatch,
        soon: None,  # noqa: ARG002
    ) -> None:
        self.failing(plain_workers, JobStore, "set_state", 3)
        with served(tmp_path / "data") as service:
            assert service.job(service.hand_in(LETTER))["pages"]["done"] == 3


class TestEvents:
    """A job's progress as it comes."""

    def told(self, service: Served, job: str) -> list[tuple[str, dict[str, Any]]]:
        answer = service.client.get(f"/v1/documents/{job}/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [part.split("\n") for part in answer.text.split("\n\n") if part.startswith("event:")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in events]

    def test_every_page_is_told_and_the_end(self, tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
        with_plain_workers(plain_workers, "1:slow,2:slow,3:slow")
        with served(tmp_path / "data") as service:
            events = self.told(service, service.hand_in(LETTER))
        done = [job["pages"]["done"] for _, job in events]
        assert done == sorted(done)
        assert {1, 2, 3} <= set(done)
        assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["finished"]
        assert events[-1][1]["state"] == "done"

    def test_a_job_that_is_finished_is_told_at_once(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            service.job(job)
            assert [name for name, _ in self.told(service, job)] == ["finished"]

    def test_a_removal_is_told(self, tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
        with_plain_workers(plain_workers, "2:hang")
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            found: list[Any] = []
            watching = threading.Thread(target=lambda: found.extend(self.told(service, job)))
            watching.start()
            until(lambda: lines_of(service, job) or None)
            service.client.delete(f"/v1/documents/{job}")
            watching.join(30)
        assert found[-1] == ("removed", {"id": job})

    def test_a_slow_reader_misses_no_end(self, tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
        """The last page is read while the reader is still at an earlier event."""
        with_plain_workers(plain_workers, "1:slow")
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            with service.client.stream("GET", f"/v1/documents/{job}/events") as answer:
                pieces = answer.iter_raw()
                first = next(pieces)
                service.job(job)
                assert b"event: finished" in first + b"".join(pieces)

    def test_silence_is_no_end(self, tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
        plain_workers.setattr("muniment.server.routes.documents._KEEP_ALIVE", 0.02)
        with_plain_workers(plain_workers, "1:slow")
        with served(tmp_path / "data") as service:
            assert ": still there\n\n" in service.client.get(f"/v1/documents/{service.hand_in(LETTER)}/events").text


class TestIdempotency:
    """The same document handed in again is the same job."""

    def post(self, service: Served, document: bytes, key: str = "once", **params: str) -> tuple[int, dict[str, Any]]:
        answer = service.client.post("/v1/documents", content=document, params=params, headers={"idempotency-key": key})
        return answer.status_code, answer.json()

    def test_the_same_again_is_the_same_job_also_after_a_restart(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            status, job = self.post(service, LETTER)
            again = self.post(service, LETTER)
            assert (status, again[0], again[1]["id"]) == (202, 200, job["id"])
        with served(tmp_path / "data") as service:
            assert self.post(service, LETTER)[1]["id"] == job["id"]
            assert self.post(service, LETTER, "another")[1]["id"] != job["id"]
            assert len(list((service.data / "jobs").iterdir())) == 2

    def test_anything_else_under_the_same_key_is_a_conflict(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            self.post(service, LETTER)
            for status, told in (self.post(service, text_pdf("another")), self.post(service, LETTER, pages="1")):
                assert (status, told["error"]["code"]) == (409, "idempotency_conflict")
            assert len(list((service.data / "jobs").iterdir())) == 1

    def test_a_removed_job_may_be_handed_in_again(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            _, job = self.post(service, LETTER)
            service.client.delete(f"/v1/documents/{job['id']}")
            assert self.post(service, LETTER)[0] == 202

    def test_a_key_that_is_too_long_is_refused(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            assert self.post(service, LETTER, "k" * 201)[0] == 400

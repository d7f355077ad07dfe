"""What is kept of a document is erased when it is removed, or when its time is over, and not before."""

import errno
import os
import shutil
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from muniment.server import service as service_module
from muniment.server.jobs import JobRunner
from tests.reading.engine_server import EngineServer
from tests.server.busy import Writer
from tests.server.erasing import cannot_be_erased
from tests.server.jobs.handed_in import LETTER, hand_in, lines_of, scan
from tests.server.serving import served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")


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
    assert [line for line in caplog.messages if line.startswith("Erasing failed: OSError in test_erasing.py")]
    assert "letter.pdf" not in caplog.text


def test_what_is_not_finished_is_not_old(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:hang")
    plain_workers.setattr(service_module, "_SWEEP_EVERY", 0.02)
    with served(tmp_path / "data", lifetime=0.05) as service:
        job = service.hand_in(LETTER)
        until(lambda: lines_of(service, job) or None)
        time.sleep(0.2)
        assert service.client.get(f"/v1/documents/{job}").json()["state"] == "reading"


class TestTrouble:
    """What the disk does not let go of is not said to be gone."""

    @pytest.mark.parametrize("state", ["reading", "done"])
    def test_a_document_that_cannot_be_erased_is_told_read_by_nobody_and_tried_again(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, state: str
    ) -> None:
        with_plain_workers(plain_workers, "2:hang" if state == "reading" else "")
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            until(lambda: lines_of(service, job) or None)
            service.job(job, state)
            place = f"/v1/documents/{job}"
            with plain_workers.context() as stuck:
                cannot_be_erased(stuck, "document")
                for _ in range(2):
                    answer = service.client.delete(place)
                    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_erased")
                    assert "retry-after" in answer.headers
                assert (service.data / "jobs" / job / "document").exists()
                assert f"{job} cannot be erased" in caplog.text
                assert {service.client.get(f"{place}{part}").status_code for part in ("", "/result", "/events")} == {
                    404
                }
                assert service.client.get("/v1/documents").json()["data"] == []
            assert service.client.delete(place).status_code == 204
            assert service.client.delete(place).status_code == 404
            assert list((service.data / "jobs").iterdir()) == []

    def test_it_is_erased_by_itself_as_soon_as_that_can_be_done(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "2:hang")
        plain_workers.setattr(service_module, "_SWEEP_EVERY", 0.05)
        with served(tmp_path / "data") as service:
            job = service.hand_in(LETTER)
            file = service.client.post("/v1/files", content=LETTER).json()["id"]
            with plain_workers.context() as stuck:
                cannot_be_erased(stuck, "document")
                cannot_be_erased(stuck, "content")
                for place in (f"/v1/documents/{job}", f"/v1/files/{file}"):
                    assert service.client.delete(place).status_code == 503
                    assert service.client.get(place).status_code == 404
            until(lambda: not any(path for path in service.data.glob("*/*_*")) or None)

    def test_what_has_had_its_time_is_erased_though_nobody_can_see_what_else_there_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        real, folders = os.listdir, [str(tmp_path / "data" / name) for name in ("jobs", "files")]

        def failing(path: Any = ".") -> Any:
            if str(path) in folders:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(path)

        monkeypatch.setattr(os, "listdir", failing)
        with served(tmp_path / "data", lifetime=0.2) as service:
            job = service.hand_in(LETTER)
            file = service.client.post("/v1/files", content=LETTER).json()["id"]
            for place in (f"/v1/documents/{job}", f"/v1/files/{file}"):
                until(lambda place=place: service.client.get(place).status_code == 404 or None)  # type: ignore[misc]
        assert all(
            f"What is left in {folder} cannot be seen: {os.strerror(errno.EIO)}" in caplog.text for folder in folders
        )

    def test_it_is_not_read_on_after_a_restart_and_erased_then(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "2:hang")
        with served(tmp_path / "data") as service, plain_workers.context() as stuck:
            cannot_be_erased(stuck, "document")
            job = service.hand_in(LETTER)
            assert service.client.delete(f"/v1/documents/{job}").status_code == 503
        with served(tmp_path / "data") as service:
            until(lambda: not any((service.data / "jobs").iterdir()) or None)
            assert service.client.delete(f"/v1/documents/{job}").status_code == 404


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class TestBusy:
    """Somebody else writes to the database while a document is being removed."""

    def test_one_that_cannot_be_marked_as_removed_is_read_on(self, tmp_path: Path, engine: EngineServer) -> None:
        may = threading.Event()
        engine.say = lambda number: f"answer {number}" if may.wait(60) else None
        with served(tmp_path / "data", engine.address) as service:
            job = hand_in(service, scan(2), "scripted")
            until(lambda: engine.asked or None)
            with closing(Writer(service.data)) as other:
                other.hold()
                assert error(service.client.delete(f"/v1/documents/{job}")) == (503, "database_busy")
            may.set()
            assert service.ended(job)["pages"]["done"] == 2
            assert service.client.delete(f"/v1/documents/{job}").status_code == 204

    def test_one_that_is_erased_and_whose_row_stays_is_removed_for_whoever_watches_and_gone_after_a_restart(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "2:hang")
        with served(tmp_path / "data") as service, closing(Writer(service.data)) as other:
            job = service.hand_in(LETTER)
            until(lambda: lines_of(service, job) or None)
            erase = shutil.rmtree

            def held_meanwhile(folder: Path, **given: Any) -> None:
                other.hold()
                erase(folder, **given)

            told: list[str] = []

            def watch() -> None:
                with service.client.stream("GET", f"/v1/documents/{job}/events") as answer:
                    told.extend(answer.iter_text())

            watching = threading.Thread(target=watch, daemon=True)
            watching.start()
            until(lambda: told or None)
            with plain_workers.context() as patch:
                patch.setattr(shutil, "rmtree", held_meanwhile)
                assert error(service.client.delete(f"/v1/documents/{job}")) == (503, "database_busy")
            watching.join(30)
            assert "event: removed" in "".join(told)
            assert service.client.get(f"/v1/documents/{job}").status_code == 404
            other.let_go()
            assert other.jobs() == 1
        with served(tmp_path / "data") as service, closing(Writer(service.data)) as other:
            until(lambda: other.jobs() == 0 or None)

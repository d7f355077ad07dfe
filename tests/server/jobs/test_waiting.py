"""Jobs wait for an engine, a queue or a key that is put right, and not for ever, and lose no page meanwhile."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from muniment.server import service as service_module
from muniment.server.jobs import runner
from muniment.server.store import Database
from tests.reading.engine_server import EngineServer, Refusal, engine_server
from tests.server.conftest import Clock
from tests.server.jobs.handed_in import hand_in, lines_of, scan, texts
from tests.server.serving import served, until

pytestmark = pytest.mark.usefixtures("plain_workers", "soon")


def test_a_job_waits_for_an_engine_that_is_not_there_yet(tmp_path: Path, engine: EngineServer) -> None:
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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "_SWEEP_EVERY", 0.1)
    engine.say = lambda _: Refusal(401, "wrong key")
    with served(tmp_path / "data", engine.address, lifetime=1.5) as service:
        job = hand_in(service, scan(2), "scripted")
        told = service.job(job, "failed")
        assert told["problem"].startswith("It waited for too long. ")
        assert told["problem"].endswith(". Tell whoever runs this service.")
        assert "--api-key" not in told["problem"], "which is for a command line"
        began, ended = (datetime.fromisoformat(told[moment]) for moment in ("created_at", "finished_at"))
        assert ended - began >= timedelta(seconds=1.5)
        until(lambda: not any((service.data / "jobs").iterdir()) or None)


def test_time_counts_from_the_last_page(tmp_path: Path, engine: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(runner, "monotonic", clock)

    def say(number: int) -> str | Refusal:
        clock.seconds = [400.0, 800.0, 901.0][min(number, 2)]
        return "read" if number == 0 else Refusal(401, "wrong key")

    engine.say = say
    with served(tmp_path / "data", engine.address, requests=1, lifetime=500.0) as service:
        job = hand_in(service, scan(2), "scripted")
        assert service.job(job, "failed")["pages"]["done"] == 1
        assert len(engine.asked) == 3, "it still waited 400 seconds after the page, and 800 after it was handed in"


def test_time_in_which_the_service_is_down_does_not_count(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda number: "read" if number == 0 else Refusal(401, "wrong key")
    with served(tmp_path / "data", engine.address, requests=1) as service:
        job = hand_in(service, scan(2), "scripted")
        until(lambda: lines_of(service, job) or None)
    database = Database(tmp_path / "data")
    with database.transaction() as connection:
        connection.execute("UPDATE jobs SET created = created - 1000")
    database.close()
    pages = tmp_path / "data" / "jobs" / job / "pages.jsonl"
    os.utime(pages, (time.time() - 1000, time.time() - 1000))
    engine.asked.clear()
    engine.say = lambda number: Refusal(401, "wrong key") if number < 2 else "read"
    with served(tmp_path / "data", engine.address, lifetime=500.0) as service:
        assert service.ended(job)["state"] == "done"


def test_an_engine_that_goes_away_and_comes_back_costs_no_page(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda number: None if number in (1, 2) else Refusal(503, "busy") if number == 3 else f"a{number}"
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(3), "scripted")
        told = service.job(job)
        assert (told["pages"]["done"], told["pages"]["failed"], told["pages"]["fallback"]) == (3, [], [])
        assert sorted(lines_of(service, job)) == [1, 2, 3]


def test_a_job_goes_on_when_no_page_could_be_read_for_a_while(tmp_path: Path, engine: EngineServer) -> None:
    """A key that the engine does not take is for whoever runs the service to mend, and the job waits for that."""
    engine.say = lambda number: Refusal(401, "wrong key") if number < 3 else "read"
    with served(tmp_path / "data", engine.address) as service:
        job = hand_in(service, scan(2), "scripted")
        assert service.job(job)["pages"]["done"] == 2
        assert sorted(lines_of(service, job)) == [1, 2]


def test_a_queue_that_is_full_is_waited_for(tmp_path: Path, engine: EngineServer) -> None:
    engine.delay = 0.05
    with served(tmp_path / "data", engine.address, most_waiting=1) as service:
        jobs = [hand_in(service, scan(3), "scripted") for _ in range(3)]
        for job in jobs:
            assert service.job(job)["pages"]["done"] == 3

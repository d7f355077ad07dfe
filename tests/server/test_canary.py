"""Ready means that a page was read lately, by every model."""

import errno
import os
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from muniment.reading.source import bytes_in_memory
from muniment.server import canary
from muniment.server.canary import FRESH, Sighting
from muniment.server.models import Models
from tests.reading.engine_server import Refusal, engine_server
from tests.server.serving import Served, served, until

NOT_YET = "the engine is not there yet"


def seen(service: Served, *, well: bool) -> tuple[int, dict[str, Any]]:
    """What /ready says once the one model was seen so."""

    def look() -> tuple[int, dict[str, Any]] | None:
        answer = service.client.get("/ready")
        sightings = answer.json()["canary"]
        return (answer.status_code, sightings[0]) if sightings and sightings[0]["read"] is well else None

    return until(look)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_EVERY", 0.05)


def test_a_model_that_reads_is_ready_and_one_that_stops_is_not_until_it_reads_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        status, told = seen(service, well=True)
        assert (status, told["model"], told["problem"]) == (200, "scripted", "")
        engine.say = lambda _: Refusal(401, "wrong key")
        status, told = seen(service, well=False)
        assert status == 503
        assert told["problem"]
        engine.say = lambda _: "read"
        assert seen(service, well=True)[0] == 200
    assert [line for line in caplog.messages if line.startswith("The model")] == [
        f"The model scripted does not read: {told['problem']}",
        "The model scripted reads again.",
    ]


def test_what_nobody_expected_is_told_and_the_watch_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when all files that a process may have open are, for a moment."""
    faults = chain([False], repeat(True, 3), repeat(False))

    def opened(page: bytes) -> BinaryIO:
        if next(faults):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return bytes_in_memory(page)

    monkeypatch.setattr(canary, "bytes_in_memory", opened)
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        until(lambda: "The model scripted reads again." in caplog.messages or None)
        assert seen(service, well=True)[0] == 200
    (told,) = [line for line in caplog.messages if "does not read" in line]
    assert told.startswith("The model scripted does not read: Something went wrong: OSError in test_canary.py")


def test_a_start_that_fails_for_a_reason_nobody_expected_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Models) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(Models, "start", broken)
    with served(tmp_path / "data") as service:
        problem = until(lambda: found if (found := service.client.get("/ready").json()["problem"]) != NOT_YET else None)
    assert problem.startswith("The engines could not be started: OSError")
    assert problem in caplog.messages


def test_an_engine_that_refuses_every_page_is_told_when_the_service_starts_and_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        engine_server(lambda _: Refusal(401, "wrong key")) as engine,
        served(tmp_path / "data", engine.address) as service,
    ):
        told = seen(service, well=False)[1]["problem"]
        until(lambda: len(engine.asked) > 2 or None)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"The model scripted does not read: {told}"
    ]
    assert "wrong key" in told


def test_a_model_that_only_a_fallback_reads_for_is_not_ready(tmp_path: Path) -> None:
    with engine_server(lambda _: "") as engine, served(tmp_path / "data", engine.address) as service:
        status, told = seen(service, well=False)
    assert status == 503
    assert "wrote nothing" in told["problem"]


def test_before_anything_was_seen_it_is_not_ready_and_lives(tmp_path: Path) -> None:
    with engine_server() as engine:
        address = engine.address
    with served(tmp_path / "data", address) as service:
        answer = service.client.get("/ready")
        assert (answer.status_code, answer.json()["problem"]) == (503, NOT_YET)
        assert service.client.get("/health").json() == {"status": "ok"}


def test_an_engine_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address, model="another") as service:
        answer = until(
            lambda: answer if (answer := service.client.get("/ready")).json()["problem"] != NOT_YET else None
        )
        assert answer.status_code == 503
        assert "'another'" in answer.json()["problem"]


@pytest.mark.parametrize(
    ("age", "problem", "is_good"), [(0.0, "", True), (FRESH + 1, "", False), (0.0, "the engine is gone", False)]
)
def test_a_sighting_counts_while_it_is_fresh_and_good(age: float, problem: str, is_good: bool) -> None:
    at = datetime.now(UTC) - timedelta(seconds=age)
    assert Sighting("m", at, 0.1, problem).is_good is is_good

"""Ready means that a page was read lately, by every model."""

import errno
import math
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from prometheus_client.parser import text_string_to_metric_families

from muniment.engines.openai import ChatClient
from muniment.reading.source import bytes_in_memory
from muniment.server import canary, coming
from muniment.server.canary import FRESH, Sighting
from tests.documents.test_sandbox import namespaces_allowed
from tests.reading.engine_server import Pieces, Refusal, engine_server
from tests.server.serving import Served, make_key, served, unreachable, until, with_plain_workers

PAGE = Path(canary.__file__).with_name("canary.png").read_bytes()
BETWEEN_LOOKS = canary._EVERY


def not_yet(address: str) -> str:
    """What is said of an engine that is waited for."""
    return f"The engine {address} is not there yet."


def seen(service: Served, *, well: bool) -> tuple[int, dict[str, Any]]:
    """What /ready says once the one model was seen so."""

    def look() -> tuple[int, dict[str, Any]] | None:
        answer = service.client.get("/ready")
        sightings = answer.json()["canary"]
        return (answer.status_code, sightings[0]) if sightings and sightings[0]["read"] is well else None

    return until(look)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, for engines too; what a fallback reads is "page N", for which no models are loaded."""
    with_plain_workers(monkeypatch)
    monkeypatch.setattr(canary, "_EVERY", 0.05)
    monkeypatch.setattr(coming, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(coming, "_LONGEST_PAUSE", 0.2)


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


def test_a_start_that_fails_for_a_reason_nobody_expected_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    comes = threading.Event()

    async def faulty(client: ChatClient) -> dict[str, int]:
        if not comes.is_set():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return await asked(client)

    asked = ChatClient.models
    monkeypatch.setattr(ChatClient, "models", faulty)
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        problem = until(lambda: caplog.messages[0] if caplog.messages else None)
        answer = service.client.get("/ready")
        assert (answer.status_code, answer.json()["problem"]) == (503, problem)
        comes.set()
        assert seen(service, well=True)[0] == 200
    assert problem.startswith(f"The engine {engine.address} could not be started: OSError")


def test_while_an_engine_has_not_come_the_others_are_listed_watched_and_read_with(tmp_path: Path) -> None:
    with engine_server() as gone:
        port = int(gone.server_address[1])

    def listed() -> list[str]:
        return [model["id"] for model in service.client.get("/v1/models").json()["data"]]

    with engine_server() as early:
        early.model = "early"
        with served(tmp_path / "data", gone.address, early.address) as service:
            status, told = seen(service, well=True)
            assert (status, told["model"]) == (503, "early")
            assert service.client.get("/ready").json()["problem"] == unreachable(gone.address)
            assert listed() == ["early"]
            answer = service.client.put("/process", params={"model": "early"}, content=PAGE)
            assert answer.status_code == 200
            with engine_server(port=port):
                ready = until(lambda: told if (told := service.client.get("/ready")).status_code == 200 else None)
                assert {seen["model"] for seen in ready.json()["canary"]} == {"scripted", "early"}
                assert listed() == ["scripted", "early"]


def test_an_engine_that_refuses_every_page_is_told_when_the_service_starts_and_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        engine_server(lambda _: Refusal(401, "wrong key")) as engine,
        served(tmp_path / "data", engine.address) as service,
    ):
        told = seen(service, well=False)[1]["problem"]
        until(lambda: len(engine.asked) > 2 or None)
    assert [line for line in caplog.messages if line.startswith("The model")] == [
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
        problem = unreachable(address)
        answer = until(lambda: told if (told := service.client.get("/ready")).json()["problem"] == problem else None)
        assert answer.status_code == 503
        assert service.client.get("/health").json() == {"status": "ok"}


def test_an_engine_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address, model="another") as service:
        waits = not_yet(engine.address)
        answer = until(lambda: answer if (answer := service.client.get("/ready")).json()["problem"] != waits else None)
        assert answer.status_code == 503
        assert "'another'" in answer.json()["problem"]


@pytest.mark.parametrize(
    ("age", "problem", "is_good"), [(0.0, "", True), (FRESH + 1, "", False), (0.0, "the engine is gone", False)]
)
def test_a_sighting_counts_while_it_is_fresh_and_good(age: float, problem: str, is_good: bool) -> None:
    at = datetime.now(UTC) - timedelta(seconds=age)
    sighting = Sighting("m", at, 0.1, problem, at)
    assert sighting.is_good is is_good
    assert bool(sighting.trouble) is not is_good


def test_a_reading_that_is_too_old_says_how_old() -> None:
    at = datetime.now(UTC) - timedelta(seconds=90)
    assert re.fullmatch("it was last read 9[01] s ago", Sighting("m", at, 0.1, "", at).trouble)


def test_looks_that_take_their_time_are_not_further_apart_than_a_reading_counts() -> None:
    assert BETWEEN_LOOKS + canary._WITHIN < FRESH


def test_a_model_that_hangs_is_told_and_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_WITHIN", 0.3)
    with engine_server() as well, engine_server(lambda _: Pieces([], end="never")) as hung:
        well.model, hung.model = "well", "hung"
        with served(tmp_path / "data", well.address, hung.address) as service:
            until(lambda: len(well.asked) > 3 or None)
            wanted = {"well": (True, ""), "hung": (False, "it was not read within 0.3 s, and never before")}

            def told() -> int | None:
                answer = service.client.get("/ready")
                found = {seen["model"]: (seen["read"], seen["problem"]) for seen in answer.json()["canary"]}
                return answer.status_code if found == wanted else None

            assert until(told) == 503


def test_a_model_with_much_to_do_is_ready_until_its_last_reading_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        assert seen(service, well=True)[0] == 200
        monkeypatch.setattr(canary, "_WITHIN", 0.3)
        before = len(engine.asked)
        until(lambda: len(engine.asked) >= before + 2 or None)  # a look that is given longer is over
        engine.say = lambda _: Pieces([], end="never")
        before = len(engine.asked)
        until(lambda: len(engine.asked) >= before + 3 or None)
        answer = service.client.get("/ready")
        assert (answer.status_code, answer.json()["canary"][0]["problem"]) == (200, "")
        monkeypatch.setattr(canary, "FRESH", 0.0)
        status, told = seen(service, well=False)
        assert status == 503
        assert told["problem"].endswith(" s ago")
        until(lambda: [line for line in caplog.messages if line.startswith("The model")] or None)
        told = seen(service, well=False)[1]
    assert re.fullmatch(r"it was not read within 0.3 s, and last \d+ s ago", told["problem"])
    assert len([line for line in caplog.messages if line.startswith("The model")]) == 1


def age(service: Served) -> float | None:
    """How old the metrics say the one model's last reading is."""
    families = text_string_to_metric_families(service.client.get("/metrics").text)
    ages = (
        sample.value for family in families if family.name == "muniment_canary_age_seconds" for sample in family.samples
    )
    return next(ages, None)


def test_the_age_of_its_last_reading_grows_while_a_model_does_not_read(tmp_path: Path) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        assert seen(service, well=True)[0] == 200
        read = age(service)
        assert read is not None
        assert 0 <= read < FRESH
        engine.say = lambda _: Refusal(401, "wrong key")
        seen(service, well=False)
        before = age(service)
        assert before is not None
        assert until(lambda: found if (found := age(service)) != before else None) > before


def test_a_model_that_never_read_has_an_age_without_end(tmp_path: Path) -> None:
    refused = engine_server(lambda _: Refusal(401, "wrong key"))
    with refused as engine, served(tmp_path / "data", engine.address) as service:
        seen(service, well=False)
        assert age(service) == math.inf


def test_where_keys_were_made_what_is_wrong_is_told_to_who_shows_one_only(tmp_path: Path) -> None:
    _, key = make_key(tmp_path / "data", "mine")
    refused = engine_server(lambda _: Refusal(401, "wrong key"))
    with refused as engine, served(tmp_path / "data", engine.address) as service:
        status, told = seen(service, well=False)
        assert (status, told["problem"]) == (503, "")
        assert service.client.get("/ready").json()["problem"] == "show a key to be told what is wrong"
        assert "wrong key" in service.client.get("/ready", headers=key).json()["canary"][0]["problem"]


def test_workers_that_are_not_shut_off_from_the_network_are_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REFUSE_SANDBOX", "1")
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        assert seen(service, well=True)[0] == 200
        until(lambda: len(engine.asked) > 2 or None)
        assert service.client.get("/ready").json()["sandboxed"] is False
    (warning,) = [line for line in caplog.messages if "shut themselves off from the network" in line]
    assert "user namespaces are switched off" in warning


@pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces")
def test_of_workers_that_are_shut_off_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        assert seen(service, well=True)[0] == 200
        assert service.client.get("/ready").json()["sandboxed"] is True
    assert caplog.messages == []

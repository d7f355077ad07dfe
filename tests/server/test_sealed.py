"""A service that is told to watch its seal: what it says of it, and what it refuses while it does not hold."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from muniment.seal.claims import Verdict
from muniment.server import tripwire
from muniment.server.interfaces import interfaces_up
from muniment.server.jobs import runner
from muniment.server.openapi.service_schemas import Readiness
from tests.builders import image_bytes, page_picture
from tests.reading.engine_server import EngineServer, engine_server
from tests.server.asking import question, url
from tests.server.jobs.handed_in import LETTER, hand_in, lines_of, scan, texts
from tests.server.sealing import seal, verified
from tests.server.serving import Served, make_key, served, until

pytestmark = pytest.mark.usefixtures("plain_workers", "soon")

BROKEN_SEAL = (
    "Documents are refused while the seal is broken: “The engine sends no telemetry” does not hold. Bring it up anew."
)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seal is looked at, and jobs that wait are tried, again and again."""
    monkeypatch.setattr(tripwire, "_EVERY", 0.02)
    monkeypatch.setattr(runner, "_TRY_AGAIN_AFTER", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where evidence lies."""
    return tmp_path / "evidence"


@pytest.fixture
def enforcing(tmp_path: Path, folder: Path) -> Iterator[Served]:
    """A service that enforces its seal, of which there is no evidence yet."""
    with served(tmp_path / "data", seal=seal(folder)) as service:
        yield service


def told(service: Served, **headers: str) -> dict[str, Any]:
    """What /ready says."""
    answer: dict[str, Any] = service.client.get("/ready", headers=headers).json()
    TypeAdapter(Readiness).validate_json(json.dumps(answer))
    return answer


def is_seen(service: Served, verdict: Verdict) -> None:
    """Wait until the service knows."""
    until(lambda: told(service)["seal"]["verdict"] == verdict or None)


def every_way(service: Served) -> list[httpx.Response]:
    """A document on each of the ways on which one may come."""
    page = url(image_bytes(page_picture(), "PNG"))
    return [
        service.client.post("/v1/chat/completions", json=question("embedded", page)),
        service.client.post("/v1/completions", json={"model": "embedded", "prompt": "Once"}),
        service.client.post("/v1/ocr", json={"document": {"type": "image_url", "image_url": page}}),
        service.client.post("/v1/files", files={"file": ("letter.pdf", LETTER)}, data={"purpose": "ocr"}),
        service.client.post("/v1/documents", content=LETTER),
        service.client.put("/process", content=LETTER),
    ]


def test_without_a_claim_nothing_is_said_of_a_seal(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        assert told(service)["seal"] is None
        assert "seal" not in service.client.get("/metrics").text
        assert service.client.post("/v1/documents", content=LETTER).status_code == 202


def test_documents_are_refused_on_every_way_while_it_is_broken_and_taken_when_it_holds(
    enforcing: Served, folder: Path
) -> None:
    verified(folder, Verdict.BROKEN)
    is_seen(enforcing, Verdict.BROKEN)
    for answer in every_way(enforcing):
        error = {"message": BROKEN_SEAL, "type": "server_error", "param": None, "code": "seal_broken"}
        assert (answer.status_code, answer.json()) == (503, {"error": error}), answer.url
        assert answer.headers["retry-after"] == "30"
    verified(folder)
    is_seen(enforcing, Verdict.HOLDS)
    statuses = [answer.status_code for answer in every_way(enforcing)]
    assert statuses == [200, 400, 200, 200, 202, 200], "the embedded engine completes no text"


def test_without_evidence_documents_are_refused_and_the_rest_is_answered(enforcing: Served) -> None:
    answer = enforcing.client.put("/process", content=LETTER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "seal_unproven")
    assert "muniment verify --watch" in answer.json()["error"]["message"]
    assert enforcing.client.get("/health").status_code == 200
    assert enforcing.client.get("/v1/documents").status_code == 200
    assert enforcing.client.get("/v1/models").status_code == 200


def test_a_refusal_is_one_in_the_audit_and_in_the_metrics(enforcing: Served) -> None:
    line = enforcing.line_of(enforcing.client.put("/process", content=LETTER))
    assert (line["status"], line["outcome"], line["pages"], line["document"]) == (503, "refused", 0, None)
    assert 'muniment_errors_total{code="seal_unproven"} 1.0' in enforcing.client.get("/metrics").text


def test_what_was_kept_can_still_be_had_and_erased(enforcing: Served, folder: Path) -> None:
    verified(folder)
    is_seen(enforcing, Verdict.HOLDS)
    job = enforcing.hand_in(LETTER)
    enforcing.job(job)
    verified(folder, Verdict.BROKEN)
    is_seen(enforcing, Verdict.BROKEN)
    assert enforcing.client.get(f"/v1/documents/{job}/result").status_code == 200
    assert enforcing.client.delete(f"/v1/documents/{job}").status_code == 204


def test_a_seal_that_is_only_reported_refuses_nothing(tmp_path: Path, folder: Path) -> None:
    verified(folder, Verdict.BROKEN)
    with served(tmp_path / "data", seal=seal(folder, is_enforced=False)) as service:
        found = told(service)["seal"]
        assert (found["verdict"], found["enforced"]) == ("broken", False)
        assert service.client.put("/process", content=LETTER).status_code == 200


def test_a_service_with_a_network_that_should_have_none_refuses_whatever_the_evidence_says(
    tmp_path: Path, folder: Path
) -> None:
    if not interfaces_up():
        pytest.skip("this machine has no network")
    verified(folder)
    with served(tmp_path / "data", seal=seal(folder, airgap=True)) as service:
        answer = service.client.put("/process", content=LETTER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "seal_broken")
    assert "The server has no network but its loopback" in answer.json()["error"]["message"]


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


def test_a_document_under_way_waits_while_it_is_broken_and_is_read_to_its_end_when_it_holds(
    tmp_path: Path, folder: Path, engine: EngineServer
) -> None:
    def say(number: int) -> str:
        if number == 1:
            verified(folder, Verdict.BROKEN)
            is_seen(service, Verdict.BROKEN)
        return f"answer {number}"

    engine.say = say
    verified(folder)
    with served(tmp_path / "data", engine.address, seal=seal(folder), requests=1) as service:
        job = hand_in(service, scan(4), "scripted")
        waiting = service.job(job, "waiting")
        assert waiting["problem"] == BROKEN_SEAL
        read = lines_of(service, job)
        assert 1 <= len(read) < 4
        asked = len(engine.asked)
        assert service.client.get(f"/v1/documents/{job}").json()["state"] == "waiting"
        assert len(engine.asked) == asked
        engine.say = lambda number: f"answer {number}"
        verified(folder)
        assert service.job(job)["pages"] == {"asked": 4, "done": 4, "fallback": [], "failed": []}
        assert sorted(lines_of(service, job)) == [1, 2, 3, 4]
        assert [number for number, _ in texts(service, job)] == [1, 2, 3, 4]


def test_after_a_restart_a_document_waits_until_it_holds(tmp_path: Path, folder: Path, engine: EngineServer) -> None:
    engine.say = lambda _: "read"
    verified(folder)
    engine.delay = 1.0
    with served(tmp_path / "data", engine.address, seal=seal(folder), requests=1) as service:
        job = hand_in(service, scan(2), "scripted")
    verified(folder, Verdict.BROKEN)
    engine.delay = 0.0
    engine.asked.clear()
    with served(tmp_path / "data", engine.address, seal=seal(folder), requests=1) as service:
        assert service.job(job, "waiting")["problem"] == BROKEN_SEAL
        assert engine.asked == []
        verified(folder)
        assert service.job(job)["pages"]["done"] == 2


def test_a_request_that_waited_for_its_turn_is_refused_if_it_is_broken_by_then(
    tmp_path: Path, folder: Path, engine: EngineServer
) -> None:
    def say(_: int) -> str:
        verified(folder, Verdict.BROKEN)
        is_seen(service, Verdict.BROKEN)
        return "read"

    engine.say = say
    verified(folder)
    with served(tmp_path / "data", engine.address, seal=seal(folder), requests=1) as service:
        until(lambda: "scripted" in service.client.get("/v1/models").text or None)
        answer = service.client.put("/process", params={"model": "scripted"}, content=scan(3))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "seal_broken")
        assert len(engine.asked) == 1


def test_ready_tells_the_seal_and_is_not_while_it_is_enforced_and_does_not_hold(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # with a canary
    monkeypatch.setattr(tripwire, "_EVERY", 0.02)
    with engine_server() as engine, served(tmp_path / "data", engine.address, seal=seal(folder)) as service:
        until(lambda: told(service)["reads"] or None)
        answer = service.client.get("/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert answer.json()["problem"].startswith("Documents are refused while the seal is unproven: there is no evi")
        report = verified(folder)
        is_seen(service, Verdict.HOLDS)
        answer = service.client.get("/ready")
        assert (answer.status_code, answer.json()["status"], answer.json()["problem"]) == (200, "ready", "")
        looked_at = report.report.evidence.begun.isoformat(timespec="seconds")
        assert answer.json()["seal"] == {
            "verdict": "holds",
            "enforced": True,
            "looked_at": looked_at,
            "problem": "",
            "mend": "",
        }


def test_where_keys_were_made_what_stands_against_it_is_told_to_who_shows_one_only(
    tmp_path: Path, folder: Path
) -> None:
    _, key = make_key(tmp_path / "data", "mine")
    verified(folder, Verdict.BROKEN)
    with served(tmp_path / "data", seal=seal(folder)) as service:
        found = told(service)["seal"]
        assert (found["verdict"], found["problem"], found["mend"]) == ("broken", "", "")
        found = told(service, **key)["seal"]
        assert found["problem"] == "“The engine sends no telemetry” does not hold"
        assert found["mend"] == "Bring it up anew."
        answer = service.client.put("/process", content=LETTER)
        assert answer.status_code == 401, "who has no key is told nothing"


def test_the_metrics_have_the_verdict_and_the_age_of_the_evidence(enforcing: Served, folder: Path) -> None:
    def samples() -> dict[str, float]:
        lines = enforcing.client.get("/metrics").text.splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(("muniment_seal", "muniment_evidence")))
        return {name: float(value) for name, value in pairs}

    states = [f'muniment_seal_state{{verdict="{one}"}}' for one in ("holds", "unproven", "broken")]
    assert samples() == {**dict(zip(states, (0, 1, 0), strict=True)), "muniment_evidence_age_seconds": float("inf")}
    verified(folder)
    is_seen(enforcing, Verdict.HOLDS)
    found = samples()
    assert [found[state] for state in states] == [1, 0, 0]
    assert 5 <= found["muniment_evidence_age_seconds"] < 60

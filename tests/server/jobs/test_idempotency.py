"""The same document handed in again is the same job."""

import json
from pathlib import Path
from typing import Any

import pytest

from muniment.server import storage
from tests.builders import text_pdf
from tests.server.jobs.handed_in import LETTER
from tests.server.serving import Served, parsed, received, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")


def post(service: Served, document: bytes, key: str = "once", **params: str) -> tuple[int, dict[str, Any]]:
    answer = service.client.post("/v1/documents", content=document, params=params, headers={"idempotency-key": key})
    return answer.status_code, answer.json()


def test_the_same_again_is_the_same_job_also_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        status, job = post(service, LETTER)
        again = post(service, LETTER)
        assert (status, again[0], again[1]["id"]) == (202, 200, job["id"])
    with served(tmp_path / "data") as service:
        assert post(service, LETTER)[1]["id"] == job["id"]
        assert post(service, LETTER, "another")[1]["id"] != job["id"]
        assert len(list((service.data / "jobs").iterdir())) == 2


def test_anything_else_under_the_same_key_is_a_conflict(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        post(service, LETTER)
        for status, told in (post(service, text_pdf("another")), post(service, LETTER, pages="1")):
            assert (status, told["error"]["code"]) == (409, "idempotency_conflict")
        assert len(list((service.data / "jobs").iterdir())) == 1


@pytest.mark.parametrize(("most_kept", "free", "refusal"), [(len(LETTER), 1e18, 429), (1 << 40, 0.0, 507)])
def test_the_same_again_needs_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_kept: int, free: float, refusal: int
) -> None:
    with served(tmp_path / "data", most_kept=most_kept) as service:
        _, job = post(service, LETTER)
        monkeypatch.setattr(storage, "_free", lambda _: free)
        assert post(service, LETTER, "another")[0] == refusal
        status, again = post(service, LETTER)
        assert (status, again["id"]) == (200, job["id"])
        form = service.client.post("/v1/documents", files={"file": LETTER}, headers={"idempotency-key": "once"})
        assert (form.status_code, form.json()["id"]) == (200, job["id"])
        assert post(service, text_pdf("another"))[1]["error"]["code"] == "idempotency_conflict"
        assert len(list((service.data / "jobs").iterdir())) == 1


def test_the_same_again_at_the_same_time_is_the_same_job(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service, service.connected() as client:
        fields = ["Host: m", "Connection: close", "Idempotency-Key: once", f"Content-Length: {len(LETTER)}"]
        head = "\r\n".join(["POST /v1/documents HTTP/1.1", *fields, "", ""])
        client.sendall(head.encode() + LETTER[:100])
        until(lambda: list((service.data / "jobs").iterdir()) or None)
        status, job = post(service, LETTER)
        client.sendall(LETTER[100:])
        answer = parsed(received(client))
        assert (status, answer.status, json.loads(answer.body)["id"]) == (202, 200, job["id"])
        assert [folder.name for folder in (service.data / "jobs").iterdir()] == [job["id"]]


def test_a_removed_job_may_be_handed_in_again(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        _, job = post(service, LETTER)
        service.client.delete(f"/v1/documents/{job['id']}")
        assert post(service, LETTER)[0] == 202


def test_a_key_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        assert post(service, LETTER, "k" * 201)[0] == 400

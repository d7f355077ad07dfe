"""The same document handed in again is the same job."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders import text_pdf
from tests.server.jobs.handed_in import LETTER
from tests.server.serving import Served, served

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


def test_a_removed_job_may_be_handed_in_again(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        _, job = post(service, LETTER)
        service.client.delete(f"/v1/documents/{job['id']}")
        assert post(service, LETTER)[0] == 202


def test_a_key_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        assert post(service, LETTER, "k" * 201)[0] == 400

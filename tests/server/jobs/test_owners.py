"""Documents and files are their owners' alone."""

from pathlib import Path

import pytest

from tests.server.jobs.handed_in import LETTER
from tests.server.serving import make_key, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")


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

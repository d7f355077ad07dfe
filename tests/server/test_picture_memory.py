"""Pictures in answers take memory, and those who ask for them wait until there is some."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from muniment.server import service as service_module
from muniment.server.caps import Caps
from tests.builders import page_picture, scanned_pdf
from tests.reading.engine_server import Pieces, engine_server
from tests.server.asking import url
from tests.server.serving import Served, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

MEMORY = 16 << 20
SCAN = {"type": "document_url", "document_url": url(scanned_pdf(page_picture()), "application/pdf")}


def asked(**more: Any) -> bytes:
    return json.dumps({"document": SCAN, **more}).encode()


@contextmanager
def lent_to_another(data: Path) -> Iterator[tuple[Served, socket.socket]]:
    """A service whose memory for pictures is all lent, to a client whose page is never read, until that one closes."""
    with (
        engine_server() as engine,
        served(data, engine.address, memory=MEMORY, caps=Caps(ocr_image_bytes=MEMORY)) as service,
    ):
        until(lambda: "scripted" in service.client.get("/v1/models").text or None)
        engine.say = lambda number: "words" if number else Pieces([], end="never")
        with service.connected() as first:
            body = asked(include_image_base64=True)
            first.sendall(f"POST /v1/ocr HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            until(lambda: engine.asked or None)
            yield service, first


def test_who_asks_for_pictures_waits_for_memory_and_who_does_not_is_served(tmp_path: Path) -> None:
    with lent_to_another(tmp_path / "data") as (service, first):
        body = asked(include_image_base64=True)
        assert service.client.post("/v1/ocr", content=asked(include_image_base64=False)).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            service.client.post("/v1/ocr", content=body, timeout=1)
        first.close()
        assert service.client.post("/v1/ocr", content=body).status_code == 200


def test_when_none_comes_back_for_so_long_whoever_waits_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "_BODY_PATIENCE", 0.2)
    with lent_to_another(tmp_path / "data") as (service, _):
        answer = service.client.post("/v1/ocr", content=asked(include_image_base64=True))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_full")
    assert answer.headers["retry-after"] == "30"

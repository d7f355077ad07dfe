"""What stands before every route: one spelling for each path, nothing beside them, and a name for each request."""

import re
import socket

import pytest

from muniment.server import app
from tests.server.serving import Served

pytestmark = pytest.mark.usefixtures("plain_workers")


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/v1/documents/doc_0", "/v1/models"])
def test_every_answer_has_a_fresh_request_id_whatever_the_client_called_it(service: Served, path: str) -> None:
    answers = [service.client.get(path, headers={"x-request-id": "mine"}) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)
    assert ids[0] != ids[1]
    assert [service.line_of(answer)["status"] for answer in answers] == [answer.status_code for answer in answers]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/../health", "/./health", "//health", "/health/", "/health//", "/v1//models", "/%2e%2e/health"),
        *(
            "/%2e/health",
            "/v1%2Fmodels",
            "/v1%2fmodels",
            "/%68ealth",
            "/health%00",
            "/health;a",
            "/Health",
            "/\\health",
        ),
        *(
            "/\\health",
            "/v1/documents/..",
            "/v1/documents/%2e%2e",
            "/v1/models%20",
            "http://muniment/health",
            "*",
            "health",
        ),
    ],
)
def test_a_path_in_another_spelling_is_nowhere(service: Served, path: str) -> None:
    answer = service.raw(f"GET {path} HTTP/1.1")
    assert (answer.status, answer.code) == (404, "not_found")
    assert service.raw("GET /health HTTP/1.1").status == 200  # the control


@pytest.mark.parametrize(
    "path",
    [
        *("/invocations", "/tokenize", "/detokenize", "/pooling", "/classify", "/score", "/rerank", "/v1/rerank"),
        *("/v1/embeddings", "/v1/responses", "/v1/audio/transcriptions", "/v1/completions/render", "/load", "/ping"),
        *("/version", "/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/sleep", "/wake_up", "/is_sleeping"),
        *("/collective_rpc", "/reset_prefix_cache", "/server_info", "/start_profile", "/inference/v1/generate"),
        *("/", "/v1", "/metrics/", "/redoc", "/favicon.ico", "/-"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_engine_has_beside_the_routes_is_nowhere(service: Served, method: str, path: str) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert service.line_of(answer)["route"] is None


@pytest.mark.parametrize("tail", ["", "/image"])
@pytest.mark.parametrize("digits", [10, 5_000])
def test_a_number_longer_than_any_pages_is_nowhere(service: Served, digits: int, tail: str) -> None:
    answer = service.client.get(f"/v1/documents/x/pages/{'9' * digits}{tail}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert service.line_of(answer)["route"] is None
    within = service.client.get(f"/v1/documents/x/pages/{'9' * 9}{tail}")
    assert service.line_of(within)["route"] == "/v1/documents/{id}/pages/{number}" + tail


def test_what_breaks_before_a_route_is_answered_and_told_as_any_request(
    service: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_self: object, value: str) -> int:
        raise ValueError(value)

    monkeypatch.setattr(app._PageNumber, "convert", fault)
    answer = service.client.get("/v1/documents/x/pages/777")
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "server_error")
    line = service.line_of(answer)
    assert (line["route"], line["status"], line["outcome"]) == (None, 500, "failed")
    assert "ValueError in test_guard.py" in caplog.text
    assert "777" not in caplog.text


def test_a_connection_is_no_web_socket(service: Served) -> None:
    upgrade = "Upgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13"
    assert service.raw(f"GET /v1/realtime HTTP/1.1\n{upgrade}").status == 404
    assert service.raw(f"GET /health HTTP/1.1\n{upgrade}").status == 200


def test_a_head_that_is_none_does_not_end_the_service(service: Served) -> None:
    with service.connected() as connection:
        connection.sendall(b"\x16\x03\x01\x00\xa5 nonsense\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400")
    assert service.client.get("/health").status_code == 200

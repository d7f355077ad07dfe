"""What the gateway writes down of requests: that they were, and nothing of what they say."""

import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.deploy.gateway.running import RATE, Gateway, gateway, stand_in
from tests.server.serving import PATIENCE, Served

MARK = "hausarztbrief"
FIELDS = {
    *("time", "request_id", "method", "route", "status", "bytes_in", "bytes_out", "duration"),
    *("upstream_status", "upstream_duration"),
}


def test_a_line_tells_what_became_of_a_request(gateway: Gateway) -> None:
    line = gateway.line_of(httpx.get(f"{gateway.url}/v1/documents/doc_{'0' * 32}/result?format=md"))
    assert set(line) == FIELDS
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/documents/{id}/result", 404)
    assert line["upstream_status"] == "404"
    assert line["bytes_in"] > 0
    assert line["bytes_out"] > 0
    assert line["duration"] >= 0
    assert float(line["upstream_duration"]) >= 0


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/nowhere"])
def test_both_logs_and_the_client_know_a_request_by_one_id(gateway: Gateway, service: Served, path: str) -> None:
    answer = httpx.get(f"{gateway.url}{path}", headers={"x-request-id": MARK})
    line = service.line_of(answer)
    assert gateway.line_of(answer)["request_id"] == line["request_id"]


def test_one_that_the_service_never_saw_has_an_id_too(gateway: Gateway) -> None:
    first, second = (httpx.get(f"{gateway.url}/nowhere", headers={"x-request-id": MARK}) for _ in range(2))
    assert gateway.line_of(first)["status"] == 404
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def marked(running: Gateway) -> None:
    """Requests with the mark wherever a client can put it; each gets an answer or none, as it may."""
    heads = [
        f"GET /v1/documents/{MARK}?name={MARK} HTTP/1.1\r\nHost: {MARK}\r\nAuthorization: Bearer {MARK}",
        f"GET /v1/models?{MARK} HTTP/1.1\r\nHost: localhost\r\nReferer: {MARK}",
        f"GET /v1/models/{MARK} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {MARK}\r\nX-Request-Id: {MARK}",
        f"GET /{MARK}?{MARK} HTTP/1.1\r\nHost: localhost\r\n{MARK}: {MARK}",
        f"GET /../{MARK} HTTP/1.1\r\nHost: localhost",
        f"GET http://{MARK}/{MARK} HTTP/1.1\r\nHost: localhost",
        f"{MARK.upper()} /health HTTP/1.1\r\nHost: localhost",
        f"{MARK} /{MARK} {MARK}\r\nHost: localhost",
        f"GET /{MARK * 900} HTTP/1.1\r\nHost: localhost",
        f"GET /health?{MARK} HTTP/1.1\r\nHost: localhost\r\nX-Any: {MARK * 900}",
        f"GET /health?{MARK} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {MARK}",
        f"POST /v1/ocr?{MARK} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999",
        f"POST /v1/ocr?{MARK} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MARK}",
        f"POST /v1/ocr?{MARK} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked",
    ]
    for head in heads:
        with running.connected() as connection:
            connection.sendall(f"{head}\r\nConnection: close\r\n\r\n{MARK}".encode())
            with suppress(ConnectionResetError):
                connection.recv(1 << 16)
    httpx.post(f"{running.url}/v1/documents?name={MARK}", content=MARK.encode() * 9_000, timeout=PATIENCE)


def kept(running: Gateway) -> dict[str, str]:
    """Every file that the gateway has written, by its name."""
    files = [running.log, running.errors, *(path for path in running.run.rglob("*") if path.is_file())]
    return {path.name: path.read_text() for path in files}


def test_neither_log_nor_any_file_has_a_word_of_what_was_sent(gateway: Gateway) -> None:
    marked(gateway)
    assert [name for name, text in kept(gateway).items() if MARK in text.lower()] == []


def test_nor_while_the_service_is_away_or_fails_or_everything_is_too_much(nowhere: Path) -> None:
    """nginx quotes request lines when it tells of such things."""

    def fail(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(f"HTTP/1.1 200 {MARK}\r\n{MARK}\0\r\n\r\n".encode())

    with gateway(nowhere) as running:
        marked(running)
        assert [name for name, text in kept(running).items() if MARK in text.lower()] == []
    changes = {RATE: "rate=1r/m", "burst=200": "burst=1", "client_header_timeout 15s": "client_header_timeout 200ms"}
    with stand_in(fail) as service, gateway(service.path, changes=changes) as running:
        marked(running)
        assert {line["status"] for line in running.logged(10)} >= {400, 404, 429, 502}
        assert [name for name, text in kept(running).items() if MARK in text.lower()] == []


def test_what_it_says_of_itself_is_kept(nowhere: Path) -> None:
    with gateway(nowhere) as running:
        running.reload()
        assert "reconfiguring" in running.errors.read_text()

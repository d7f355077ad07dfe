"""Bodies and answers go through piece by piece, as long as they may be, and leave nothing behind."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from muniment.server.caps import Caps
from tests.builders import text_pdf
from tests.deploy.gateway.running import Gateway, before, gateway, ok, stand_in
from tests.server.serving import (
    PATIENCE,
    Served,
    make_key,
    parsed,
    received,
    served,
    until,
    with_plain_workers,
    without_canary,
)

MEBIBYTE = 2**20
LIMITS = [("POST /v1/chat/completions", Caps().body_bytes), ("PUT /process", Caps().body_bytes)]
LIMITS += [("POST /v1/ocr", Caps().body_bytes), ("POST /v1/documents", Caps().document_bytes)]
LIMITS += [("POST /v1/files", Caps().document_bytes)]


@pytest.mark.parametrize(("request_line", "most"), LIMITS)
def test_one_is_as_long_as_the_service_takes_it_and_no_longer(request_line: str, most: int) -> None:
    head = f"{request_line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    with stand_in() as service, gateway(service.path) as running:
        refused = running.begun(f"{head}{most + 1}\r\n\r\n".encode())
        assert (refused.status, refused.code) == (413, "body_too_large")
        assert json.loads(refused.body)["error"]["message"] == f"The body is longer than {most:,} bytes"
        assert service.heads == []
        assert running.begun(f"{head}{most}\r\n\r\n".encode()).status == 200


def test_one_that_turns_out_too_long_is_refused_when_it_does() -> None:
    """The service has begun to take it by then, and sees it break off."""
    ends = []

    def take(connection: socket.socket, _rest: bytes) -> None:
        ends.append(received(connection)[-5:])

    with (
        stand_in(take) as service,
        gateway(service.path, changes={"client_max_body_size 64m": "client_max_body_size 1m"}) as running,
    ):
        pieces = b"".join(b"10000\r\n" + bytes(65_536) + b"\r\n" for _ in range(17))
        head = b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        reply = running.raw(head + pieces)
        assert (reply.status, reply.code) == (413, "body_too_large")
        assert until(lambda: ends or None) != [b"0\r\n\r\n"]


def test_a_piece_reaches_the_service_before_the_next_is_sent() -> None:
    came = threading.Event()

    def take(connection: socket.socket, rest: bytes) -> None:
        while b"first" not in rest:
            rest += connection.recv(1 << 16)
        came.set()
        while b"last" not in rest:
            rest += connection.recv(1 << 16)
        ok(connection, b"")

    with stand_in(take) as service, gateway(service.path) as running, running.connected() as connection:
        connection.sendall(
            b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\nfirst"
        )
        assert came.wait(PATIENCE)
        connection.sendall(b"last")
        assert parsed(received(connection)).status == 200


def test_an_event_reaches_the_client_before_the_next_is_sent() -> None:
    seen = threading.Event()

    def tell(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"
        )
        if seen.wait(PATIENCE):
            connection.sendall(b"data: 2\n\n")

    with (
        stand_in(tell) as service,
        gateway(service.path) as running,
        httpx.stream("GET", f"{running.url}/v1/documents/doc_0/events", timeout=PATIENCE) as answer,
    ):
        events = answer.iter_lines()
        assert next(events) == "data: 1"
        seen.set()
        assert [line for line in events if line] == ["data: 2"]


def test_neither_is_written_to_a_file() -> None:
    """nginx would fail where its folders for such files cannot be written to."""
    body = bytes(20 * MEBIBYTE)

    def echo(connection: socket.socket, rest: bytes) -> None:
        time.sleep(0.3)  # so that more has come than is taken; and the client takes its answer as slowly
        left = len(body) - len(rest)
        while left:
            left -= len(connection.recv(min(left, 1 << 16)))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    with stand_in(echo) as service, gateway(service.path) as running:
        folders = [running.run / name for name in ("body", "proxy")]
        for folder in folders:
            folder.chmod(0)
        try:
            with httpx.stream("POST", f"{running.url}/v1/ocr", content=body, timeout=PATIENCE) as answer:
                assert answer.status_code == 200
                time.sleep(0.3)
                assert len(answer.read()) == len(body)
        finally:
            for folder in folders:
                folder.chmod(0o700)


def test_one_that_the_service_lets_wait_is_not_given_up() -> None:
    """As it does while it has no memory for it: the client is not slow then."""

    def wait(connection: socket.socket, rest: bytes) -> None:
        time.sleep(1)
        left = 8 * MEBIBYTE - len(rest)
        while left:
            left -= len(connection.recv(min(left, 1 << 16)))
        ok(connection, b"")

    changes = {"client_body_timeout 45s": "client_body_timeout 300ms"}
    with stand_in(wait) as service, gateway(service.path, changes=changes) as running:
        answer = httpx.post(f"{running.url}/v1/ocr", content=bytes(8 * MEBIBYTE), timeout=PATIENCE)
        assert answer.status_code == 200


def test_a_client_that_leaves_is_noticed_by_the_service() -> None:
    ended = threading.Event()

    def tell(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"
        )
        if connection.recv(1) == b"":
            ended.set()

    with stand_in(tell) as service, gateway(service.path) as running:
        with httpx.stream("GET", f"{running.url}/v1/documents/doc_0/events", timeout=PATIENCE) as answer:
            assert next(answer.iter_lines()) == "data: 1"
        assert ended.wait(PATIENCE)


class TestService:
    """With the real one."""

    def test_a_document_is_handed_in_and_followed_and_read(self, gateway: Gateway) -> None:
        with httpx.Client(base_url=gateway.url, timeout=PATIENCE) as client:
            job = client.post(
                "/v1/documents", files={"file": ("a.pdf", text_pdf("A letter."), "application/pdf")}
            ).json()
            with client.stream("GET", f"/v1/documents/{job['id']}/events") as events:
                assert events.headers["content-type"].startswith("text/event-stream")
                assert "done" in events.read().decode()
            result = client.get(f"/v1/documents/{job['id']}/result", params={"format": "md"})
            assert (result.status_code, result.text.strip()) == (200, "page 1")
            assert client.delete(f"/v1/documents/{job['id']}").status_code == 204

    @pytest.fixture
    def guarded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
        """A service that wants a key."""
        with_plain_workers(monkeypatch)
        without_canary(monkeypatch)
        make_key(tmp_path / "data", "reports")
        with served(tmp_path / "data") as service:
            yield service

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_refusal_arrives_while_the_body_is_still_under_way(self, guarded: Served, *, chunked: bool) -> None:
        body = bytes(4 * MEBIBYTE)
        with before(guarded) as running:
            for _ in range(20):
                content = iter([body]) if chunked else body
                answer = httpx.post(f"{running.url}/v1/ocr", content=content, timeout=PATIENCE)
                assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")

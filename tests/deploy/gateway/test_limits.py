"""What one address may ask, and how slow a client may be."""

import socket
import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests.deploy.gateway.running import RATE, gateway, stand_in
from tests.server.serving import PATIENCE, received, until


def test_beyond_the_rate_it_is_told_when_to_come_again() -> None:
    changes = {RATE: "rate=1r/m", "burst=200": "burst=3"}
    with stand_in() as service, gateway(service.path, changes=changes) as running:
        answers = [httpx.get(f"{running.url}/v1/models") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json()["error"]["type"] == "rate_limit_error"
    assert answers[-1].json()["error"]["code"] == "rate_limit_exceeded"
    assert len(service.heads) == 4


def test_beyond_the_connections_too() -> None:
    done = threading.Event()

    def hold(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"
        )
        done.wait(PATIENCE)

    changes = {"limit_conn connections 512": "limit_conn connections 2"}
    with stand_in(hold) as service, gateway(service.path, changes=changes) as running, ExitStack() as held:
        held.callback(done.set)
        for _ in range(2):
            held.enter_context(httpx.stream("GET", f"{running.url}/v1/documents/doc_0/events", timeout=PATIENCE))
        answer = httpx.get(f"{running.url}/v1/models")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Any: "])
def test_a_head_that_does_not_come_ends_its_connection(sent: bytes) -> None:
    changes = {"client_header_timeout 15s": "client_header_timeout 200ms"}
    with stand_in() as service, gateway(service.path, changes=changes) as running, running.connected() as connection:
        connection.sendall(sent)
        assert received(connection) == b""
    assert service.heads == []


def test_a_head_that_comes_a_byte_now_and_then_does_too() -> None:
    """What counts is the whole head's time, and not each byte's."""
    changes = {"client_header_timeout 15s": "client_header_timeout 500ms"}
    with stand_in() as service, gateway(service.path, changes=changes) as running, running.connected() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Any: ")

        def broke_off() -> bool | None:
            connection.sendall(b"x")
            time.sleep(0.05)
            return None

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            until(broke_off)
    assert service.heads == []


def test_a_body_that_stops_ends_the_request_at_the_service() -> None:
    ended = threading.Event()

    def take(connection: socket.socket, _rest: bytes) -> None:
        received(connection)
        ended.set()

    changes = {"client_body_timeout 45s": "client_body_timeout 200ms"}
    with (
        stand_in(take) as service,
        gateway(service.path, changes=changes) as running,
        running.connected() as connection,
    ):
        connection.sendall(b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsome")
        assert ended.wait(PATIENCE)
        assert received(connection) == b""


def test_a_client_that_takes_nothing_is_left() -> None:
    ended = threading.Event()

    def tell(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(bytes(1 << 20))
        ended.set()

    changes = {"send_timeout 60s": "send_timeout 200ms"}
    with (
        stand_in(tell) as service,
        gateway(service.path, changes=changes) as running,
        running.connected() as connection,
    ):
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ended.wait(PATIENCE)
        file = connection.makefile("rb")
        with pytest.raises(ConnectionResetError):  # so that nothing of it waits in memory to be taken
            file.read()


@pytest.mark.parametrize(("path", "header", "status"), [("x" * 9_000, "", 414), ("", "X-Any: " + "x" * 9_000, 431)])
def test_a_head_is_no_longer_than_any_client_needs(path: str, header: str, status: int) -> None:
    with stand_in() as service, gateway(service.path) as running:
        lines = (f"GET /v1/models?{path} HTTP/1.1", "Host: localhost", "Connection: close", *filter(None, [header]))
        answer = running.raw(("\r\n".join(lines) + "\r\n\r\n").encode())
    assert answer.status == status
    assert answer.code in ("uri_too_long", "headers_too_large")
    assert service.heads == []

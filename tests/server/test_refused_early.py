"""A refusal arrives, although its client still sends, and reads nothing before it has sent all."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Message

from muniment.server import lingering
from muniment.server.caps import Caps
from muniment.server.lingering import discard_rest
from tests.server import virtual_time
from tests.server.serving import Reply, Served, make_key, parsed, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

BODY = bytes(8_000_000)
MEMORY = 3 * len(BODY)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A service with little memory that wants a key, and the header that shows it."""
    data = tmp_path / "data"
    _, key = make_key(data, "client", rate=1_000)
    with served(data, memory=MEMORY, caps=Caps(body_bytes=len(BODY) - 1)) as service:
        yield service, f"Authorization: {key['authorization']}"


def sent_first(service: Served, head: str, over: str = "tcp") -> Reply:
    """What a client gets that sends all it has, and then reads to the end."""
    connection = service.connected() if over == "unix" else socket.create_connection(("127.0.0.1", service.port))
    with connection:
        lines = [head, "Host: localhost", f"Content-Length: {len(BODY)}", "", ""]
        connection.sendall("\r\n".join(lines).encode() + BODY)
        data = bytearray()
        while piece := connection.recv(1 << 16):
            data += piece
    reply = parsed(bytes(data))
    assert len(reply.body) == int(reply.headers["content-length"])
    return reply


@pytest.mark.parametrize("over", ["tcp", "unix"])
@pytest.mark.parametrize("more", ["\r\nConnection: close", ""])
def test_it_arrives_whole_each_time(strict: tuple[Served, str], more: str, over: str) -> None:
    service, key = strict
    for _ in range(20):
        reply = sent_first(service, f"POST /v1/chat/completions HTTP/1.1\r\n{key}{more}", over)
        assert (reply.status, reply.code) == (413, "body_too_large")
        assert reply.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("POST /v1/chat/completions HTTP/1.1", (401, "invalid_api_key")),
        ("POST /v1/documents HTTP/1.1", (401, "invalid_api_key")),
        ("POST /v1/nowhere HTTP/1.1", (404, "not_found")),
        ("PUT /v1/chat/completions HTTP/1.0", (401, "invalid_api_key")),
        ("DELETE /v1/chat/completions HTTP/1.1", (401, "invalid_api_key")),
    ],
)
def test_so_it_is_whatever_it_says(strict: tuple[Served, str], head: str, expected: tuple[int, str]) -> None:
    reply = sent_first(strict[0], f"{head}\r\nConnection: close")
    assert (reply.status, reply.code) == expected


def test_a_body_that_is_there_already_does_not_cost_its_connection(strict: tuple[Served, str]) -> None:
    with strict[0].connected() as connection:
        for _ in range(2):
            connection.sendall(b"POST /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
            data = bytearray()
            while not data.endswith(b"}}"):
                data += connection.recv(1 << 16)
            reply = parsed(bytes(data))
            assert (reply.status, json.loads(reply.body)["error"]["code"]) == (404, "not_found")
            assert "connection" not in reply.headers


def test_who_waits_to_be_asked_for_its_body_is_not_and_is_let_go(
    strict: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lingering, "_PAUSE", 0.1)
    with strict[0].connected() as connection:
        head = "POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        data = bytearray()
        while piece := connection.recv(1 << 16):
            data += piece
    assert parsed(bytes(data)).status == 401


def test_it_is_in_the_audit_as_what_it_is(strict: tuple[Served, str]) -> None:
    service, _ = strict
    reply = sent_first(service, "POST /v1/documents HTTP/1.1\r\nConnection: close")
    line = until(lambda: next(iter(service.audit(1)), None))
    assert (line["request_id"], line["status"], line["bytes_in"]) == (reply.headers["x-request-id"], 401, 0)


# how long what still comes is read


def read_for(pause: float, size: int, count: int = 10**6) -> tuple[float, int]:
    """How long a body is read that comes in pieces of a ``size``, each after a pause, and how many of them."""
    read = 0

    async def receive() -> Message:
        nonlocal read
        await asyncio.sleep(pause)
        read += 1
        return {"type": "http.request", "body": bytes(size), "more_body": read < count}

    async def work() -> float:
        await discard_rest(receive)
        return asyncio.get_running_loop().time()

    return virtual_time.run(work()), read


def test_it_is_read_to_its_end() -> None:
    seconds, count = read_for(0.1, 1_000, 50)
    assert (round(seconds), count) == (5, 50)


def test_after_a_pause_it_is_given_up() -> None:
    seconds, count = read_for(lingering._PAUSE + 1, 1)
    assert (round(seconds), count) == (2, 0)


def test_one_that_takes_too_long_is_too() -> None:
    seconds, _ = read_for(lingering._PAUSE / 2, 1_000)
    assert round(seconds) == 30


def test_and_so_is_one_that_is_endless() -> None:
    _, count = read_for(0.0, 1 << 20)
    assert count == lingering._MOST >> 20


def test_nobody_is_waited_for_who_has_gone() -> None:
    received = []

    async def receive() -> Message:
        await asyncio.sleep(0.1)
        received.append("http.disconnect")
        return {"type": received[-1]}

    virtual_time.run(discard_rest(receive))
    assert received == ["http.disconnect"], "it comes again to whoever asks again"

"""Bodies for which there is no memory wait unread: so many, so long, and as long as their clients do."""

import errno
import json
import os
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from muniment.server import budget, service
from tests.reading.engine_server import EngineServer, engine_server
from tests.server.asking import question
from tests.server.serving import Reply, Served, parsed, received, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

CHAT = "/v1/chat/completions"
MEMORY = 16 << 20
LARGE = 8 << 20
"""Bytes of a body that takes all of it."""


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.fixture
def asking(tmp_path: Path, engine: EngineServer) -> Iterator[Served]:
    with served(tmp_path / "data", engine.address, memory=MEMORY) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        yield service


def hold_all(service: Served, stack: ExitStack) -> socket.socket:
    """A client that has all memory until it closes."""
    connection = stack.enter_context(service.connected())
    connection.sendall(head(LARGE, "Expect: 100-continue"))
    assert connection.recv(100).startswith(b"HTTP/1.1 100"), "it has its memory, and is asked for its body"
    return connection


def head(length: int, *more: str) -> bytes:
    lines = [f"POST {CHAT} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more, "", ""]
    return "\r\n".join(lines).encode()


def audited(service: Served, count: int) -> list[tuple[int, str, int]]:
    """Status, outcome and bytes of the chats that have come to their end, once there are so many."""

    def found() -> list[tuple[int, str, int]] | None:
        chats = [line for line in service.audit(0) if line["route"] == CHAT]
        told = [(line["status"], line["outcome"], line["bytes_in"]) for line in chats]
        return told if len(told) >= count else None

    return until(found)


@pytest.mark.parametrize(("over", "sent"), [*(("unix", sent) for sent in (0, 100, 4 << 20)), ("tcp", 0), ("tcp", 100)])
def test_who_leaves_while_it_waits_is_noticed_however_much_it_has_sent_unread(
    asking: Served, over: str, sent: int
) -> None:
    with ExitStack() as stack:
        hold_all(asking, stack)
        client = asking.connected() if over == "unix" else socket.create_connection(("127.0.0.1", asking.port))
        with client:
            client.sendall(head(LARGE))
            client.setblocking(False)
            left = sent
            while left:
                try:
                    left -= client.send(bytes(left))
                except BlockingIOError:  # as much as anybody takes who does not read it
                    break
        assert audited(asking, 1) == [(499, "cancelled", 0)]


def test_who_waits_is_served_when_memory_comes_back_and_nothing_of_its_body_is_lost(
    asking: Served, engine: EngineServer
) -> None:
    text = "Tell. " * 50_000
    body = json.dumps(question("scripted", text)).encode()
    with ExitStack() as stack:
        holder = hold_all(asking, stack)
        with asking.connected() as gone:
            gone.sendall(head(LARGE))
        waiting = stack.enter_context(asking.connected())
        waiting.sendall(head(len(body), "Connection: close"))
        waiting.sendall(body[:1000])
        holder.close()
        waiting.sendall(body[1000:])
        assert parsed(received(waiting)).status == 200
    assert engine.asked[0]["messages"][0]["content"] == text


def test_who_cannot_be_watched_is_not_taken_for_gone(
    asking: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the process has as many files open as it may."""

    def none_left() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def told() -> list[str]:
        return [line for line in caplog.messages if "watch" in line]

    body = json.dumps(question("scripted", "Tell.")).encode()
    monkeypatch.setattr(select, "epoll", none_left)
    with ExitStack() as stack:
        holder = hold_all(asking, stack)
        waiting = stack.enter_context(asking.connected())
        waiting.sendall(head(len(body), "Connection: close") + body)
        until(lambda: told() or None)
        holder.close()
        assert parsed(received(waiting)).status == 200
    (line,) = told()
    assert "OSError in test_waiting_for_memory.py" in line


def refused(reply: Reply) -> tuple[int, str, str | None, int]:
    return reply.status, json.loads(reply.body)["error"]["type"], reply.code, int(reply.headers["retry-after"])


def test_when_nothing_comes_back_for_so_long_whoever_waits_is_told(
    tmp_path: Path, engine: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_BODY_PATIENCE", 0.2)
    with served(tmp_path / "data", engine.address, memory=MEMORY) as asking, ExitStack() as stack:
        hold_all(asking, stack)
        reply = asking.raw(f"POST {CHAT} HTTP/1.1\nContent-Length: {LARGE}")
        assert refused(reply) == (503, "overloaded_error", "queue_full", 30)
        assert audited(asking, 1) == [(503, "failed", 0)]


def test_too_many_that_wait_are_told_at_once_and_places_come_free(
    asking: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "_MOST_WAITING", 2)
    with ExitStack() as stack:
        hold_all(asking, stack)
        waiting = [stack.enter_context(asking.connected()) for _ in range(3)]
        for client in waiting:
            client.sendall(head(LARGE, "Connection: close"))
        assert audited(asking, 1) == [(503, "failed", 0)]
        told = [client for client in waiting if can_be_read(client)]
        assert len(told) == 1
        assert refused(parsed(received(told[0])))[:3] == (503, "overloaded_error", "queue_full")
        waiting.remove(told[0])
        waiting[0].close()
        assert audited(asking, 2)[1:] == [(499, "cancelled", 0)]
        later = stack.enter_context(asking.connected())
        later.sendall(head(LARGE))
        assert not can_be_read(later), "the place that was given back is another's"


def can_be_read(connection: socket.socket) -> bool:
    """Whether anything comes within a moment."""
    connection.settimeout(0.5)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False

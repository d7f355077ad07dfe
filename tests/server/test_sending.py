"""A client that takes nothing of its answer is let go, and one that takes it slowly is not."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from muniment.server import sending
from muniment.server.sending import SendWatch
from tests.reading.engine_server import EngineServer, Pieces, engine_server
from tests.server import virtual_time
from tests.server.asking import question
from tests.server.serving import served, until

STALL = sending._STALL
MUCH = 1 << 20


class Transport:
    """Of a connection to a client that reads what the test tells it to; ``left`` is what the system did not take."""

    def __init__(self) -> None:
        self.ours, self.clients = socket.socketpair()
        self.left = MUCH
        self.aborted_at: float | None = None

    def get_extra_info(self, _: str) -> socket.socket:
        return self.ours

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.aborted_at = asyncio.get_running_loop().time()


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport()
    with transport.ours, transport.clients:
        transport.ours.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                transport.ours.send(bytes(1024))
        yield transport


def aborted_at(transport: Transport, client: Callable[[int], object], seconds: int) -> float | None:
    """When the connection was broken off, if it was, with a client that does something each second."""

    async def work() -> float | None:
        watch = SendWatch(cast(Any, transport))
        watch.begin()
        for second in range(seconds):
            await asyncio.sleep(1)
            client(second)
        watch.end()
        await asyncio.sleep(10 * STALL)
        return transport.aborted_at

    return virtual_time.run(work())


def test_a_client_that_takes_nothing_is_let_go(transport: Transport) -> None:
    assert aborted_at(transport, lambda _: None, 100) == pytest.approx(STALL, abs=2)


def test_one_that_stops_is_let_go(transport: Transport) -> None:
    def client(second: int) -> None:
        transport.left -= second < 100

    assert aborted_at(transport, client, 1_000) == pytest.approx(100 + STALL, abs=2)


def test_one_that_takes_a_little_now_and_then_is_not(transport: Transport) -> None:
    def client(second: int) -> None:
        transport.left -= second % 29 == 0

    assert aborted_at(transport, client, 1_000) is None


def test_what_it_takes_of_what_the_system_holds_counts_too(transport: Transport) -> None:
    assert aborted_at(transport, lambda second: second % 29 or transport.clients.recv(1024), 1_000) is None


def test_once_all_is_sent_nothing_is_waited_for(transport: Transport) -> None:
    assert aborted_at(transport, lambda _: None, int(STALL) - 1) is None


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.mark.usefixtures("plain_workers")
def test_the_place_that_it_had_at_a_model_is_anothers(
    tmp_path: Path, engine: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_STALL", 0.2)
    monkeypatch.setattr(sending, "_LOOK_EVERY", 0.05)
    event = b"data: " + json.dumps({"choices": [], "text": "x" * MUCH}).encode() + b"\n\n"
    engine.say = lambda number: "read" if number else Pieces([event] * 64, end="never")
    body = json.dumps(question("scripted", "Tell.", stream=True)).encode()
    with served(tmp_path / "data", engine.address, requests=1) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        with service.connected() as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            until(lambda: engine.asked or None)
            assert service.client.post("/v1/chat/completions", json=question("scripted", "Tell.")).status_code == 200
            line = until(lambda: next((line for line in service.audit(0) if line["status"] != 200), None))
    assert (line["route"], line["status"], line["outcome"]) == ("/v1/chat/completions", 499, "cancelled")

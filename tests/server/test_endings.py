"""How requests end that do not end well."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from muniment.server import call, guard
from muniment.server.answer import Answer
from muniment.server.caps import Caps
from muniment.server.files import FileStore
from muniment.server.routes import documents
from tests.builders import text_pdf
from tests.reading.engine_server import EngineServer, Pieces, engine_server
from tests.server.asking import question
from tests.server.serving import Served, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

DOCUMENT = text_pdf("A letter.", "Its second page.")
KEEPS_NOTHING = "secret-in-the-document"


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.fixture
def asking(tmp_path: Path, engine: EngineServer) -> Iterator[Served]:
    with served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        yield service


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_in_mid_answer_ends_the_work_at_the_engine(
    asking: Served, engine: EngineServer, stream: bool
) -> None:
    engine.say = lambda _: Pieces([b"data: {}\n\n"], end="never")
    body = json.dumps(question("scripted", "Tell.", stream=stream)).encode()
    with asking.connected() as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        until(lambda: engine.asked or None)
        if stream:
            assert client.recv(100).startswith(b"HTTP/1.1 200")
    assert engine.left.acquire(timeout=30)
    line = until(lambda: next((line for line in asking.audit(1) if line["route"] == "/v1/chat/completions"), None))
    assert (line["status"], line["outcome"]) == (499, "cancelled")


def test_a_request_that_takes_too_long_is_ended_and_told_so(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda _: Pieces([], end="never")
    with served(tmp_path / "data", engine.address, caps=Caps(request_seconds=0.3)) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        answer = service.client.post("/v1/chat/completions", json=question("scripted", "Tell."))
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
        assert engine.left.acquire(timeout=30)
        line = service.line_of(answer)
        assert (line["outcome"], line["status"]) == ("failed", 504)


def test_events_that_take_too_long_end_with_one_that_says_so(tmp_path: Path, engine: EngineServer) -> None:
    engine.say = lambda _: Pieces([b"data: {}\n\n"], end="never")
    with served(tmp_path / "data", engine.address, caps=Caps(request_seconds=0.3)) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        answer = service.client.post("/v1/chat/completions", json=question("scripted", "Tell.", stream=True))
        assert json.loads(answer.text.split("data: ")[-1])["error"]["code"] == "timeout"
        assert service.line_of(answer)["status"] == 504


@pytest.mark.parametrize("kind", [ZeroDivisionError, OSError, TimeoutError])
def test_what_nobody_expected_is_a_500_and_the_log_has_its_kind_and_place(
    asking: Served,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Exception],
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise kind(KEEPS_NOTHING)

    monkeypatch.setattr(FileStore, "of_owner", broken)
    answer = asking.client.get("/v1/files")
    line = asking.line_of(answer)
    if kind is TimeoutError:  # of the service's own making, or like it
        assert (answer.status_code, line["outcome"]) == (504, "failed")
        return
    assert (answer.status_code, answer.json()["error"]["type"], line["outcome"]) == (500, "server_error", "failed")
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    told = record.getMessage()
    assert kind.__name__ in told
    assert f"{Path(__file__).name}:" in told
    assert answer.headers["x-request-id"] in told
    assert KEEPS_NOTHING not in caplog.text + answer.text


def test_a_stream_is_closed_at_once_when_its_client_is_gone() -> None:
    """Not when somebody comes round to clear it away: it holds a place in a queue."""
    closed = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    async def send(message: Message) -> None:
        if message.get("body") == b"two":
            raise BrokenPipeError

    async def receive() -> Message:
        pytest.fail("nothing is read")

    async def work(stream: AsyncGenerator[bytes, None]) -> None:
        request = call.Call({"type": "http", "method": "GET", "headers": []}, receive, "id", None, 0)
        with pytest.raises(call.ClientGone):
            await guard._Sender(send, request).send(Answer(body=stream))
        assert closed

    asyncio.run(work(pieces()))


def test_an_answer_that_fails_halfway_is_not_taken_for_whole(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    job = service.hand_in(DOCUMENT)
    service.job(job)

    def broken(*_: object) -> Iterator[str]:
        yield "the first page"
        raise ZeroDivisionError

    monkeypatch.setattr(documents, "written", broken)
    with pytest.raises(httpx.RemoteProtocolError):
        service.client.get(f"/v1/documents/{job}/result")

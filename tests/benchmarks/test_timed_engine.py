"""The timed engine does what a request's text says, and tells what it knows of the request."""

import asyncio
import base64
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks import timed_engine
from benchmarks.timed_engine import MESSES, MODEL, order, serve
from benchmarks.wire import Connection
from muniment.engines.openai import Broken, Completion, EngineTrouble
from tests.benchmarks.asking import asked

CHAT = "/v1/chat/completions"
IMAGE = base64.b64encode(bytes(range(256)) * 30)


@contextmanager
def engine(share: float = 0.0) -> Iterator[int]:
    """The port of one that takes a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: serve(listener.accept()[0], share))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)


def body(words: str, **more: object) -> bytes:
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE.decode()}"}},
        {"type": "text", "text": f"Read this; {words}"},
    ]
    return json.dumps({"messages": [{"role": "user", "content": parts}], **more}).encode()


def test_an_answer_takes_as_long_as_was_asked_and_tells_that_and_the_images_checksum() -> None:
    with engine() as port:
        connection = Connection(port)
        start = time.monotonic_ns()
        told = connection.ask(CHAT, body(order(0.2))).json()["told"]
        taken = time.monotonic_ns() - start
        connection.close()
    assert told["image"] == zlib.crc32(IMAGE)
    assert 0.2e9 <= told["held"] <= taken


def test_a_stream_has_as_many_tokens_as_were_asked_each_with_its_moment() -> None:
    with engine() as port:
        connection = Connection(port)
        connection.send(CHAT, body(order(0.0, 3, 0.01), stream=True))
        whole = b"".join(piece for _, piece in connection.pieces())
        connection.close()
    choices = [json.loads(line[6:])["choices"][0] for line in whole.split(b"\n") if line.startswith(b"data: {")]
    moments = [int(choice["delta"]["content"]) for choice in choices[:-1]]
    assert len(moments) == 3
    assert moments == sorted(moments)
    assert moments[-1] < time.monotonic_ns()


def asked_at(port: int) -> Completion | EngineTrouble:
    return asyncio.run(asked(f"http://127.0.0.1:{port}/v1", MODEL, IMAGE.decode()))


def test_who_asks_for_nothing_in_particular_is_answered_at_once() -> None:
    with engine() as port:
        answer = asked_at(port)
    assert isinstance(answer, Completion)
    assert (answer.text, answer.finish_reason) == ("A page of text.", "stop")


@pytest.mark.parametrize("kind", MESSES)
def test_an_answer_that_goes_wrong_is_taken_for_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_engine, "MESSES", (kind,))
    with engine(1.0) as port:
        answer = asked_at(port)
    assert isinstance(answer, Broken)
    assert answer.is_late is (kind == "silence")

"""A body of somebody else's that goes to a server, and what is left of it here."""

import asyncio
import gc
import json
import sys

import pytest

from muniment.engines.openai import ChatClient, Endpoint
from tests.reading.engine_server import EngineServer, Say, engine_server


def sent(body: bytes, say: Say, *, counted: bool = False) -> EngineServer:
    """The server that was sent ``body``."""

    async def send(address: str) -> None:
        client = ChatClient(Endpoint.parse(address), "scripted")
        try:
            async with client.forward("chat/completions", body, counted=counted) as pieces:
                assert b"".join([piece async for piece in pieces])
        finally:
            await client.aclose()

    with engine_server(say) as server:
        asyncio.run(send(server.address))
    return server


@pytest.mark.parametrize("length", [1, 2 << 20, (4 << 20) + 1])
def test_a_body_arrives_whole_however_long_it_is(length: int) -> None:
    body = json.dumps({"text": "x" * length}).encode()
    server = sent(body, lambda _: "a page")
    assert server.asked == [json.loads(body)]
    assert server.heads[0]["Content-Length"] == str(len(body))
    assert server.heads[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize("length", [1, (2 << 20) - 12, 2 << 20])
def test_a_streams_tokens_are_asked_for_beside_whatever_the_body_says(length: int) -> None:
    body = json.dumps({"text": "x" * length}).encode()
    server = sent(body, lambda _: "a page", counted=True)
    assert server.asked == [json.loads(body) | {"stream_options": {"include_usage": True}}]


def test_nothing_of_a_body_is_held_once_it_was_answered() -> None:
    body = json.dumps({"text": "x" * 1000}).encode()
    before = sys.getrefcount(body)
    gc.disable()  # what refers to itself stays as long as nobody looks for it
    try:
        sent(body, lambda _: "a page")
        assert sys.getrefcount(body) == before
    finally:
        gc.enable()

"""A server that answers as a test has written down: its answers are given one after the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx

from muniment.engines.image import EncodedImage
from muniment.engines.openai import ChatClient, ChatRequest, Endpoint

Answer = httpx.Response | Exception
REQUEST = ChatRequest(
    prompt="What does it say?",
    images=(EncodedImage("AAAA", "image/jpeg", 28, 56),),
    temperature=0.0,
    max_tokens=100,
    repetition_penalty=1.0,
)


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces; an exception among them breaks it off."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.given = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            self.given += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def event(text: str = "", reason: str | None = None, **more: Any) -> bytes:
    """One server-sent event."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice], **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def streamed(text: str, reason: str = "stop") -> httpx.Response:
    """A whole answer as a server streams it."""
    usage = {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    return httpx.Response(200, stream=Pieces(event(text[:5]), event(text[5:]), event("", reason, **usage), DONE))


def refused(status: int, message: str = "", **headers: str) -> httpx.Response:
    """An error as vLLM words it."""
    return httpx.Response(status, json={"error": {"message": message, "code": status}}, headers=headers)


def models(**served: int) -> httpx.Response:
    """What /models answers: names with their context lengths."""
    return httpx.Response(200, json={"data": [{"id": name, "max_model_len": size} for name, size in served.items()]})


class Script:
    """Gives ``answers`` in turn, the last one again and again, and keeps what was asked.

    How it is, it tells apart from these, by ``health``: statuses, the last one again and again.
    """

    def __init__(self, *answers: Answer | Callable[[], Answer], health: Sequence[int] = (200,)) -> None:
        self.answers = list(answers)
        self.health = list(health)
        self.asked: list[Any] = []
        self.headers: list[httpx.Headers] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health":
            return httpx.Response(self.health.pop(0) if len(self.health) > 1 else self.health[0])
        self.asked.append(json.loads(request.content) if request.content else request.url.path)
        self.headers.append(request.headers)
        await asyncio.sleep(0.001)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer if isinstance(answer, httpx.Response | Exception) else answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_of(script: Script, model: str = "m", key: str = "", address: str = "http://engine.example/v1") -> ChatClient:
    return ChatClient(Endpoint.parse(address), model, key, httpx.MockTransport(script))


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

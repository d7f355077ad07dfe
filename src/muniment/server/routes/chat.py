"""OpenAI's chat completions and completions: passed on to a model's server, or answered by the embedded engine."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from muniment.engines.openai import EngineTrouble
from muniment.outputs import Format, writer_for
from muniment.reading import PageReading, PageStatus
from muniment.server.allowance import charge
from muniment.server.answer import EVENTS, Answer, event, json_answer
from muniment.server.call import Call
from muniment.server.chat import ChatCall, CompletionCall, check_chat, check_completion, ignored_fields
from muniment.server.errors import ApiError
from muniment.server.images import SentImage
from muniment.server.models import Model, Pieces
from muniment.server.opening import opened
from muniment.server.passing import PassingAnswer
from muniment.server.problems import of_trouble
from muniment.server.sampling import Sampling
from muniment.server.service import Service

_DONE = event("[DONE]")


async def chat_completions(call: Call, service: Service) -> Answer:
    """POST /v1/chat/completions."""
    asked = check_chat(await call.json(), service.caps)
    model = service.models.find(asked.model)
    await _look_at(call, service, asked.images)
    charge(call, service, len(asked.images))
    if model.forward is None:
        return await _read(call, service, model, asked)
    body = asked.forward(model.name, call.owner or "muniment", model.context)
    sampling = asked.sampling
    del asked  # the body holds all that is needed of it for as long as the engine takes
    coming = model.forward("chat/completions", body, counted=sampling.stream)
    return await _passed_on(call, service, model, coming, sampling)


async def completions(call: Call, service: Service) -> Answer:
    """POST /v1/completions."""
    asked: CompletionCall = check_completion(await call.json(), service.caps)
    model = service.models.find(asked.model)
    if model.forward is None:
        raise ApiError(
            400,
            "invalid_request_error",
            "The embedded engine reads images and writes no text of its own: send one to /v1/chat/completions",
            param="model",
        )
    body = asked.forward(model.name, call.owner or "muniment", model.context)
    coming = model.forward("completions", body, counted=asked.stream)
    return await _passed_on(call, service, model, coming, asked.sampling)


async def _look_at(call: Call, service: Service, images: Sequence[SentImage]) -> None:
    """See that all of them are images, and hash them for the audit. Raises what :func:`opened` does."""
    if not images:
        return
    looking = asyncio.create_task(_all_opened(service, images))
    try:
        await asyncio.sleep(0)  # a worker gets the first, and looks into it while this process hashes
        call.account.document = service.audit.document_hash(_digest(images))
        await looking
    finally:
        looking.cancel()


async def _all_opened(service: Service, images: Sequence[SentImage]) -> None:
    for image in images:
        (await opened(service, image)).close()


async def _passed_on(call: Call, service: Service, model: Model, pieces: Pieces, sampling: Sampling) -> Answer:
    """The engine's own answer. Its place in the queue is held until it has come to its end."""
    began = time.monotonic()

    def begun() -> None:
        service.metrics.first_token(model.name, time.monotonic() - began)

    passing = PassingAnswer(call.account, tells_usage=sampling.include_usage)
    try:
        async with AsyncExitStack() as held:
            await held.enter_async_context(service.turn(model, call.owner))
            coming = await held.enter_async_context(pieces)
            call.account.pages = call.account.asked  # an engine that has begun to answer has looked at them
            if sampling.stream:
                return Answer(body=_passing(coming, held.pop_all(), passing, begun), kind=EVENTS)
            body = b"".join([piece async for piece in coming])
        passing.whole(body)
    except EngineTrouble as trouble:  # also one that only the end of the block above makes of a broken connection
        raise of_trouble(trouble) from None
    return Answer(body=body)


async def _passing(
    coming: AsyncIterator[bytes], held: AsyncExitStack, passing: PassingAnswer, begun: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    """The pieces of a stream; ``begun`` is called when the first has come."""
    has_begun = False
    try:
        async with held:
            async for piece in coming:
                for whole in passing.piece(piece):
                    if not has_begun:
                        has_begun = True
                        begun()
                    yield whole
            if rest := passing.rest():
                yield rest
    except EngineTrouble as trouble:
        raise of_trouble(trouble) from None


async def _read(call: Call, service: Service, model: Model, asked: ChatCall) -> Answer:
    """The images as the embedded engine reads them, in the form of a chat."""
    if not asked.images:
        raise ApiError(
            400, "invalid_request_error", "The embedded engine reads images: send at least one", param="messages"
        )
    head: dict[str, Any] = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": model.name,
    }
    pages = _pages(call, service, model, asked)
    if asked.stream:
        return Answer(body=_as_stream(pages, head, asked), kind=EVENTS)
    read = [page async for page in pages]
    message = {"role": "assistant", "content": "\n\n".join(map(_markdown, read))}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    told = {
        **head,
        "object": "chat.completion",
        "choices": [choice],
        "usage": _NO_USAGE,
        "muniment": _remarks(read, asked),
    }
    return json_answer(told)


async def _pages(call: Call, service: Service, model: Model, asked: ChatCall) -> AsyncIterator[PageReading]:
    for image in asked.images:
        async with service.turn(model, call.owner):
            document = await opened(service, image)
            try:
                page = await model.read(document, 1)
            finally:
                document.close()
        service.metrics.page(model.name, page)
        if page.status is PageStatus.FAILED:
            raise ApiError(422, "invalid_request_error", page.problem, code="unreadable_document")
        call.account.pages += 1
        yield page


async def _as_stream(
    pages: AsyncIterator[PageReading], head: dict[str, Any], asked: ChatCall
) -> AsyncGenerator[bytes, None]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    read: list[PageReading] = []
    async for page in pages:
        role = {} if read else {"role": "assistant"}
        text = _markdown(page)
        yield chunk({**role, "content": f"\n\n{text}" if read else text})
        read.append(page)
    yield chunk({}, "stop")
    if asked.include_usage:
        told = {**head, "object": "chat.completion.chunk", "choices": [], "usage": _NO_USAGE}
        yield event({**told, "muniment": _remarks(read, asked)})
    yield _DONE


_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
"""The embedded engine knows no tokens."""


def _remarks(pages: list[PageReading], asked: ChatCall) -> dict[str, Any]:
    """What an honest engine says beside its answer: what it had no use for, and how the pages were read."""
    return {"ignored": list(ignored_fields(asked)), "flags": [list(page.flags) for page in pages]}


def _digest(images: Sequence[SentImage]) -> bytes:
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.data)
    return digest.digest()


def _markdown(page: PageReading) -> str:
    return writer_for(Format.MD).page(page).strip()

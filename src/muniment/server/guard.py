"""What stands before every route: who asks, whether they may now, and what is told and kept of it."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from muniment.errors import MunimentError
from muniment.server.answer import EVENTS, SHUT, Answer, event, json_answer
from muniment.server.audit import AuditLine, Outcome
from muniment.server.browsers import check_page, is_one_of, names_this_machine, other_name
from muniment.server.budget import MEMORY_A_BYTE
from muniment.server.call import Call, ClientGone
from muniment.server.connections import check_room, has_come, left_unread
from muniment.server.errors import ApiError
from muniment.server.lingering import discard_rest
from muniment.server.problems import as_api_error, described
from muniment.server.service import Service
from muniment.server.tripwire import SealRefusal

Handler = Callable[[Call, Service], Awaitable[Answer]]

_SHUT = {
    "cache-control": "no-store",
    "content-security-policy": SHUT,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What a browser is told of every answer: keep nothing, guess at nothing, run and load nothing, tell nobody."""

log = logging.getLogger("muniment.server")

_WITH_BODY = ("POST", "PUT")
_NO_CONTENT = 204
_CANCELLED = 499
"""The status kept, as nginx does, of a request whose client did not wait."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A route: an ASGI application that lets requests through to ``handler``.

    Attributes:
        template: the path, with its parameters' names in the place of values; for the audit and the metrics.
        handlers: by method.
        takes_documents: refused while the audit cannot be written or the seal does not hold; and its body is counted.
        is_upload: its body goes to the disk piece by piece, and may be as long as documents are.
        is_open: needs no key.
        is_probe: tells nothing but that the service lives, and that to every page of a browser too.
    """

    service: Service
    template: str
    handlers: Mapping[str, Handler]
    takes_documents: bool = False
    is_upload: bool = False
    is_open: bool = False
    is_probe: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        request_id = secrets.token_hex(16)
        caps = self.service.caps
        call = Call(scope, receive, request_id, None, caps.document_bytes if self.is_upload else caps.body_bytes)
        sender = _Sender(send, call, is_head=scope["method"] == "HEAD")
        outcome = Outcome.OK
        try:
            async with asyncio.timeout(caps.request_seconds), call.held:
                await self._let_in(call)
                await _while_there(call.left(), self._answer(call, sender))
        except ClientGone:
            outcome, sender.status = Outcome.CANCELLED, _CANCELLED
        except asyncio.CancelledError:
            outcome, sender.status = Outcome.CANCELLED, _CANCELLED
            raise
        except Exception as error:  # whatever it is, the client gets an answer and the log no content
            problem = self._problem(error, call)
            self.service.metrics.error(problem, None if call.key is None else call.key.id)
            is_refused = problem.status < 500 or isinstance(problem, SealRefusal)
            outcome = Outcome.REFUSED if is_refused else Outcome.FAILED
            await sender.refuse(problem)
        finally:
            self._account(call, sender.status, outcome, time.monotonic() - began)

    async def _let_in(self, call: Call) -> None:
        """Everything that is asked before the handler is."""
        service = self.service
        call.check_framing()
        if not self.is_probe:
            check_room(call.scope)
            check_page(call.headers)
            self._check_name(call)
        if not self.is_open:
            call.key = service.key_of(call.headers.get("authorization", ""))
            call.held.enter_context(service.gate.request(call.key))
        if self.takes_documents and call.scope["method"] in _WITH_BODY:
            service.audit.check()
            service.check_seal()
            if not self.is_upload:
                memory = service.budget.take(MEMORY_A_BYTE * call.longest_body, call.owner, _unread(call))
                await call.held.enter_async_context(memory)

    def _check_name(self, call: Call) -> None:
        """Refuse a name that a browser may have been told for this machine, while a key does not keep it out."""
        host = call.headers.get("host", "")
        # A Unix socket is no exception: a gateway may have it reached by browsers.
        if not (
            names_this_machine(host) or is_one_of(host, self.service.settings.names) or self.service.keys.any_made()
        ):
            raise other_name()

    async def _answer(self, call: Call, sender: "_Sender") -> None:
        method = "GET" if sender.is_head else call.scope["method"]
        handler = self.handlers.get(method) or self.handlers.get("*")
        if handler is not None:
            await sender.send(await handler(call, self.service))
        elif method == "OPTIONS":
            await sender.send(Answer(204, headers={"allow": self._allowed()}))
        else:
            raise _WrongMethod(self._allowed())

    def _allowed(self) -> str:
        """The methods that there are, as Allow tells them."""
        heads = ("HEAD",) if "GET" in self.handlers else ()
        return ", ".join((*self.handlers, *heads, "OPTIONS"))

    def _problem(self, error: Exception, call: Call) -> ApiError:
        if isinstance(error, ApiError):
            return error
        if isinstance(error, TimeoutError):
            return ApiError(504, "server_error", "The request took too long", code="timeout")
        if isinstance(error, MunimentError):
            return as_api_error(error)
        log.error("request %s to %s failed: %s", call.id, self.template, described(error))
        return ApiError(500, "server_error", f"Something went wrong; the log has more under {call.id}")

    def _account(self, call: Call, status: int, outcome: Outcome, seconds: float) -> None:
        account = call.account
        line = AuditLine(
            time=call.began,
            request_id=call.id,
            key_id=None if call.key is None else call.key.id,
            route=self.template or None,
            status=status,
            pages=account.pages,
            bytes_in=account.bytes_in,
            prompt_tokens=account.prompt_tokens,
            completion_tokens=account.completion_tokens,
            duration=seconds,
            outcome=outcome,
            document=account.document,
        )
        self.service.audit.record(line)
        self.service.metrics.request(line)


class _WrongMethod(ApiError):
    """The path is one, and its method is another."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        message = f"Only {allowed} can be used here"
        super().__init__(405, "invalid_request_error", message, code="method_not_allowed")

    def headers(self) -> dict[str, str]:
        return {"allow": self.allowed}


async def _while_there(left: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Do ``work``, and give it up when the client has ``left``; where nobody can tell, it counts as there."""
    doing, gone = asyncio.create_task(work), asyncio.create_task(left)
    try:
        await asyncio.wait([doing, gone], return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            broken = gone.exception()
            if broken is None:
                raise ClientGone
            log.error("a client's connection cannot be watched, and its request goes on: %s", described(broken))
            await asyncio.wait([doing])
        doing.result()
    finally:
        doing.cancel()
        gone.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


def _unread(call: Call) -> Callable[[Coroutine[Any, Any, None]], Awaitable[None]]:
    """Does what nothing of the body may be read for meanwhile, and gives it up when the client has left."""
    return lambda work: _while_there(left_unread(call.scope), work)


class _Sender:
    """Sends one answer, and knows what was sent of it.

    Args:
        is_head: only the answer's head is sent, and its body is made no further than it takes to know that.
    """

    def __init__(self, send: Send, call: Call, *, is_head: bool = False) -> None:
        self.status = 500
        self.is_head = is_head
        self._to_client = send
        self._call = call
        self._begun: Answer | None = None

    async def send(self, answer: Answer, *, is_early: bool = False) -> None:
        """Send it whole. One that is early tells the end of the connection, which comes when the body has come."""
        self.status = answer.status
        if isinstance(answer.body, bytes):
            await self._begin(answer, len(answer.body))
            body = b"" if self.is_head else answer.body
            await self._send({"type": "http.response.body", "body": body, "more_body": is_early})
            if is_early:
                await discard_rest(self._call.receive)
                await self._send({"type": "http.response.body", "body": b""})
            return
        # Closed whatever happens: a stream holds a place in a queue, and an engine's answer.
        async with aclosing(answer.body) as pieces:
            await self._stream(answer, pieces)

    async def _stream(self, answer: Answer, pieces: AsyncGenerator[bytes, None]) -> None:
        # The first piece is awaited before anything is sent: until then a problem still has a status of its own.
        first = await anext(pieces, b"")
        await self._begin(answer, None)
        if self.is_head:
            await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send({"type": "http.response.body", "body": first, "more_body": True})
        async for piece in pieces:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, problem: ApiError) -> None:
        """The problem as the answer, or as the end of one that has begun.

        Events end with one that tells it. Anything else is left without its end, so that nobody takes it for whole: the
        server then breaks the connection off.
        """
        with suppress(ClientGone):
            if self._begun is None:
                is_early = not has_come(self._call.scope)
                headers = {**problem.headers(), **({"connection": "close"} if is_early else {})}
                await self.send(json_answer(problem.body(), problem.status, **headers), is_early=is_early)
                return
            self.status = problem.status
            if self._begun.kind == EVENTS:
                await self._send({"type": "http.response.body", "body": event(problem.body())})

    async def _begin(self, answer: Answer, length: int | None) -> None:
        self._begun = answer
        headers = {"content-type": answer.kind, "x-request-id": self._call.id, **_SHUT, **answer.headers}
        if answer.status == _NO_CONTENT:
            del headers["content-type"]
        elif length is not None:
            headers["content-length"] = str(length)
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": encoded})

    async def _send(self, message: Message) -> None:
        try:
            await self._to_client(message)
        except OSError:
            raise ClientGone from None

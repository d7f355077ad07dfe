"""One request, as a route sees it."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.types import Message, Receive, Scope

from muniment.server.errors import ApiError
from muniment.server.keys import Key
from muniment.server.strictjson import parse_object

_STALL = 30.0
"""Seconds without a byte of a body after which its sender counts as gone."""
_SLOWEST = 16 << 10
"""Bytes a second with which a body comes at least, once it has had as many seconds as a pause may take."""


class ClientGone(Exception):
    """Whoever asked does not wait for the answer any more."""


@dataclass(eq=False)
class Account:
    """What a request turned out to be, for the audit and the metrics.

    Attributes:
        asked: pages that are to be read before it is answered.
        pages: how many were read, or handed in to be read in the background.
    """

    asked: int = 0
    pages: int = 0
    bytes_in: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    document: str | None = None


@dataclass(eq=False)
class Call:
    """A request that was let in.

    Attributes:
        id: a fresh one, whatever the client called it.
        key: whose it is; None while no keys are made.
        most_bytes: of its body.
        held: what is given back when the answer was sent, or will not be.
    """

    scope: Scope
    receive: Receive
    id: str
    key: Key | None
    most_bytes: int
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    account: Account = field(default_factory=Account)
    held: AsyncExitStack = field(default_factory=AsyncExitStack)
    body_done: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        if self.scope["method"] in ("GET", "HEAD", "DELETE"):
            self.body_done.set()

    @property
    def owner(self) -> str:
        """Whose turn is taken in the queue."""
        return "" if self.key is None else self.key.id

    @property
    def path(self) -> Mapping[str, Any]:
        """The parameters of the route's path."""
        found: Mapping[str, Any] = self.scope["path_params"]
        return found

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.scope["query_string"])

    def check_query(self, known: Collection[str]) -> None:
        """Raises ApiError if the query has a parameter that is not ``known``."""
        if not set(self.query) <= set(known):
            message = f"A query parameter is not known; there are: {', '.join(known)}"
            raise ApiError(400, "invalid_request_error", message, code="unknown_parameter")

    @property
    def headers(self) -> Headers:
        return Headers(scope=self.scope)

    def check_framing(self) -> None:
        """Raises ApiError if the body has two lengths: the one that is told, and the one that then comes in chunks."""
        if "content-length" in self.headers and "transfer-encoding" in self.headers:
            raise _TwoLengths

    @property
    def longest_body(self) -> int:
        """Bytes that its body may turn out to have."""
        declared = self.headers.get("content-length", "")
        return min(int(declared), self.most_bytes) if declared.isdecimal() else self.most_bytes

    def chunks(self) -> "BodyChunks":
        """The body in pieces, for what is too long to hold twice. Raises what :meth:`body` does."""
        return BodyChunks(self, self.most_bytes)

    async def body(self) -> bytearray:
        """The whole body; not copied once more, as it may be long.

        Raises:
            ApiError: it is too long, or its sender stalls.
            ClientGone: it broke off.
        """
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
        return body

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises what :meth:`body` does, and ApiError if it is none."""
        return parse_object(await self.body())

    async def left(self) -> None:
        """Wait until the client is gone. Only one may wait for its messages, so that is while it sends its body."""
        await self.body_done.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass


class BodyChunks:
    """A body's bytes as they come; counts them, and gives up on those who send too much or too slowly."""

    def __init__(self, call: Call, most: int) -> None:
        self._call = call
        self._most = most
        self._left = True
        self._waited = 0.0
        declared = call.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise _too_long(most)

    def __aiter__(self) -> "BodyChunks":
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        message = await self._message()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._left = message.get("more_body", False)
        self._call.account.bytes_in += len(chunk)
        if self._call.account.bytes_in > self._most:
            raise _too_long(self._most)
        if not self._left:
            self._call.body_done.set()
        return chunk

    async def _message(self) -> Message:
        """The next piece, as long as all of them together are not too slow."""
        clock = asyncio.get_running_loop().time
        began = clock()
        patience = min(_STALL, _STALL + self._call.account.bytes_in / _SLOWEST - self._waited)
        try:
            async with asyncio.timeout(patience):
                message = await self._call.receive()
        except TimeoutError:
            raise _too_slow() from None
        self._waited += clock() - began
        return message


class _TwoLengths(ApiError):
    """A body whose end is told in two ways. The connection ends too, as what stands before us may see another end."""

    def __init__(self) -> None:
        message = "Send Content-Length or Transfer-Encoding, and not both"
        super().__init__(400, "invalid_request_error", message, code="ambiguous_length")

    def headers(self) -> dict[str, str]:
        return {"connection": "close"}


def _too_slow() -> ApiError:
    message = f"The body is too slow: send {_SLOWEST >> 10} KiB a second, and make no pause of {_STALL:g} s"
    return ApiError(408, "invalid_request_error", message, code="body_too_slow")


def _too_long(most: int) -> ApiError:
    return ApiError(413, "invalid_request_error", f"The body is longer than {most:,} bytes", code="body_too_large")

"""Talking to one OpenAI-compatible server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from muniment.engines.openai.answers import Broken, Completion, EngineTrouble, Loading, Refused, Unreachable
from muniment.engines.openai.endpoint import Endpoint
from muniment.engines.openai.refusals import trouble_of
from muniment.engines.openai.request import ChatRequest, body_of
from muniment.engines.openai.stream import collect

_CONNECT, _STALL = 10.0, 180.0
"""Seconds until a connection stands; seconds without a byte after which an answer counts as broken off."""
_COUNTING = 5.0
"""Seconds until what a server counts is there: Prometheus gives up on all of it after ten."""
_CONNECTIONS = 512
_NAME_IT = "Name one that it serves with --model."
_MOST_ERROR_BODY = 64 << 10
_USAGE = "stream_options"
_WISH = f',"{_USAGE}":{{"include_usage":true}}}}'.encode()
"""Takes the place of a body's last bracket."""
_PIECE = 2 << 20
"""Bytes of a body that are handed to a connection at once."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves: the model's name, and how many tokens page and answer may have together (0 if unknown)."""

    model: str
    context: int


class ChatClient:
    """One server. For one event loop; close it at the end.

    Args:
        model: which of its models; "" for the only one.
        key: sent as a bearer token; "" for none.
        transport: what carries the requests; None for the network. Tests put a scripted one here.
    """

    def __init__(
        self, endpoint: Endpoint, model: str = "", key: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.endpoint = endpoint
        self._model = model
        self._unknown: frozenset[str] = frozenset()
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=f"{endpoint.base_url}/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(_STALL, connect=_CONNECT),
            transport=transport or httpx.AsyncHTTPTransport(uds=endpoint.socket or None, limits=limits),
            trust_env=False,  # a proxy from the environment would carry pages out of the machine
        )

    @property
    def label(self) -> str:
        """The address, for messages."""
        return self.endpoint.label

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def is_healthy(self) -> bool:
        """Whether the server says that it is well; a vLLM whose engine has ended does not."""
        return await self._health() == httpx.codes.OK

    async def _health(self) -> int:
        """The status that the server answers with to that question; 0 if it does not answer."""
        try:
            answer = await self._http.get(httpx.URL(self.endpoint.base_url).join("/health"), timeout=_CONNECT)
        except httpx.HTTPError:
            return 0
        return answer.status_code

    async def describe(self) -> Served:
        """The model that requests will go to.

        Raises:
            Refused: it does not serve the model asked for, or several and none was named.
            EngineTrouble: it does not answer as it should.
        """
        models = await self.models()
        if not self._model and len(models) > 1:
            raise Refused(f"The engine serves several models ({', '.join(sorted(models))})", hint=_NAME_IT)
        name = self._model or next(iter(models))
        if name not in models:
            raise Refused(f"The engine does not serve {name!r} but {', '.join(sorted(models))}", hint=_NAME_IT)
        self._model = name
        return Served(name, models[name])

    async def models(self) -> dict[str, int]:
        """Every model that is served, with its context in tokens (0 if unknown); at least one. Raises EngineTrouble."""
        response = await self._get("models")
        try:
            models = {str(entry["id"]): int(entry.get("max_model_len") or 0) for entry in response.json()["data"]}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refused("What answers there is no OpenAI-compatible server") from None
        if not models:
            raise Loading("The engine serves no model yet")
        return models

    async def complete(self, request: ChatRequest, within: float) -> Completion:
        """Ask, and wait for the whole answer. Leaving early, by cancellation too, ends the generation.

        Args:
            within: seconds the answer may take in all.

        Raises:
            EngineTrouble: see :mod:`muniment.engines.openai.answers`.
        """
        try:
            async with asyncio.timeout(within):
                return await self._complete(request)
        except TimeoutError:
            raise Broken(f"The engine's answer took longer than {within:g} s", is_late=True) from None

    async def metrics(self) -> str:
        """What the server counts of itself, in Prometheus' text form; "" if it tells nothing of that, or not soon."""
        try:
            async with asyncio.timeout(_COUNTING):
                response = await self._http.get(httpx.URL(self.endpoint.base_url).join("/metrics"))
        except (httpx.HTTPError, TimeoutError):
            return ""
        return response.text if response.status_code == httpx.codes.OK else ""

    @asynccontextmanager
    async def forward(self, path: str, body: bytes, *, counted: bool) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send a JSON object of somebody else's, and give the answer's bytes as they come, streamed or not.

        Args:
            path: behind the address, like "chat/completions".
            counted: ask for the tokens of a stream too, if the server knows such a wish.
            body: sent as it is, but for a wish for the usage where the server knows no such wish.

        Raises:
            EngineTrouble: see :mod:`muniment.engines.openai.answers`; also while the bytes are read.
        """
        try:
            async with AsyncExitStack() as held:
                yield (await self._accepted(held, path, body, counted=counted)).aiter_bytes()
        except httpx.HTTPError as error:
            raise _as_trouble(error) from None

    async def _accepted(self, held: AsyncExitStack, path: str, body: bytes, *, counted: bool) -> httpx.Response:
        """The answer, which has not come whole yet and is open as long as ``held`` is. Raises EngineTrouble."""
        while True:
            asks = counted and _USAGE not in self._unknown
            async with AsyncExitStack() as opened:
                response = await opened.enter_async_context(self._post(path, body, _WISH if asks else body[-1:]))
                try:
                    await _check(response)
                except Refused as refusal:
                    if refusal.field != _USAGE or not asks:
                        raise
                    self._unknown |= {_USAGE}
                else:
                    held.push_async_exit(opened.pop_all())
                    return response

    async def _complete(self, request: ChatRequest) -> Completion:
        while True:
            try:
                return await self._send(request)
            except Refused as refusal:
                if not refusal.field or refusal.field in self._unknown:
                    raise
                self._unknown |= {refusal.field}

    async def _send(self, request: ChatRequest) -> Completion:
        body = json.dumps(body_of(request, self._model, self._unknown)).encode()
        try:
            async with self._post("chat/completions", body, body[-1:]) as response:
                await self._check_taken(response)
                return await collect(response.aiter_lines())
        except httpx.HTTPError as error:
            raise _as_trouble(error) from None

    async def _check_taken(self, response: httpx.Response) -> None:
        """Raises the trouble behind an answer that is not 200, which is the server's own if it says so elsewhere."""
        try:
            await _check(response)
        except Broken as broken:
            if await self._health() >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise Loading(str(broken)) from None
            raise

    def _post(self, path: str, body: bytes, end: bytes) -> AbstractAsyncContextManager[httpx.Response]:
        """Send ``body``, with ``end`` in the place of its last bracket."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body) - 1 + len(end))}
        return self._http.stream("POST", path, content=_in_pieces(body, end), headers=headers)

    async def _get(self, path: str) -> httpx.Response:
        try:
            async with self._http.stream("GET", path) as response:
                await _check(response)
                await response.aread()
                return response
        except httpx.HTTPError as error:
            raise _as_trouble(error) from None


async def _in_pieces(body: bytes, end: bytes) -> AsyncIterator[bytes]:
    """``body`` with another ``end``, of which nothing is left in httpx's hands once it is sent.

    A body that httpx was given whole stays with its request, which the response holds, which holds itself: it is freed
    when Python next looks for such rings. And a connection would copy all that it cannot send at once.
    """
    last = len(body) - 1
    for start in range(0, last, _PIECE):
        yield body[start : min(start + _PIECE, last)]
    yield end


async def _check(response: httpx.Response) -> None:
    """Raises the trouble behind an answer that is not 200."""
    if response.status_code == httpx.codes.OK:
        return
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MOST_ERROR_BODY:
            break
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise trouble_of(response.status_code, headers, bytes(body))


def _as_trouble(error: httpx.HTTPError) -> EngineTrouble:
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.UnsupportedProtocol():
            return Unreachable("Nobody answers at the engine's address")
        case httpx.TimeoutException():
            return Broken("The engine was silent for too long", is_late=True)
    return Broken("The connection to the engine broke off")

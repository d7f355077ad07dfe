"""Clients' connections, where uvicorn sees to less: how many, and those that ask, take or wait for nothing."""

import asyncio
import resource
import select
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from muniment.server.errors import ApiError
from muniment.server.sending import SendWatch

_NAME = "connection"
_HEAD_SECONDS = 30.0
"""In which a request's head is there, once it is begun or its connection is made."""
MOST_CONNECTIONS = 4_096
_MOST_DESCRIPTORS = 65_536
_TOLD = 256
"""Connections beyond the most that are still told so; what comes after is closed unheard."""
_RETRY_AFTER = 5.0


def raise_descriptors() -> int:
    """Let this process have as many files open as the system lets it, within reason; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def most_connections(descriptors: int) -> int:
    """How many are served at once: half of the ``descriptors`` stay for what requests open themselves."""
    return max(1, min(MOST_CONNECTIONS, descriptors // 2 - _TOLD))


class Connection(H11Protocol):
    """One client's connection; the state of its requests' scopes has it.

    Args:
        most: how many are served at once; requests of those beyond are told so, with :func:`check_room`.
        given: what uvicorn gives to its own.
    """

    def __init__(self, *, most: int, **given: Any) -> None:
        super().__init__(**given)
        self._most = most
        self.app_state = {**self.app_state, _NAME: self}
        self.is_beyond = False
        self._is_lost = asyncio.Event()
        self._impatience: asyncio.TimerHandle | None = None
        self._sending: SendWatch | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """Called by the transport."""
        super().connection_made(transport)
        self.is_beyond = len(self.connections) > self._most
        if len(self.connections) > self._most + _TOLD:
            transport.abort()
        transport.set_write_buffer_limits(high=0)  # so that it is told of every byte that is left to be sent
        self._sending = SendWatch(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Called by the transport."""
        super().data_received(data)
        self._watch_head()

    def _watch_head(self) -> None:
        """See that a request is under way soon. While nothing comes between two of them, uvicorn sees to it."""
        request: RequestResponseCycle | None = self.cycle
        if request is not None and not request.response_complete:
            self._stop_watching()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def pause_writing(self) -> None:
        """Called by the transport, when it cannot send all at once."""
        super().pause_writing()
        if self._sending is not None:
            self._sending.begin()

    def resume_writing(self) -> None:
        """Called by the transport, when it has sent all."""
        super().resume_writing()
        if self._sending is not None:
            self._sending.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the transport."""
        super().connection_lost(exc)
        self._stop_watching()
        if self._sending is not None:
            self._sending.end()
        self._is_lost.set()

    async def left(self) -> None:
        """Wait until the client is gone, even while nobody reads what it has sent: none of that is read here either.

        The transport sees the end of a connection only behind everything that came before it. Over TCP, so does this
        machine if that is more than it keeps for a connection: such a client is noticed when it is read from.
        """
        loop = asyncio.get_running_loop()
        with select.epoll() as watch:  # itself a file that can be waited for, as the socket cannot be in this way
            watch.register(self.transport.get_extra_info("socket").fileno(), select.EPOLLRDHUP)
            loop.add_reader(watch.fileno(), self.transport.abort)
            try:
                await self._is_lost.wait()
            finally:
                loop.remove_reader(watch.fileno())


def check_room(scope: Scope) -> None:
    """Raises ApiError if a request came over one connection too many."""
    if _of(scope).is_beyond:
        raise _TooManyConnections


def has_come(scope: Scope) -> bool:
    """Whether the whole body of a request that is under way is here, read or not."""
    return not _of(scope).cycle.more_body


async def left_unread(scope: Scope) -> None:
    """Wait until the client of a request is gone, without reading any of its body."""
    await _of(scope).left()


def _of(scope: Scope) -> Connection:
    connection: Connection = scope["state"][_NAME]
    return connection


class _TooManyConnections(ApiError):
    """There are too many at once. This one ends too, so that another can be had."""

    def __init__(self) -> None:
        message = "There are too many connections. Try again later."
        super().__init__(503, "overloaded_error", message, code="too_many_connections", retry_after=_RETRY_AFTER)

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "connection": "close"}

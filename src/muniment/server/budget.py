"""Memory that requests may take together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from muniment.server.errors import ApiError

MEMORY_A_BYTE = 3
"""Bytes held for each byte of a body: as it came, decoded, and on its way to an engine. Answers are made of as many."""

_MOST_WAITING = 512
_RETRY_AFTER = 30.0


@dataclass(eq=False, slots=True)
class _Waiter:
    """Who waits for how many bytes.

    Attributes:
        lent: done once they are there.
        since: the loop's time at which there was last any hope of them: it came, or memory was given back that it may
            have.
    """

    owner: str
    wanted: int
    lent: "asyncio.Future[None]"
    since: float


async def _simply(waiting: Awaitable[None]) -> None:
    await waiting


class ByteBudget:
    """So many bytes, lent in the order in which they were asked for. For one event loop.

    Whoever has to wait does not read its body meanwhile, and its sender is held up by the connection itself.

    An owner who holds some gets no more than half of what the others leave, and those behind are served meanwhile: who
    sends slowly does not shut others out. The places to wait in are bounded too, and once half of them are taken, only
    an owner who has none gets one. "", whose all requests are while there are no keys, may have everything.

    Args:
        total: bytes.
        patience: seconds that somebody waits at most while nothing is given back that they might have. As long as
            something is, they wait on, however many are before them.
    """

    def __init__(self, total: int, patience: float) -> None:
        self.free = total
        self._total = total
        self._patience = patience
        self._held: Counter[str] = Counter()
        self._waiting: list[_Waiter] = []

    @asynccontextmanager
    async def take(
        self, wanted: int, owner: str, do: Callable[[Coroutine[Any, Any, None]], Awaitable[None]] = _simply
    ) -> AsyncIterator[None]:
        """Hold ``wanted`` bytes, or all there are if that is more.

        Args:
            do: does the waiting if there is some to do; it may give it up.

        Raises:
            ApiError: 503, too many wait already, which is told at once, or ``patience`` is over.
        """
        loop = asyncio.get_running_loop()
        waiter = _Waiter(owner, min(wanted, self._total), loop.create_future(), loop.time())
        self._waiting.append(waiter)
        self._lend()
        try:
            if not waiter.lent.done():
                self._check_places(owner)
                await do(self._wait(waiter))
            yield
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._give_back(waiter)
            self._lend()

    def _check_places(self, owner: str) -> None:
        """Raises ApiError if the one who came last, of this owner, is one too many."""
        others = sum(waiter.owner == owner for waiter in self._waiting) - 1
        most = _MOST_WAITING // 2 if owner and others else _MOST_WAITING
        if len(self._waiting) > most:
            raise _overloaded()

    async def _wait(self, waiter: _Waiter) -> None:
        """Until its bytes are there. Raises ApiError once nothing came back for too long."""
        clock = asyncio.get_running_loop().time
        while not waiter.lent.done():
            patience = waiter.since + self._patience - clock()
            if patience <= 0:
                raise _overloaded()
            await asyncio.wait([waiter.lent], timeout=patience)

    def _give_back(self, waiter: _Waiter) -> None:
        self._move(waiter, -waiter.wanted)
        now = asyncio.get_running_loop().time()
        for other in self._waiting:
            if other.owner == waiter.owner or not self._has_enough(other):
                other.since = now

    def _lend(self) -> None:
        for waiter in list(self._waiting):
            if self._has_enough(waiter):
                continue
            if waiter.wanted > self.free:
                return
            self._waiting.remove(waiter)
            self._move(waiter, waiter.wanted)
            waiter.lent.set_result(None)

    def _has_enough(self, waiter: _Waiter) -> bool:
        held = self._held[waiter.owner] if waiter.owner else 0
        return held > 0 and held + waiter.wanted > (self.free + held) // 2

    def _move(self, waiter: _Waiter, count: int) -> None:
        """Lend the waiter's owner ``count`` bytes, or have them back if there are fewer than none."""
        self.free -= count
        self._held[waiter.owner] += count
        if not self._held[waiter.owner]:
            del self._held[waiter.owner]


def _overloaded() -> ApiError:
    message = "Too much waits for memory. Try again later."
    return ApiError(503, "overloaded_error", message, code="queue_full", retry_after=_RETRY_AFTER)

"""Memory that requests may take together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

MEMORY_A_BYTE = 3
"""Bytes held for each byte of a body: as it came, decoded, and on its way to an engine. Answers are made of as many."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """Who waits for how many bytes; ``lent`` is done once they are there."""

    owner: str
    wanted: int
    lent: "asyncio.Future[None]"


class ByteBudget:
    """So many bytes, lent in the order in which they were asked for. For one event loop.

    Whoever has to wait does not read its body meanwhile, and its sender is held up by the connection itself.

    An owner who holds some gets no more than half of what the others leave, and those behind are served meanwhile: who
    sends slowly does not shut others out. "", whose all requests are while there are no keys, may have everything.
    """

    def __init__(self, total: int) -> None:
        self.free = total
        self._total = total
        self._held: Counter[str] = Counter()
        self._waiting: list[_Waiter] = []

    @asynccontextmanager
    async def take(self, wanted: int, owner: str) -> AsyncIterator[None]:
        """Hold ``wanted`` bytes, or all there are if that is more."""
        waiter = _Waiter(owner, min(wanted, self._total), asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._lend()
        try:
            await waiter.lent
            yield
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._move(waiter, -waiter.wanted)
            self._lend()

    def _lend(self) -> None:
        for waiter in list(self._waiting):
            if waiter.lent.cancelled() or self._has_enough(waiter):
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

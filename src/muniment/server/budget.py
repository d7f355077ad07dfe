"""Memory that requests may take together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteBudget:
    """So many bytes, lent in the order in which they were asked for. For one event loop.

    Whoever has to wait does not read its body meanwhile, and its sender is held up by the connection itself.
    """

    def __init__(self, total: int) -> None:
        self.free = total
        self._total = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, wanted: int) -> AsyncIterator[None]:
        """Hold ``wanted`` bytes, or all there are if that is more."""
        wanted = min(wanted, self._total)
        if self._waiting or wanted > self.free:
            await self._wait(wanted)
        else:
            self.free -= wanted
        try:
            yield
        finally:
            self.free += wanted
            self._lend()

    async def _wait(self, wanted: int) -> None:
        lent = asyncio.get_running_loop().create_future()
        entry = (wanted, lent)
        self._waiting.append(entry)
        try:
            await lent
        except asyncio.CancelledError:
            if lent.done() and not lent.cancelled():
                self.free += wanted
            elif entry in self._waiting:  # or it was passed over already
                self._waiting.remove(entry)
            self._lend()
            raise

    def _lend(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.free:
            wanted, lent = self._waiting.popleft()
            if not lent.cancelled():  # whose task has not come round to leaving yet
                self.free -= wanted
                lent.set_result(None)

"""How many requests are under way at once: the number finds its own level.

It rises while more requests at once bring more answers a second, and falls when the server says that it has too much to
do, or does not answer in time. It begins high: a server that queues takes no harm, and one that does not says so.
"""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

START, MOST = 64, 256
_RISE, _FALL = 1.25, 0.7
_WORTH = 1.05
"""A rise has to bring so many times the answers a second, or it is taken back."""
_TOLERATED = 0.1
"""Share of requests that may be turned away, or be late, without the limit's falling."""
_SETTLED_ROUNDS = 8
"""After a rise that brought nothing, so many rounds pass before the next is tried."""
_LONGEST_PAUSE = 60.0
"""Seconds; a server that asks for more is asked again anyway."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Leave to send one request; ``level`` is which setting of the limit it was given under."""

    level: int


class Limiter:
    """At most :attr:`limit` requests at once. For one event loop.

    Args:
        most: the limit never goes beyond this.
        clock: seconds, from any beginning.

    Attributes:
        limit: how many may be under way now.
        held: how many are.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = min(START, most)
        self.held = 0
        self._most = most
        self._clock = clock
        self._level = 0
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = count()
        self._resume_at = 0.0
        self._round_start = clock()
        self._answers = self._turned_away = 0
        self._rate = 0.0
        self._rise_from = 0
        self._rounds_to_wait = 0

    @asynccontextmanager
    async def slot(self, turn: int = 0) -> AsyncIterator[Slot]:
        """Wait for leave to send a request, and hold it meanwhile. Of those who wait, the lowest turn goes first."""
        await self._wait(turn)
        try:
            while (pause := self._resume_at - self._clock()) > 0:
                await asyncio.sleep(pause)
            yield Slot(self._level)
        finally:
            self.held -= 1
            self._let_in()

    async def _wait(self, turn: int) -> None:
        entered = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (turn, next(self._arrivals), entered))
        self._let_in()
        try:
            await entered
        except asyncio.CancelledError:
            if entered.done() and not entered.cancelled():  # let in, and gone at the same moment
                self.held -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._queue and self.held < self.limit:
            _, _, entered = heapq.heappop(self._queue)
            if not entered.done():  # whoever was cancelled is still in the queue
                self.held += 1
                entered.set_result(None)

    @property
    def waiting(self) -> int:
        """How many more would like to be under way."""
        return sum(not entered.done() for _, _, entered in self._queue)

    def lower(self, most: int) -> None:
        """Never go beyond ``most`` from now on, which is no more than before."""
        self._most = most
        if self.limit > most:
            self._set(most)
            self._rise_from = 0
            self._begin_round()

    def answered(self) -> None:
        """A request was answered. After as many answers as the limit, see whether more at once would be better."""
        self._answers += 1
        if self._answers < self.limit:
            return
        rate = self._answers / max(self._clock() - self._round_start, 1e-6)
        if self._rise_from:
            self._judge_rise(rate)
        elif self._rounds_to_wait:
            self._rounds_to_wait -= 1
        else:
            self._rate = rate
            self._rise()
        self._begin_round()

    def overloaded(self, slot: Slot, retry_after: float | None = None) -> None:
        """The server had too much to do for the request in ``slot``, or did not answer in time.

        Now and then that happens to any server. Where it happens to more than one in ten of those that were sent under
        one setting, the limit falls, once: they all met the same crowd.

        Args:
            retry_after: seconds in which nothing is to be sent.
        """
        if retry_after is not None:
            self._resume_at = max(self._resume_at, self._clock() + min(retry_after, _LONGEST_PAUSE))
        if slot.level != self._level:
            return
        self._turned_away += 1
        if self._turned_away <= _TOLERATED * max(self._answers + self._turned_away, self.limit):
            return
        self._set(max(1, int(self.limit * _FALL)))
        self._rise_from, self._rounds_to_wait = 0, 1
        self._begin_round()

    def _judge_rise(self, rate: float) -> None:
        if rate >= _WORTH * self._rate:
            self._rate = rate
            self._rise()
            return
        self._set(self._rise_from)
        self._rise_from, self._rounds_to_wait = 0, _SETTLED_ROUNDS

    def _rise(self) -> None:
        higher = min(self._most, max(int(self.limit * _RISE), self.limit + 1))
        self._rise_from = self.limit if higher > self.limit else 0
        self._set(higher)

    def _set(self, limit: int) -> None:
        self.limit = limit
        self._level += 1
        self._let_in()

    def _begin_round(self) -> None:
        self._answers, self._turned_away, self._round_start = 0, 0, self._clock()

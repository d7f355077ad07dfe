"""Turns: how many pages are read at once, and whose is next."""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from muniment.server.errors import ApiError

_FIRST_GUESS = 5.0
"""Seconds that a leave is thought to be held before one was given back."""
_NEW_WEIGHT = 0.2
_LONGEST_RETRY = 60

_Waiter = asyncio.Future[None]


class _Queue:
    """One owner's waiters: those whom a client waits for, and those of jobs. The two take turns, clients first."""

    def __init__(self) -> None:
        self._lines: tuple[deque[_Waiter], deque[_Waiter]] = (deque(), deque())
        self._next = 0

    def __bool__(self) -> bool:
        return any(self._lines)

    def add(self, waiter: _Waiter, *, is_job: bool) -> None:
        self._lines[is_job].append(waiter)

    def pop(self) -> _Waiter:
        """Whose turn it is; there has to be one."""
        served = self._next if self._lines[self._next] else 1 - self._next
        self._next = 1 - served
        return self._lines[served].popleft()

    def remove(self, waiter: _Waiter) -> bool:
        """Whether it was there."""
        for line in self._lines:
            if waiter in line:
                line.remove(waiter)
                return True
        return False


class FairSlots:
    """A number of leaves to work, for which owners queue. For one event loop.

    Owners take turns, so that one who has a thousand waiting delays another by about one. While an owner waits, no
    other gets two turns. Of an owner's own turns, every second goes to its jobs, if both they and its clients wait;
    each of these are served first come, first served.

    Args:
        slots: how many leaves there are, or a function that tells; at least one is given even if it says none. A rise
            is noticed when a leave is next asked for or given back.
        most_waiting: so many may wait. An owner for whom nobody waits yet is let in beyond that, up to twice as many in
            all: who crowds the queue does not shut it for others.
        clock: seconds, from any beginning.

    Attributes:
        held: how many leaves are out.
        waiting: how many more are wanted.
    """

    def __init__(
        self,
        slots: int | Callable[[], int],
        most_waiting: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.held = self.waiting = 0
        self._slots = slots
        self._most_waiting = most_waiting
        self._clock = clock
        self._queues: OrderedDict[str, _Queue] = OrderedDict()  # who is next stands first; none is empty
        self._served_last: str | None = None
        self._typical = _FIRST_GUESS

    @asynccontextmanager
    async def take(self, owner: str, patience: float | None = None, *, is_job: bool = False) -> AsyncIterator[None]:
        """Wait for a leave and hold it meanwhile. Whoever is cancelled gives the place, or the leave, back.

        Args:
            patience: seconds to wait at most.
            is_job: no client waits for it.

        Raises:
            ApiError: 503, too many wait already, which is told at once, or ``patience`` is over.
        """
        waiter = self._enter(owner, is_job=is_job)
        try:
            async with asyncio.timeout(patience):
                await waiter
        except BaseException as error:
            self._leave(owner, waiter)
            if isinstance(error, TimeoutError):
                raise self._overloaded() from None
            raise
        begun = self._clock()
        try:
            yield
        finally:
            self._typical += _NEW_WEIGHT * (self._clock() - begun - self._typical)
            self._give_back()

    def _enter(self, owner: str, *, is_job: bool) -> _Waiter:
        """Join the queue, and be first out of it if a leave is free."""
        most = self._most_waiting if owner in self._queues else 2 * self._most_waiting
        if self.held >= self._limit() and self.waiting >= most:
            raise self._overloaded()
        if owner not in self._queues:
            self._queues[owner] = _Queue()
            # Who has just had a turn comes after who has just come.
            if self._served_last is not None and self._served_last in self._queues:
                self._queues.move_to_end(self._served_last)
        waiter = asyncio.get_running_loop().create_future()
        self._queues[owner].add(waiter, is_job=is_job)
        self.waiting += 1
        self._hand_out()
        return waiter

    def _leave(self, owner: str, waiter: _Waiter) -> None:
        """Give up waiting, or the leave that came in the same moment."""
        if waiter.done() and not waiter.cancelled():
            self._give_back()
        elif owner in self._queues and self._queues[owner].remove(waiter):  # or it was passed over already
            if not self._queues[owner]:
                del self._queues[owner]
            self.waiting -= 1

    def _give_back(self) -> None:
        self.held -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        """Give free leaves to those who wait. They count as held from here on, so that nobody can jump the queue."""
        while self._queues and self.held < self._limit():
            owner, queue = next(iter(self._queues.items()))
            waiter = queue.pop()
            self.waiting -= 1
            if not queue:
                del self._queues[owner]
            if waiter.cancelled():  # its task has not come round to leaving yet
                continue
            if queue:
                self._queues.move_to_end(owner)
            self._served_last = owner
            self.held += 1
            waiter.set_result(None)

    def _limit(self) -> int:
        return max(1, self._slots if isinstance(self._slots, int) else self._slots())

    def _overloaded(self) -> ApiError:
        """``retry_after`` is when half of those who wait should have had their turn, as lately leaves came free."""
        seconds = math.ceil(self.waiting / 2 * self._typical / self._limit())
        return ApiError(
            503,
            "overloaded_error",
            "Too many pages are waiting for their turn. Try again later.",
            code="queue_full",
            retry_after=float(min(max(1, seconds), _LONGEST_RETRY)),
        )

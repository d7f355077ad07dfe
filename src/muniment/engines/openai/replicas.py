"""Several servers of the same model, the least busy first."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from muniment.engines.openai.answers import Broken, Busy, Completion, EngineTrouble, Loading, Refused, Unreachable
from muniment.engines.openai.client import Served
from muniment.engines.openai.limiter import Limiter
from muniment.engines.openai.request import ChatRequest
from muniment.errors import EngineError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
"""Seconds before a server that did not answer is asked again: doubled each time, up to the second."""
_TRIES_WHEN_BROKEN = 3


class ModelServer(Protocol):
    """One server of a model, as :class:`muniment.engines.openai.ChatClient` is for one that somebody else keeps.

    Attributes:
        label: what the user knows it by.
    """

    @property
    def label(self) -> str: ...

    async def describe(self) -> Served:
        """What it serves. Raises EngineTrouble, EngineError."""
        ...

    async def complete(self, request: ChatRequest, within: float) -> Completion:
        """A whole answer, within so many seconds. Raises EngineTrouble, EngineError."""
        ...

    async def metrics(self) -> str:
        """What it counts of itself, in Prometheus' text form; "" if nothing."""
        ...

    def forward(self, path: str, body: bytes, *, counted: bool) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The answer's bytes to a body of somebody else's. Raises EngineTrouble, EngineError."""
        ...

    async def aclose(self) -> None: ...


@dataclass(eq=False)
class _Replica:
    """One server, how many requests it takes, and since when it is not to be asked."""

    server: ModelServer
    limiter: Limiter
    asleep_until: float = 0.0
    pause: float = _FIRST_PAUSE

    @property
    def load(self) -> float:
        return (self.limiter.held + self.limiter.waiting) / self.limiter.limit


class Replicas:
    """Asks whichever server has the most room, and goes on with the others when one is gone. For one event loop.

    Args:
        servers: at least one, all of the same model.
        most: requests under way at once, over all of them.
        patience: seconds without any answer after which the engine counts as gone.
        clock: seconds, from any beginning.
    """

    def __init__(
        self, servers: Sequence[ModelServer], most: int, patience: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        each = max(1, most // len(servers))
        self._most = most
        self._replicas = [_Replica(server, Limiter(each, clock)) for server in servers]
        self._patience = patience
        self._clock = clock
        self._silent_since: float | None = None
        self._answered = 0

    def add(self, server: ModelServer) -> None:
        """Have another server of the model, from now on; it is closed with the others."""
        each = max(1, self._most // (len(self._replicas) + 1))
        for replica in self._replicas:
            replica.limiter.lower(each)
        self._replicas.append(_Replica(server, Limiter(each, self._clock)))

    async def describe(self) -> Served:
        """What the first server to answer serves, once one does.

        Raises:
            EngineError: none does for too long, or one refuses for good.
        """
        while True:
            for replica in self._replicas:
                try:
                    served = await replica.server.describe()
                except Refused as refusal:
                    raise self._gone(str(refusal), refusal.hint) from None
                except EngineTrouble as trouble:
                    self._check_patience(trouble)
                else:
                    self._silent_since = None
                    return served
            await asyncio.sleep(_FIRST_PAUSE)

    async def complete(self, request: ChatRequest, within: float) -> Completion:
        """A whole answer; what other servers, patience and fewer requests at once can mend has been mended.

        Raises:
            Broken, TooLong, Deadly, Refused: this request cannot be answered; others may.
            EngineError: none can.
        """
        broken, pause = 0, _FIRST_PAUSE
        waits_since, answered = self._clock(), self._answered
        while True:
            replica = await self._awake()
            try:
                return await self._ask(replica, request, within)
            except (Busy, Loading, Unreachable) as trouble:
                self._check_patience(trouble)
                if self._answered > answered and self._clock() - waits_since > self._patience:
                    raise Broken(f"{trouble}, for {self._patience:g} s now; others were answered") from None
                if replica.asleep_until <= self._clock():
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
            except Broken:
                broken += 1
                if broken >= _TRIES_WHEN_BROKEN:
                    raise
                # A server that is being stopped breaks off all that it is sent, until it is gone and can be waited for.
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Refused as refusal:
                if refusal.is_final:
                    raise self._gone(str(refusal), refusal.hint) from None
                raise

    @property
    def limit(self) -> int:
        """How many requests may be under way now, over all of them."""
        return sum(replica.limiter.limit for replica in self._replicas)

    async def metrics(self) -> dict[str, str]:
        """What each server counts of itself, by its label."""
        told = await asyncio.gather(*(replica.server.metrics() for replica in self._replicas))
        return {replica.server.label: text for replica, text in zip(self._replicas, told, strict=True)}

    @asynccontextmanager
    async def forward(self, path: str, body: bytes, *, counted: bool) -> AsyncIterator[AsyncIterator[bytes]]:
        """The answer's bytes to a body of somebody else's, from the least busy server that takes it.

        Each is asked once: whoever sent the body can wait better than we can for it.

        Raises:
            EngineTrouble: none takes it, or the answer breaks off.
        """
        trouble: EngineTrouble | None = None
        for replica in sorted(self._replicas, key=lambda replica: (replica.asleep_until > self._clock(), replica.load)):
            is_taken = False
            async with replica.limiter.slot() as slot:
                try:
                    async with replica.server.forward(path, body, counted=counted) as pieces:
                        is_taken = True
                        yield pieces
                except Busy as busy:
                    replica.limiter.overloaded(slot, busy.retry_after)
                    trouble = busy
                except (Loading, Unreachable) as gone:
                    self._put_to_sleep(replica, None)
                    trouble = gone
                else:
                    replica.limiter.answered()
                    return
                if is_taken:
                    break
        assert trouble is not None, "there is at least one server"  # noqa: S101
        raise trouble

    async def _ask(self, replica: _Replica, request: ChatRequest, within: float) -> Completion:
        async with replica.limiter.slot(request.turn) as slot:
            try:
                completion = await replica.server.complete(request, within)
            except Busy as busy:
                replica.limiter.overloaded(slot, busy.retry_after)
                if busy.retry_after is not None or replica.limiter.held == 1 or len(self._replicas) > 1:
                    self._put_to_sleep(replica, busy.retry_after)  # it wants rest, serves nobody, or others can serve
                raise
            except Broken as broken:
                if broken.is_late:
                    replica.limiter.overloaded(slot)
                raise
            except (Loading, Unreachable):
                self._put_to_sleep(replica, None)
                raise
        replica.limiter.answered()
        replica.pause = _FIRST_PAUSE
        self._answered += 1
        self._silent_since = None
        return completion

    def _put_to_sleep(self, replica: _Replica, seconds: float | None) -> None:
        pause = replica.pause if seconds is None else min(seconds, _LONGEST_PAUSE)
        replica.asleep_until = max(replica.asleep_until, self._clock() + pause)
        replica.pause = min(replica.pause * 2, _LONGEST_PAUSE)

    async def _awake(self) -> _Replica:
        """The least busy server that may be asked, as soon as there is one."""
        while True:
            now = self._clock()
            awake = [replica for replica in self._replicas if replica.asleep_until <= now]
            if awake:
                return min(awake, key=lambda replica: replica.load)
            await asyncio.sleep(min(replica.asleep_until for replica in self._replicas) - now)

    def _check_patience(self, trouble: EngineTrouble) -> None:
        now = self._clock()
        self._silent_since = now if self._silent_since is None else self._silent_since
        if now - self._silent_since > self._patience:
            raise self._gone(f"{trouble}, for {self._patience:g} s now")

    def _gone(self, why: str, hint: str = "") -> EngineError:
        labels = ", ".join(replica.server.label for replica in self._replicas)
        return EngineError(
            f"The engine at {labels} cannot be used: {why}", hint or "Check that it runs and that the address is right."
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(replica.server.aclose() for replica in self._replicas))

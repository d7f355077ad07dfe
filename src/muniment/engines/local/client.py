"""Talking to a vLLM of our own, which is started when it is first asked and again when it has ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from muniment.engines.local.advisories import known_hole
from muniment.engines.local.room import Room
from muniment.engines.local.server import SealedServer
from muniment.engines.local.settings import ServerSettings
from muniment.engines.local.startlog import Progress, Stage
from muniment.engines.openai import (
    Broken,
    ChatClient,
    ChatRequest,
    Completion,
    Deadly,
    Endpoint,
    Served,
    Unreachable,
)
from muniment.errors import EngineError

_END_WITHIN = 15.0
"""Seconds in which a vLLM that broke an answer off has ended, if it is going to; its processes end one by one."""
_LOOK_EVERY = 0.3
_HEALTHY_LOOKS = 2
"""So often in a row a vLLM says that it is well before it is believed."""
_SUSPECTS_AT_ONCE = 16
"""How many pages are sent together that were there at an end of vLLM."""
_MOST_ENDINGS, _MOST_BLAMED = 4, 8
"""So many ends for which no page is to blame, or so many pages to blame, with no answer between: it is given up."""


@dataclass(eq=False)
class _Life:
    """One run of vLLM, and the connection to it."""

    server: SealedServer
    client: ChatClient


class LocalClient:
    """A model served by a vLLM of our own. For one event loop; close it at the end.

    When vLLM ends over the pages it is reading, another is started, and those pages are sent again, fewer at once. One
    that was there at a second end is sent while no other is under way, so that the page to blame is known and costs no
    other.

    Args:
        model: which model to expect; "" for the one that the folder holds.
        tell: told what happens that the user should know of, in a sentence.
    """

    def __init__(self, settings: ServerSettings, model: str = "", tell: Callable[[str], None] = lambda _: None) -> None:
        self.label = f"vllm:{settings.model}"
        self.progress = Progress(Stage.STARTING, 0.0)
        """How far the latest start is."""
        self._settings = settings
        self._model = model
        self._tell = tell
        self._server: SealedServer | None = None
        self._life: asyncio.Task[_Life] | None = None
        self._burying: asyncio.Task[None] | None = None
        self._endings = self._blamed = 0
        self._ending = ""
        self._room = Room()
        self._few = asyncio.Semaphore(_SUSPECTS_AT_ONCE)

    async def describe(self) -> Served:
        """The model, once vLLM is ready.

        Raises:
            EngineError: vLLM cannot be started.
            EngineTrouble: it does not answer as it should.
        """
        life = await self._running()
        try:
            return await life.client.describe()
        except (Broken, Unreachable):
            await self._has_ended(life)  # if so, whoever asks next starts another
            raise

    async def complete(self, request: ChatRequest, within: float) -> Completion:
        """Ask, and wait for the whole answer; starts of vLLM do not count into ``within``.

        Raises:
            Deadly: vLLM ends over this request.
            EngineError: it cannot be started again.
            EngineTrouble: see :mod:`muniment.engines.openai.answers`.
        """
        for place in (self._room.shared(), self._among_few(), self._room.alone()):
            async with place:
                life = await self._running()
                try:
                    completion = await life.client.complete(request, within)
                except (Broken, Unreachable):
                    if not await self._has_ended(life):
                        raise
                else:
                    self._endings = self._blamed = 0
                    return completion
        self._endings, self._blamed = 0, self._blamed + 1
        raise Deadly(f"vLLM {life.server.ending} over this page, the last time while it was the only one")

    async def metrics(self) -> str:
        """What vLLM counts of itself; "" while it does not run."""
        life = self._life
        if life is None or not life.done() or life.cancelled() or life.exception():
            return ""
        return await life.result().client.metrics()

    @asynccontextmanager
    async def forward(self, path: str, body: bytes, *, counted: bool) -> AsyncIterator[AsyncIterator[bytes]]:
        """The answer's bytes to a body of somebody else's; not asked for again if vLLM ends over it.

        Raises:
            EngineError, EngineTrouble: as for :meth:`complete`.
        """
        async with self._room.shared():
            life = await self._running()
            try:
                async with life.client.forward(path, body, counted=counted) as pieces:
                    yield pieces
            except (Broken, Unreachable):
                await self._has_ended(life)  # if so, whoever asks next starts another
                raise
            self._endings = self._blamed = 0

    @asynccontextmanager
    async def _among_few(self) -> AsyncIterator[None]:
        async with self._few, self._room.shared():
            yield

    async def _running(self) -> _Life:
        """The vLLM that runs; started if there is none."""
        if self._life is None:
            self._life = asyncio.create_task(self._start())
        # Whoever stops waiting must not stop the start that others wait for.
        return await asyncio.shield(self._life)

    async def _start(self) -> _Life:
        if self._burying is not None:
            await self._burying
        if self._endings >= _MOST_ENDINGS or self._blamed >= _MOST_BLAMED:
            raise EngineError(
                f"vLLM {self._ending} again and again, without reading a page in between",
                "If memory is short, give it a shorter context or a smaller model.",
            )
        began = time.monotonic()
        self._server = server = SealedServer(self._settings, self._note)
        await asyncio.to_thread(server.start)
        if self._endings:
            self._tell(f"vLLM was started again, in {time.monotonic() - began:.0f} s.")
        elif hole := known_hole(server.vllm):
            self._tell(hole)
        return _Life(server, ChatClient(Endpoint.parse(server.address), self._model or server.model))

    def _note(self, progress: Progress) -> None:
        self.progress = progress

    async def _has_ended(self, life: _Life) -> bool:
        """Whether the vLLM that broke an answer off is gone, or going; if so, it is laid to rest, once."""
        deadline = time.monotonic() + _END_WITHIN
        healthy = 0
        while life.server.alive:
            healthy = healthy + 1 if await life.client.is_healthy() else 0
            if healthy >= _HEALTHY_LOOKS or time.monotonic() > deadline:
                return False
            await asyncio.sleep(_LOOK_EVERY)
        if self._is_current(life):
            self._endings += 1
            self._ending = life.server.ending
            self._tell(f"vLLM {self._ending}; the pages that it was at are sent again.")
            self._life = None
            self._burying = asyncio.create_task(self._bury(life))
        return True

    def _is_current(self, life: _Life) -> bool:
        task = self._life
        return task is not None and task.done() and not task.exception() and task.result() is life

    @staticmethod
    async def _bury(life: _Life) -> None:
        await life.client.aclose()
        await asyncio.to_thread(life.server.stop)

    async def aclose(self) -> None:
        """End vLLM, also one that is starting, and close all connections."""
        tasks = [task for task in (self._life, self._burying) if task is not None]
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        for life in ended:
            if isinstance(life, _Life):
                await life.client.aclose()

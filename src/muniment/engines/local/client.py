"""Talking to a vLLM of our own, which is started when it is first asked and again when it has ended."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from muniment.engines.local.advisories import known_hole
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
_LOOK_EVERY = 0.1
_SUSPECTS_AT_ONCE = (16, 1)
"""How many pages are sent together that were there at one end of vLLM, and at two: the last is known to be to blame."""
_MOST_ENDINGS = 4
"""So many ends without an answer between them, and it is not started again."""


@dataclass(eq=False)
class _Life:
    """One run of vLLM, and the connection to it."""

    server: SealedServer
    client: ChatClient


class LocalClient:
    """A model served by a vLLM of our own. For one event loop; close it at the end.

    When vLLM ends over the pages it is reading, another is started, and those pages are sent again, fewer at once.
    Those that were there at a second end are sent one at a time, so that the page to blame is known and costs no other.

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
        self._endings = 0
        self._suspects = tuple(map(asyncio.Semaphore, _SUSPECTS_AT_ONCE))

    async def describe(self) -> Served:
        """The model, once vLLM is ready.

        Raises:
            EngineError: vLLM cannot be started.
            EngineTrouble: it does not answer as it should.
        """
        return await (await self._running()).client.describe()

    async def complete(self, request: ChatRequest, within: float) -> Completion:
        """Ask, and wait for the whole answer; starts of vLLM do not count into ``within``.

        Raises:
            Deadly: vLLM ends over this request.
            EngineError: it cannot be started again.
            EngineTrouble: see :mod:`muniment.engines.openai.answers`.
        """
        crowds: tuple[AbstractAsyncContextManager[None], ...] = (nullcontext(), *self._suspects)
        for crowd in crowds:
            async with crowd:
                life = await self._running()
                try:
                    return self._answered(await life.client.complete(request, within))
                except (Broken, Unreachable):
                    if not await self._has_ended(life):
                        raise
        raise Deadly(f"vLLM {life.server.ending} over this page, {1 + len(self._suspects)} times")

    def _answered(self, completion: Completion) -> Completion:
        self._endings = 0
        return completion

    async def _running(self) -> _Life:
        """The vLLM that runs; started if there is none."""
        if self._life is None:
            self._life = asyncio.create_task(self._start())
        # Whoever stops waiting must not stop the start that others wait for.
        return await asyncio.shield(self._life)

    async def _start(self) -> _Life:
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
        """Whether the vLLM that broke an answer off is gone; if so, it is laid to rest, once."""
        deadline = time.monotonic() + _END_WITHIN
        while life.server.alive:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_LOOK_EVERY)
        if self._is_current(life):
            self._bury(life)
        return True

    def _is_current(self, life: _Life) -> bool:
        task = self._life
        return task is not None and task.done() and not task.exception() and task.result() is life

    def _bury(self, life: _Life) -> None:
        """Have the next one to ask start another vLLM, unless that has been done in vain."""
        self._endings += 1
        how = f"vLLM {life.server.ending}"
        if self._endings < _MOST_ENDINGS:
            self._tell(f"{how}; it is started again, and no page is lost.")
            self._life = asyncio.create_task(self._start_after(life))
        else:
            self._life = asyncio.create_task(self._give_up(life, how))

    async def _start_after(self, life: _Life) -> _Life:
        await self._close(life)
        return await self._start()

    async def _give_up(self, life: _Life, how: str) -> _Life:
        await self._close(life)
        raise EngineError(
            f"{how}, and was started {_MOST_ENDINGS} times without reading a page in between",
            "If memory is short, give it a shorter context or a smaller model; the same command goes on where it was.",
        )

    @staticmethod
    async def _close(life: _Life) -> None:
        await life.client.aclose()
        await asyncio.to_thread(life.server.stop)

    async def aclose(self) -> None:
        """End vLLM, also one that is starting, and close all connections."""
        if self._life is None or self._server is None:
            return
        self._life.cancel()
        await asyncio.to_thread(self._server.stop)
        (ended,) = await asyncio.gather(self._life, return_exceptions=True)
        if isinstance(ended, _Life):
            await ended.client.aclose()

"""Pages read by a vision-language model, for a run."""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from muniment.reading.async_vision import AsyncVisionReader
from muniment.reading.data import PageReading
from muniment.reading.events import EngineAwaited, EngineNotice, Event
from muniment.reading.model_servers import servers_for
from muniment.reading.options import ReadOptions
from muniment.reading.pool import WorkerPool
from muniment.reading.questions import Question
from muniment.reading.source import OpenDocument

Result = TypeVar("Result")

_READINGS_AHEAD = 4
"""Pages begun and not yet told, for each request under way: readings are small, a slow page holds up none."""
_TICK = 1.0


class VisionReader:
    """An :class:`AsyncVisionReader` on an event loop in a thread of its own.

    Args:
        pool: the workers; closed by whoever made it.
        jobs: how many workers there are.
        question: what pages are asked instead of being read.

    Raises:
        UsageError: an address or the profile makes no sense.
    """

    def __init__(self, pool: WorkerPool, options: ReadOptions, jobs: int, question: Question | None = None) -> None:
        self._notices: deque[str] = deque()
        servers = servers_for(options, self._notices.append)
        self._reader = AsyncVisionReader(pool, options, jobs, servers, question)
        self.window = _READINGS_AHEAD * self._reader.most
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_say_nothing)
        self._thread = threading.Thread(target=self._loop.run_forever, name="muniment-engines", daemon=True)
        self._thread.start()

    @property
    def identity(self) -> str:
        """Of the served model; known once it is prepared."""
        return self._reader.identity

    def prepare(self) -> Iterator[Event]:
        """Wait until the engine says what it serves."""
        ready = self._start(self._reader.prepare())
        waited = 0.0
        while not wait([ready], timeout=_TICK).done:
            waited += _TICK
            yield EngineAwaited(self._reader.awaited, waited)
        ready.result()

    def notices(self) -> Iterator[Event]:
        """What happened to the engine since the last call."""
        while self._notices:
            yield EngineNotice(self._notices.popleft())

    def submit(self, document: OpenDocument, number: int, threads: int) -> Future[PageReading]:
        """Begin reading a page."""
        return self._start(self._reader.read(document, number, threads))

    def _start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel every request, so that no engine goes on generating, and end the thread."""
        if self._loop.is_closed():
            return
        self._start(self._shut_down()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut_down(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._reader.aclose()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()


def _say_nothing(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keeps what nobody waits for off the user's screen.

    AnyIO's streams on Unix sockets, for one, report every wait that was cancelled just when its data came.
    """
    if os.environ.get("MUNIMENT_DEBUG") == "1":
        loop.default_exception_handler(context)

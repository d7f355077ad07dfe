"""Pages pictured by workers and read by a vision-language model."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from muniment.engines.openai import ChatClient, Endpoint, Replicas
from muniment.engines.profiles import load_profile
from muniment.errors import EngineError, MunimentError
from muniment.reading.attempts import PictureTask
from muniment.reading.data import Attempt, PageReading
from muniment.reading.events import EngineAwaited, Event
from muniment.reading.options import ReadOptions
from muniment.reading.pool import WorkerPool
from muniment.reading.readers import page_task
from muniment.reading.source import OpenDocument
from muniment.reading.vision import VisionModel, as_fallback, read_page
from muniment.reading.wire import Pictured

Result = TypeVar("Result")

MOST_REQUESTS = 256
"""Requests under way at once, unless the user sets another number."""
_READINGS_AHEAD = 4
"""Pages begun and not yet told, for each request under way: readings are small, a slow page holds up none."""
_PICTURES_AHEAD = 4
"""Pictures ready, for each worker, beyond those under way."""
_PATIENCE = 300.0
_TICK = 1.0


class VisionReader:
    """Workers picture pages, and a vision-language model reads them.

    All talk with engines is on one event loop in a thread of its own.

    Args:
        pool: the workers; closed by whoever made it.
        jobs: how many workers there are.

    Raises:
        UsageError: an address or the profile makes no sense.
    """

    def __init__(self, pool: WorkerPool, options: ReadOptions, jobs: int) -> None:
        most = options.requests or MOST_REQUESTS
        self.window = _READINGS_AHEAD * most
        self._pool = pool
        self._options = options
        self._profile = load_profile(options.profile)
        self._endpoints = tuple(map(Endpoint.parse, options.engines))
        self._most = most
        self._pictures = asyncio.Semaphore(most + _PICTURES_AHEAD * jobs)
        self._replicas: Replicas | None = None
        self._model: VisionModel | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="muniment-engines", daemon=True)
        self._thread.start()

    def prepare(self) -> Iterator[Event]:
        """Wait until the engine says what it serves."""
        ready = self._start(self._connect())
        label = ", ".join(endpoint.label for endpoint in self._endpoints)
        waited = 0.0
        while not wait([ready], timeout=_TICK).done:
            waited += _TICK
            yield EngineAwaited(f"Waiting for the engine at {label}", waited)
        self._model = ready.result()

    async def _connect(self) -> VisionModel:
        options = self._options
        clients = [ChatClient(endpoint, options.model, options.api_key) for endpoint in self._endpoints]
        self._replicas = Replicas(clients, self._most, _PATIENCE)
        served = await self._replicas.describe()
        return VisionModel(self._replicas, served, self._profile, options.answer_timeout)

    def submit(self, document: OpenDocument, number: int, threads: int) -> Future[PageReading]:
        """Begin reading a page: a worker pictures it, then the model reads it."""
        return self._start(self._read(document, number, threads))

    async def _read(self, document: OpenDocument, number: int, threads: int) -> PageReading:
        assert self._model is not None, "prepare() comes first"  # noqa: S101
        task = PictureTask(
            document, number, self._options.text_layer, self._profile.image, 1, threads, self._options.page_timeout
        )

        async def fall_back() -> PageReading:
            return await self._on_lane(page_task(document, number, self._options, threads))

        async with self._pictures:
            try:
                picture = await self._on_lane(task)
            except EngineError:
                raise
            except MunimentError as error:
                return as_fallback(await fall_back(), [Attempt(self._model.served.model, "picture", str(error))])
            if not isinstance(picture, Pictured):
                return picture.page
            return await read_page(picture, self._model, lambda bands: self._on_lane(task.in_bands(bands)), fall_back)

    def _on_lane(self, task: Callable[[Any], Result]) -> Awaitable[Result]:
        return asyncio.wrap_future(self._pool.submit(task))

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
        if self._replicas is not None:
            await self._replicas.aclose()

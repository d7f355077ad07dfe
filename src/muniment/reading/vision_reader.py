"""Pages pictured by workers and read by a vision-language model."""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from muniment.engines.local import LocalClient, ServerSettings
from muniment.engines.openai import ChatClient, Endpoint, ModelServer, Replicas
from muniment.engines.profiles import load_profile
from muniment.errors import EngineError, MunimentError, UsageError
from muniment.reading.answering import answer_page, unanswered
from muniment.reading.asking import VisionModel
from muniment.reading.attempts import PictureTask
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.events import EngineAwaited, EngineNotice, Event
from muniment.reading.options import LOCAL, ReadOptions, TextLayerUse
from muniment.reading.pool import WorkerPool
from muniment.reading.questions import Question
from muniment.reading.readers import page_task
from muniment.reading.source import OpenDocument
from muniment.reading.vision import as_fallback, read_page
from muniment.reading.wire import PageRead, Pictured

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
        question: what pages are asked instead of being read.

    Raises:
        UsageError: an address or the profile makes no sense.
    """

    def __init__(self, pool: WorkerPool, options: ReadOptions, jobs: int, question: Question | None = None) -> None:
        most = options.requests or MOST_REQUESTS
        self.window = _READINGS_AHEAD * most
        self._pool = pool
        self._options = options
        self._question = question
        self.identity = ""
        self._profile = load_profile(options.profile)
        self._notices: deque[str] = deque()
        self._servers = servers_for(options, self._notices.append)
        self._replicas = Replicas(self._servers, most, _PATIENCE)
        self._pictures = asyncio.Semaphore(most + _PICTURES_AHEAD * jobs)
        self._model: VisionModel | None = None
        self._turns = count()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_say_nothing)
        self._thread = threading.Thread(target=self._loop.run_forever, name="muniment-engines", daemon=True)
        self._thread.start()

    def prepare(self) -> Iterator[Event]:
        """Wait until the engine says what it serves."""
        ready = self._start(self._replicas.describe())
        waited = 0.0
        while not wait([ready], timeout=_TICK).done:
            waited += _TICK
            yield EngineAwaited(self._awaited(), waited)
        served = ready.result()
        self._model = VisionModel(self._replicas, served, self._profile, self._options.answer_timeout)
        self.identity = f"engine=model model={served.model}"

    def _awaited(self) -> str:
        """What is being waited for, in words for the user."""
        first = self._servers[0]
        if isinstance(first, LocalClient):
            return f"vLLM is {first.progress.stage}"
        return f"Waiting for the engine at {', '.join(server.label for server in self._servers)}"

    def notices(self) -> Iterator[Event]:
        """What happened to the engine since the last call."""
        while self._notices:
            yield EngineNotice(self._notices.popleft())

    def submit(self, document: OpenDocument, number: int, threads: int) -> Future[PageReading]:
        """Begin reading a page: a worker pictures it, then the model reads it."""
        return self._start(self._read(document, number, threads))

    async def _read(self, document: OpenDocument, number: int, threads: int) -> PageReading:
        model = replace(self._ready, turn=next(self._turns))
        task = self._picture_task(document, number, threads)
        async with self._pictures:
            try:
                picture: PageRead | Pictured | MunimentError = await self._on_lane(task)
            except EngineError:
                raise
            except MunimentError as error:
                picture = error
            if isinstance(picture, PageRead):
                return picture.page
            if self._question is not None:
                return await self._answer(model, picture, document.name, number, self._question)

            async def fall_back() -> PageReading:
                return await self._on_lane(page_task(document, number, self._options, threads))

            if isinstance(picture, MunimentError):
                return as_fallback(await fall_back(), [Attempt(model.served.model, "picture", str(picture))])
            return await read_page(picture, model, lambda bands: self._on_lane(task.in_bands(bands)), fall_back)

    async def _answer(
        self, model: VisionModel, picture: Pictured | MunimentError, name: str, number: int, question: Question
    ) -> PageReading:
        if isinstance(picture, Pictured):
            page = await answer_page(picture, model, question)
        else:
            attempt = Attempt(model.served.model, "picture", str(picture))
            page = unanswered(PageReading(number=number, status=PageStatus.FAILED, attempts=(attempt,)))
        return replace(page, problem=f"{name}: {page.problem}") if page.problem else page

    def _picture_task(self, document: OpenDocument, number: int, threads: int) -> PictureTask:
        options = self._options
        use = options.text_layer if self._question is None else TextLayerUse.NEVER
        return PictureTask(document, number, use, self._profile.image, 1, threads, options.page_timeout)

    @property
    def _ready(self) -> VisionModel:
        assert self._model is not None, "prepare() comes first"  # noqa: S101
        return self._model

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
        await self._replicas.aclose()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()


def _say_nothing(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keeps what nobody waits for off the user's screen.

    AnyIO's streams on Unix sockets, for one, report every wait that was cancelled just when its data came.
    """
    if os.environ.get("MUNIMENT_DEBUG") == "1":
        loop.default_exception_handler(context)


def servers_for(options: ReadOptions, tell: Callable[[str], None]) -> tuple[ModelServer, ...]:
    """The servers that ``options`` name; none is asked or started yet.

    Args:
        tell: told what happens to a server that the user should know of; called from any thread.

    Raises:
        UsageError: an address makes no sense, or others stand beside a vLLM to be started.
    """
    if not any(engine.startswith(LOCAL) for engine in options.engines):
        endpoints = map(Endpoint.parse, options.engines)
        return tuple(ChatClient(endpoint, options.model, options.api_key) for endpoint in endpoints)
    path = options.engines[0].removeprefix(LOCAL)
    if len(options.engines) > 1:
        raise UsageError(f"{LOCAL} starts the one engine of a run", "Leave out the others.")
    if not path:
        raise UsageError(f"The engine {LOCAL!r} names no model", "Write vllm:/path/to/model.")
    settings = ServerSettings(
        model=Path(path).expanduser(),
        python=options.vllm_python,
        arguments=options.vllm_arguments,
        sequences=MOST_REQUESTS,
    )
    return (LocalClient(settings, options.model, tell),)

"""Pages pictured by workers and read by a vision-language model, on the event loop of whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from muniment.engines.local import LocalClient
from muniment.engines.openai import ModelServer, Replicas, Served
from muniment.engines.profiles import load_profile
from muniment.errors import EngineError, MunimentError
from muniment.reading.answering import answer_page, unanswered
from muniment.reading.asking import VisionModel
from muniment.reading.attempts import PictureTask
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.model_servers import MOST_REQUESTS
from muniment.reading.options import ReadOptions, TextLayerUse
from muniment.reading.pool import WorkerPool
from muniment.reading.questions import Question
from muniment.reading.readers import page_task
from muniment.reading.source import OpenDocument
from muniment.reading.vision import as_fallback, read_page
from muniment.reading.wire import PageRead, Pictured

Result = TypeVar("Result")

_PICTURES_AHEAD = 4
"""Pictures ready, for each worker, beyond those under way."""
_PATIENCE = 300.0


class AsyncVisionReader:
    """Workers picture pages, and a vision-language model reads them. For one event loop; close it at the end.

    Args:
        pool: the workers; closed by whoever made it.
        jobs: how many workers there are.
        servers: of the model; closed with this.
        question: what pages are asked instead of being read.

    Raises:
        UsageError: the profile makes no sense.
    """

    def __init__(
        self,
        pool: WorkerPool,
        options: ReadOptions,
        jobs: int,
        servers: Sequence[ModelServer],
        question: Question | None = None,
    ) -> None:
        self.most = options.requests or MOST_REQUESTS
        self.identity = ""
        self._pool = pool
        self._options = options
        self._question = question
        self._profile = load_profile(options.profile)
        self._servers = servers
        self.replicas = Replicas(servers, self.most, _PATIENCE)
        self._pictures = asyncio.Semaphore(self.most + _PICTURES_AHEAD * jobs)
        self._model: VisionModel | None = None
        self._turns = count()

    async def prepare(self) -> Served:
        """What the engine serves, once it says so. Raises EngineError."""
        served = await self.replicas.describe()
        self.begin(served)
        return served

    def begin(self, served: Served) -> None:
        """Read with what the engine has said that it serves."""
        self._model = VisionModel(self.replicas, served, self._profile, self._options.answer_timeout)
        self.identity = f"engine=model model={served.model}"

    @property
    def awaited(self) -> str:
        """What is being waited for until it is prepared, in words for the user."""
        first = self._servers[0]
        if isinstance(first, LocalClient):
            return f"vLLM is {first.progress.stage}"
        return f"Waiting for the engine at {', '.join(server.label for server in self._servers)}"

    async def read(self, document: OpenDocument, number: int, threads: int) -> PageReading:
        """A page: a worker pictures it, then the model reads it. Raises EngineError."""
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
        assert self._model is not None, "prepare() or begin() comes first"  # noqa: S101
        return self._model

    def _on_lane(self, task: Callable[[Any], Result]) -> Awaitable[Result]:
        return asyncio.wrap_future(self._pool.submit(task))

    async def aclose(self) -> None:
        """Close all connections, and end what was started."""
        await self.replicas.aclose()

"""The models that the service has, whoever serves them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import BinaryIO, Protocol

from muniment.engines.image import EncodedImage, ImageLimits
from muniment.engines.openai import Broken, Busy, ChatClient, Endpoint, EngineTrouble, Loading, Unreachable
from muniment.errors import EngineError, PageError, UsageError
from muniment.reading import EMBEDDED, PageReading, ReadOptions
from muniment.reading.async_vision import AsyncVisionReader
from muniment.reading.attempts import CropTask, OpenTask, PictureTask
from muniment.reading.machine import default_jobs, processors
from muniment.reading.model_servers import servers_for
from muniment.reading.options import LOCAL, TextLayerUse
from muniment.reading.pool import WorkerPool
from muniment.reading.readers import EmbeddedReader
from muniment.reading.source import OpenDocument
from muniment.reading.wire import Pictured
from muniment.reading.worker_process import WorkerSettings
from muniment.server.errors import ApiError
from muniment.text import Box

_RETRY_AFTER = 1.0
_SHOWN = ImageLimits(multiple=1)
"""How large a page is shown to people."""

Pieces = AbstractAsyncContextManager[AsyncIterator[bytes]]


class Forward(Protocol):
    """Gives the bytes of an engine's answer to a client's request.

    Args:
        path: behind the engine's address.
        body: a JSON object.
        counted: the tokens of a stream are wanted.
    """

    def __call__(self, path: str, body: bytes, *, counted: bool) -> Pieces: ...


class Model(Protocol):
    """One model.

    Attributes:
        name: what clients call it.
        context: tokens that page and answer may have together; 0 if it counts none.
        identity: of what reads, as far as it changes readings.
    """

    name: str
    context: int

    @property
    def identity(self) -> str: ...

    @property
    def slots(self) -> int:
        """How many requests it takes at once, now."""
        ...

    async def read(self, document: OpenDocument, number: int) -> PageReading:
        """A page of an open document. Raises EngineError."""
        ...

    @property
    def forward(self) -> Forward | None:
        """None if it takes pages only."""
        ...

    async def metrics(self) -> dict[str, str]:
        """What its servers count of themselves, by their labels, in Prometheus' text form."""
        ...

    async def aclose(self) -> None: ...


class EmbeddedModel:
    """The engine in Muniment's own workers."""

    name = EMBEDDED
    context = 0
    identity = EmbeddedReader.identity
    forward = None

    def __init__(self, pool: WorkerPool, options: ReadOptions, jobs: int) -> None:
        self.slots = jobs
        self._reader = EmbeddedReader(pool, options, jobs)
        self._threads = max(1, processors() // jobs)

    async def read(self, document: OpenDocument, number: int) -> PageReading:
        return await asyncio.wrap_future(self._reader.submit(document, number, self._threads))

    async def metrics(self) -> dict[str, str]:
        return {}

    async def aclose(self) -> None:
        self._reader.close()


class VisionModel:
    """A vision-language model behind one address or several."""

    def __init__(self, reader: AsyncVisionReader, name: str, context: int) -> None:
        self.name, self.context = name, context
        self._reader = reader

    @property
    def identity(self) -> str:
        return self._reader.identity

    @property
    def slots(self) -> int:
        return self._reader.replicas.limit

    async def read(self, document: OpenDocument, number: int) -> PageReading:
        return await self._reader.read(document, number, 1)

    def forward(self, path: str, body: bytes, *, counted: bool) -> Pieces:
        return self._reader.replicas.forward(path, body, counted=counted)

    async def metrics(self) -> dict[str, str]:
        return await self._reader.replicas.metrics()

    async def aclose(self) -> None:
        await self._reader.aclose()


class Models:
    """All of them, with the workers that they share. For one event loop; close it at the end.

    Args:
        options: the engines, and how pages are read; addresses of one model share its work.
        tell: told what happens to an engine that whoever runs the service should know of.
    """

    def __init__(self, options: ReadOptions, tell: Callable[[str], None]) -> None:
        self._options = options
        self._tell = tell
        self._jobs = options.jobs or default_jobs()
        self._pool = WorkerPool(
            self._jobs, WorkerSettings(options.worker_memory), require_sandbox=options.require_sandbox
        )
        self._models: dict[str, Model] = {}
        self._has_warned = False
        self.since = int(time.time())
        self.is_started = False
        """Whether all engines have said what they serve."""

    async def start(self) -> None:
        """Find out what the engines serve, all at once, waiting for those that are not there yet.

        Raises:
            EngineError: one cannot be used.
            UsageError: the engines make no sense together.
        """
        engines = self._options.engines
        if EMBEDDED in engines:
            self._models[EMBEDDED] = EmbeddedModel(self._pool, self._options, self._jobs)
        addresses = [engine for engine in engines if engine != EMBEDDED and not engine.startswith(LOCAL)]
        asked = [asyncio.create_task(self._served_at(address)) for address in addresses]
        started = asyncio.create_task(self._start_local())
        try:
            await asyncio.gather(started, *asked)
        finally:
            for task in (started, *asked):
                task.cancel()
            await asyncio.gather(started, *asked, return_exceptions=True)
        remote: dict[str, tuple[str, ...]] = {}
        for address, task in zip(addresses, asked, strict=True):
            for name in task.result():
                remote[name] = (*remote.get(name, ()), address)
        for name, serving in remote.items():
            await self._add(serving, name)
        if not self._models:
            raise EngineError(f"No engine serves the model {self._options.model!r}", "Look at the name after --model.")
        self.is_started = True

    async def _start_local(self) -> None:
        """One after another, as they share a machine. Raises EngineError, UsageError."""
        for engine in self._options.engines:
            if engine.startswith(LOCAL):
                await self._add((engine,))

    async def _served_at(self, address: str) -> list[str]:
        """The models that an address serves, of those that are wanted, once it says so."""
        client = ChatClient(Endpoint.parse(address), "", self._options.api_key)
        try:
            while True:
                try:
                    names = await client.models()
                except (Busy, Broken, Loading, Unreachable):
                    await asyncio.sleep(_RETRY_AFTER)
                except EngineTrouble as trouble:
                    raise EngineError(f"The engine at {client.label} cannot be used: {trouble}") from None
                else:
                    return [name for name in names if self._options.model in ("", name)]
        finally:
            await client.aclose()

    async def _add(self, engines: tuple[str, ...], name: str = "") -> None:
        options = replace(self._options, engines=engines, model=name or self._options.model)
        reader = AsyncVisionReader(self._pool, options, self._jobs, servers_for(options, self._tell))
        async with AsyncExitStack() as held:
            held.push_async_callback(reader.aclose)  # which also ends a vLLM that is still starting
            served = await reader.prepare()
            if served.model in self._models:
                message = f"Two engines serve a model {served.model!r} in different ways"
                raise UsageError(message, "Leave out one of them.")
            held.pop_all()
        self._models[served.model] = VisionModel(reader, served.model, served.context)

    def all(self) -> tuple[Model, ...]:
        """Every model, the default one first."""
        return tuple(self._models.values())

    def find(self, name: str | None) -> Model:
        """The model called ``name``; the default one if it is None. Raises ApiError."""
        if name is None and self._models:
            return next(iter(self._models.values()))
        model = self._models.get(name or "")
        if model is None and not self.is_started:
            raise ApiError(
                503, "overloaded_error", "The engine is not there yet", code="model_loading", retry_after=_RETRY_AFTER
            )
        if model is None:
            raise ApiError(
                404,
                "invalid_request_error",
                f"There is no such model here; there are: {', '.join(self._models)}",
                param="model",
                code="model_not_found",
            )
        return model

    async def open(
        self, file: BinaryIO, name: str, password: str | None = None, *, is_hashed: bool = False
    ) -> OpenDocument:
        """A document, opened in a worker. Raises DocumentError, and then ``file`` is closed.

        Args:
            is_hashed: its bytes are hashed too, which takes longer than opening it.
        """
        document = OpenDocument(name, file, password)
        task = OpenTask(document, self._options.page_timeout, is_hashed)
        try:
            opened = await asyncio.wrap_future(self._pool.submit(task))
        except BaseException:
            document.close()
            raise
        self._warn_of_refusal()
        return opened

    def _warn_of_refusal(self) -> None:
        if not self.is_sandboxed and not self._has_warned:
            self._has_warned = True
            self._tell(
                f"This system does not let workers shut themselves off from the network: {self._pool.refusal}. "
                "They read all the same; --require-sandbox makes this an error."
            )

    async def picture(self, document: OpenDocument, number: int) -> EncodedImage:
        """A page of an open document as models see it, upright. Raises PageError, EngineError."""
        timeout = self._options.page_timeout
        task = PictureTask(document, number, TextLayerUse.NEVER, _SHOWN, 1, 1, timeout, shows_blank=True)
        pictured = await asyncio.wrap_future(self._pool.submit(task))
        if not isinstance(pictured, Pictured) or not pictured.images:
            raise PageError(f"{document.name}: page {number} could not be pictured")
        return pictured.images[0]

    async def cut(
        self, document: OpenDocument, page: PageReading, boxes: tuple[Box, ...], longest: int
    ) -> tuple[EncodedImage, ...]:
        """Pieces of a page that was read, whose longer side has ``longest`` pixels. Raises PageError, EngineError."""
        task = CropTask(document, page, boxes, longest, self._options.page_timeout)
        return await asyncio.wrap_future(self._pool.submit(task))

    async def aclose(self) -> None:
        """End all workers and requests."""
        await asyncio.gather(*(model.aclose() for model in self._models.values()))
        await asyncio.to_thread(self._pool.close)

    @property
    def is_sandboxed(self) -> bool:
        """Whether all workers, so far, could shut themselves off from the network."""
        return not self._pool.refusal

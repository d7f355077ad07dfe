"""The models that the service has, whoever serves them."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from operator import itemgetter
from typing import BinaryIO, Protocol

from muniment.engines.image import EncodedImage, ImageLimits
from muniment.engines.openai import ChatClient, Endpoint, EngineTrouble, ModelServer, Served
from muniment.errors import EngineError, PageError, UsageError
from muniment.reading import EMBEDDED, PageReading, ReadOptions, SandboxWarning
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
from muniment.server.coming import Coming
from muniment.server.errors import ApiError
from muniment.text import Box

_RETRY_AFTER = 1.0
_SHOWN = ImageLimits(multiple=1)
"""How large a page is shown to people."""

_EMBEDDED, _LOCAL, _ADDRESS = range(3)
"""Kinds of engines, in the order in which their models stand."""

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

    def __init__(self, reader: AsyncVisionReader, served: Served) -> None:
        self.name, self.context = served.model, served.context
        self._reader = reader

    def share(self, server: ModelServer) -> None:
        """Have another server of the model do some of its work, from now on."""
        self._reader.replicas.add(server)

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


def _kind(engine: str) -> int:
    if engine == EMBEDDED:
        return _EMBEDDED
    return _LOCAL if engine.startswith(LOCAL) else _ADDRESS


class Models:
    """All of them, with the workers that they share. For one event loop; close it at the end.

    They come one by one, as their engines do. Which is the default one does not hang on that: it is the first engine's,
    of those that were not given up.

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
        self._engines = sorted(dict.fromkeys(options.engines), key=_kind)
        self._coming = Coming(self._engines, tell)
        self._models: dict[tuple[int, int], Model] = {}
        """By the place of their engine, and theirs among its models; under several where engines share the work."""
        self._local = asyncio.Lock()
        self._arrived = asyncio.Condition()
        self._has_warned = False
        self.since = int(time.time())

    async def start(self) -> None:
        """Get all engines, each to be used as soon as it is there; what goes wrong is told, and tried again."""
        await self._coming.bring(self._bring)

    async def _bring(self, place: int, engine: str) -> None:
        """Get the engine at a place. Raises EngineError; UsageError if it makes no sense beside the others."""
        try:
            if engine == EMBEDDED:
                self._add(place, EmbeddedModel(self._pool, self._options, self._jobs))
            elif engine.startswith(LOCAL):
                async with self._local:  # one after another, as they share a machine
                    await self._start_local(place, engine)
            else:
                for served in await self._served_at(engine):
                    self._add_served(place, engine, served)
        finally:
            async with self._arrived:
                self._arrived.notify_all()

    async def _start_local(self, place: int, engine: str) -> None:
        reader = self._reader(engine, self._options.model)
        async with AsyncExitStack() as held:
            held.push_async_callback(reader.aclose)  # which also ends a vLLM that is still starting
            served = await reader.prepare()
            self._check_is_new(served.model)
            self._add(place, VisionModel(reader, served))
            held.pop_all()

    async def _served_at(self, address: str) -> list[Served]:
        """The models that an address serves, of those that are wanted; at least one. Raises EngineError."""
        client = ChatClient(Endpoint.parse(address), "", self._options.api_key)
        try:
            models = await client.models()
        except EngineTrouble as trouble:
            raise EngineError(f"The engine at {client.label} cannot be used: {trouble}") from None
        finally:
            await client.aclose()
        wanted = self._options.model
        found = [Served(name, context) for name, context in models.items() if wanted in ("", name)]
        if not found:
            serves = f"The engine at {client.label} does not serve {wanted!r} but {', '.join(sorted(models))}"
            raise EngineError(serves, "Look at the name after --model.")
        return found

    def _add_served(self, place: int, address: str, served: Served) -> None:
        """Have a model of an address, which shares its work with other addresses of the same model."""
        name = served.model
        others = [at for at, model in self._models.items() if model.name == name]
        if any(at == place for at, _ in others):  # since an earlier attempt, which failed further on
            return
        shared = next((self._models[at] for at in others if _kind(self._engines[at[0]]) == _ADDRESS), None)
        if isinstance(shared, VisionModel):
            (server,) = servers_for(self._only(address, name), self._tell)
            shared.share(server)
            self._add(place, shared)
        else:
            self._check_is_new(name)
            reader = self._reader(address, name)
            reader.begin(served)
            self._add(place, VisionModel(reader, served))

    def _reader(self, engine: str, model: str) -> AsyncVisionReader:
        options = self._only(engine, model)
        return AsyncVisionReader(self._pool, options, self._jobs, servers_for(options, self._tell))

    def _only(self, engine: str, model: str) -> ReadOptions:
        return replace(self._options, engines=(engine,), model=model)

    def _check_is_new(self, name: str) -> None:
        if any(name == model.name for model in self._models.values()):
            raise UsageError(f"Two engines serve a model {name!r} in different ways", "Leave out one of them.")

    def _add(self, place: int, model: Model) -> None:
        rank = sum(at == place for at, _ in self._models)
        self._models[place, rank] = model

    def all(self) -> tuple[Model, ...]:
        """Every model that is there, in the order of the engines."""
        return tuple(dict.fromkeys(model for _, model in sorted(self._models.items(), key=itemgetter(0))))

    async def as_they_come(self) -> AsyncGenerator[Model, None]:
        """Every model, as soon as it is there; it does not end, as one more may come."""
        told: set[Model] = set()
        while True:
            for model in self.all():
                if model not in told:
                    told.add(model)
                    yield model
            async with self._arrived:
                await self._arrived.wait_for(lambda: not told.issuperset(self.all()))

    @property
    def is_complete(self) -> bool:
        """Whether all engines are there."""
        return self._coming.is_over

    @property
    def problem(self) -> str:
        """Why not all engines are there; "" if they are."""
        return self._coming.problem

    def find(self, name: str | None) -> Model:
        """The model called ``name``; if it is None, the default one, which is the first. Raises ApiError."""
        if name is None:
            first = min(self._models, default=None)
            model = None if first is None or self._coming.is_before(first[0]) else self._models[first]
        else:
            model = next((model for model in self.all() if model.name == name), None)
        if model is None and self._coming.goes_on:
            raise ApiError(
                503, "overloaded_error", "The engine is not there yet", code="model_loading", retry_after=_RETRY_AFTER
            )
        if model is None:
            names = ", ".join(model.name for model in self.all()) or "none"
            raise ApiError(
                404,
                "invalid_request_error",
                f"There is no such model here; there are: {names}",
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
            self._tell(str(SandboxWarning(self._pool.refusal)))

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
        await asyncio.gather(*(model.aclose() for model in self.all()))
        await asyncio.to_thread(self._pool.close)

    @property
    def is_sandboxed(self) -> bool:
        """Whether all workers, so far, could shut themselves off from the network."""
        return not self._pool.refusal

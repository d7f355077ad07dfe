"""The service: everything that its routes share."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Self

from muniment.errors import MunimentError
from muniment.seal.claims import Verdict
from muniment.server.audit import Audit, audit_secret
from muniment.server.budget import ByteBudget
from muniment.server.canary import Canary
from muniment.server.caps import Caps
from muniment.server.errors import KeyNeeded
from muniment.server.fairness import FairSlots
from muniment.server.files import FileStore
from muniment.server.interfaces import interfaces_up
from muniment.server.jobs import JobRunner, JobState, JobStore
from muniment.server.keys import Key, KeyStore
from muniment.server.limits import Gate
from muniment.server.metrics import Metrics
from muniment.server.models import Model, Models
from muniment.server.problems import described
from muniment.server.settings import ServeSettings
from muniment.server.storage import Storage
from muniment.server.store import Database
from muniment.server.tripwire import Tripwire

_SHOWN_AT_ONCE = 2
"""Pages that are pictured for people together; workers are for reading."""
_SHOWN_WAITING = 32
_BODY_PATIENCE = 120.0
"""Seconds that a body, or an answer's pictures, wait for memory at most while none is given back: large requests all at
once, on a machine that has more to do, take longer than half a minute until the first of them is answered."""
_DATABASE_PATIENCE = 0.2
"""Seconds for which the database is waited for while another process writes to it; no request gets on meanwhile."""
_SWEEP_EVERY = 30.0
"""Seconds, at most, for which content outlives its time."""

log = logging.getLogger("muniment.server")


class Service:
    """One for each event loop; an asynchronous context manager.

    Attributes:
        budget: memory for bodies.
        picture_budget: memory for the pictures in answers. Whoever waits for it may hold memory for a body, but not the
            other way round.
        showing: the queue of those who want to see a page.
        tripwire: None where nothing is claimed of a seal.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.caps: Caps = settings.caps
        self.database = Database(settings.data, _DATABASE_PATIENCE)
        self.keys = KeyStore(self.database)
        self.gate = Gate(self.database)
        self.audit = Audit(settings.data / "audit.jsonl", audit_secret(settings.data))
        self.budget = ByteBudget(settings.memory, _BODY_PATIENCE)
        self.picture_budget = ByteBudget(settings.memory, _BODY_PATIENCE)
        self.metrics = Metrics()
        self.models = Models(settings.options, log.warning)
        self.canary = Canary(self.models, log.warning)
        self.jobs = JobStore(self.database, settings.data / "jobs")
        self.files = FileStore(self.database, settings.data / "files")
        self.storage = Storage(
            settings.data,
            settings.reserve,
            settings.most_kept,
            lambda owner: self.jobs.size_of(owner) + self.files.size_of(owner),
        )
        self.runner = JobRunner(self.jobs, self)
        self.showing = FairSlots(_SHOWN_AT_ONCE, _SHOWN_WAITING)
        self.tripwire = None if settings.seal is None else Tripwire(settings.seal, log.warning)
        self._slots: dict[str, FairSlots] = {}
        self._closing = AsyncExitStack()
        self._add_gauges()

    async def __aenter__(self) -> Self:
        self._closing.push_async_callback(self.models.aclose)
        watches = [self.models.start(), self.canary.keep_watch(), self._sweep()]
        if self.tripwire is not None:
            await asyncio.to_thread(self.tripwire.look)  # before anything is read
            watches.append(self.tripwire.keep_watch())
        self.runner.start()
        self._closing.push_async_callback(self.runner.aclose)
        for task in watches:
            self._closing.push_async_callback(_ended, asyncio.create_task(task))
        return self

    async def _sweep(self) -> None:
        """Erase again and again what has had its time."""
        while True:
            with _tried_again_later():
                await self.runner.remove_old(self.settings.lifetime)
            with _tried_again_later():
                self.files.remove_old(self.settings.lifetime)
            for contents in (self.jobs, self.files):
                with _tried_again_later():
                    contents.remove_strays()
            await asyncio.sleep(min(_SWEEP_EVERY, self.settings.lifetime))

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()
        self.audit.close()
        self.database.close()

    def _add_gauges(self) -> None:
        """Have the metrics tell how things stand whenever they are asked for."""
        gauge = self.metrics.gauge
        told: dict[str, tuple[str, Callable[[], float]]] = {
            "ready": ("1 if every model read a page lately.", lambda: self.is_ready),
            "sandboxed": ("1 if workers are shut off from the network.", lambda: self.models.is_sandboxed),
            "audit_writable": ("1 if the audit can be written.", self.audit.is_writable),
            "engines": ("Engines that the service is to read with.", lambda: len(set(self.settings.options.engines))),
            "data_free_bytes": ("Bytes that are free on the data folder's disk.", lambda: self.storage.free),
            "network_interfaces": ("Network interfaces that are up here, beside the loopback.", interfaces_up),
            "queue_length": (
                "Requests and pages that wait for their turn at a model.",
                lambda: sum(slots.waiting for slots in self._slots.values()),
            ),
            "at_work": (
                "Requests and pages that models are at work on.",
                lambda: sum(slots.held for slots in self._slots.values()),
            ),
        }
        for name, (text, ask) in told.items():
            gauge(name, text).set_function(ask)
        canary = "Seconds since a model last read the canary; without end if it never has."
        self.metrics.gauges("canary_age_seconds", canary, "model", self.canary.ages)
        if self.tripwire is not None:
            self._add_seal(self.tripwire)
        jobs = gauge("jobs", "Documents that were handed in and are kept.", "state")
        for state in JobState:
            jobs.labels(state.value).set_function(partial(self.jobs.count, state))

    def _add_seal(self, tripwire: Tripwire) -> None:
        seal = "1 for the verdict on the seal, as far as the service can tell."
        self.metrics.gauges(
            "seal_state", seal, "verdict", lambda: {one.value: tripwire.state.verdict is one for one in Verdict}
        )
        age = "Seconds since the verifier began to look, whose report was last believed; without end if none was."
        self.metrics.gauge("evidence_age_seconds", age).set_function(lambda: tripwire.age)

    @property
    def is_ready(self) -> bool:
        """Whether pages are read, and documents taken."""
        return self.reads and self.audit.is_writable() and (self.tripwire is None or self.tripwire.refusal is None)

    @property
    def reads(self) -> bool:
        """Whether all engines are there, and every model has read the canary within the last minute."""
        seen = self.canary.sightings
        return self.models.is_complete and all(
            model.name in seen and seen[model.name].is_good for model in self.models.all()
        )

    def key_of(self, authorization: str) -> Key | None:
        """Whose the request is; None while no keys were made. Raises ApiError."""
        scheme, _, secret = authorization.partition(" ")
        is_shown = scheme.lower() == "bearer" and bool(secret.strip())
        key = self.keys.find(secret.strip()) if is_shown else None
        if key is None and self.keys.any_made():
            raise KeyNeeded(is_shown=is_shown)
        return key

    def _slots_of(self, model: Model) -> FairSlots:
        """The queue before a model."""
        if model.name not in self._slots:
            self._slots[model.name] = FairSlots(lambda: model.slots, self.settings.most_waiting)
        return self._slots[model.name]

    def check_seal(self) -> None:
        """See that documents may be read. Raises SealRefusal."""
        if self.tripwire is not None and (refusal := self.tripwire.refusal) is not None:
            raise refusal

    @asynccontextmanager
    async def turn(self, model: Model, owner: str, *, is_job: bool = False) -> AsyncIterator[None]:
        """A turn at a model, held meanwhile.

        Args:
            owner: whose pages it is for.
            is_job: no client waits for it.

        Raises:
            ApiError: too many wait already, or documents may not be read by then.
        """
        async with self._slots_of(model).take(owner, is_job=is_job):
            self.check_seal()
            yield


@contextmanager
def _tried_again_later() -> Iterator[None]:
    """What goes wrong is told in the log and ends nothing."""
    try:
        yield
    except MunimentError as error:
        log.error("%s", error)  # noqa: TRY400 - an expected one, without a trace
    except Exception as error:  # what has had its time must be erased, whatever came up once
        log.error("Erasing failed: %s", described(error))  # noqa: TRY400 - the trace may quote a document


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

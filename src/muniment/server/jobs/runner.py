"""Jobs at work: every page takes its turn at the model, is written down when it is read, and is told of."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, time
from typing import Protocol

from muniment.errors import DocumentError, EngineError, MunimentError, OutputError
from muniment.reading.source import OpenDocument
from muniment.server.contents import NotErased
from muniment.server.errors import ApiError
from muniment.server.fairness import FairSlots
from muniment.server.jobs.job import Job, JobState
from muniment.server.jobs.progress import Progress
from muniment.server.jobs.store import JobStore
from muniment.server.limits import Charge, Gate
from muniment.server.metrics import Metrics
from muniment.server.models import Model, Models
from muniment.server.problems import as_api_error, described
from muniment.server.settings import ServeSettings
from muniment.server.store import Database

log = logging.getLogger("muniment.server")

_OPEN_AT_ONCE = 64
"""Documents: each is an open file."""
_TRY_AGAIN_AFTER = 5.0
"""Seconds after which a job goes on that found no engine, no seal, no place in the queue, or no room on the disk."""


class Desk(Protocol):
    """What jobs need of the service."""

    database: Database
    models: Models
    gate: Gate
    metrics: Metrics
    settings: ServeSettings

    def check_seal(self) -> None: ...

    def turn(self, model: Model, owner: str, *, is_job: bool) -> AbstractAsyncContextManager[None]: ...


@dataclass(eq=False)
class _Work:
    """A job at work: its task, and who is told when something changes.

    Attributes:
        progress: what became of its pages, once that was looked up.
        moved: when this service began with it, or its last page was read, in seconds of the monotonic clock.
        changes: how many there were; whoever has seen fewer has something to see.
    """

    task: "asyncio.Task[None]"
    progress: Progress = field(default_factory=Progress)
    is_looked_up: bool = False
    moved: float = field(default_factory=monotonic)
    changes: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self) -> None:
        """Say that something changed."""
        async with self.changed:
            self.changes += 1
            self.changed.notify_all()

    async def more_than(self, seen: int) -> None:
        """Wait until there were more changes than were ``seen``."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.changes > seen)


class JobRunner:
    """Reads jobs until they are done. For one event loop."""

    def __init__(self, store: JobStore, desk: Desk) -> None:
        self._store = store
        self._desk = desk
        self._works: dict[str, _Work] = {}
        self._open = FairSlots(_OPEN_AT_ONCE, sys.maxsize)

    def start(self) -> None:
        """Go on with what was unfinished when the service last ended."""
        for job in self._store.unfinished():
            self.begin(job)

    def begin(self, job: Job) -> None:
        """Read a job that is in the store."""
        task = asyncio.create_task(self._run(job))
        self._works[job.id] = _Work(task)
        task.add_done_callback(lambda _: self._works.pop(job.id, None))

    def progress(self, job: Job) -> Progress:
        """How far a job is; no page of one that is at work or finished is looked at for that."""
        work = self._works.get(job.id)
        return work.progress if work is not None else job.progress or self._progress_on_disk(job)

    async def changes(self, job: Job) -> AsyncGenerator[Job, None]:
        """The job now, and again whenever one of its pages was read, until it is finished."""
        while True:
            work = self._works.get(job.id)
            seen = 0 if work is None else work.changes
            job = self._store.find(job.id, job.owner)
            yield job
            if job.is_finished or work is None:
                return
            await work.more_than(seen)

    async def remove(self, job: Job) -> None:
        """Stop a job and erase it.

        Raises:
            NotErased: not all of it can be erased now. Nobody finds it any more, and :meth:`remove_old` tries again.
            OutputError: the database cannot be used. Either the job goes on, or the same holds.
        """
        self._mark(job)  # first, as a job that was stopped or half erased would look as if somebody read it
        work = self._works.get(job.id)
        if work is None:
            self._store.erase(job.id)
            return
        try:
            work.task.cancel()
            await asyncio.gather(work.task, return_exceptions=True)
            self._store.erase(job.id)
        finally:
            await work.tell()

    def _mark(self, job: Job) -> None:
        """Have nobody find a job any more, and its pages that were not read not count."""
        if job.is_removed:
            return
        with self._desk.database.transaction(erases=True):
            self._store.mark(job.id)
            if not job.is_finished:
                self._give_back(job, self.progress(job))

    async def remove_old(self, lifetime: float) -> None:
        """Erase those that were finished more than ``lifetime`` seconds ago, and those whose removal came to no end.

        What still cannot be erased stays. Raises OutputError.
        """
        for job in self._store.to_erase(time() - lifetime):
            with suppress(NotErased):
                await self.remove(job)

    async def aclose(self) -> None:
        """Stop, so that the next start goes on."""
        tasks = [work.task for work in self._works.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        work = await self._work_of(job)
        while not job.is_finished:
            state, problem = self._unless_too_late(work, *await self._attempt(job, work))
            job = await self._surely(job, work, partial(self._written, job, work, state, problem))
            if not job.is_finished:
                await work.tell()
                await asyncio.sleep(_TRY_AGAIN_AFTER)
        await work.tell()

    async def _attempt(self, job: Job, work: _Work) -> tuple[JobState, str]:
        """Read what is left of a job: the state it is in then, and what stands in its way."""
        try:
            if not work.is_looked_up:  # before it is its turn, as whoever asks meanwhile is told
                self._look_up(job, work)
            async with self._open.take(job.owner):
                await self._read(job, work)
        except ApiError as waits_for:
            # No engine yet, a seal that does not hold, or too many wait: a job has time, and loses no page over that.
            # But where there is no such model, all engines have said what they serve, and there will be none.
            is_hopeless = waits_for.code == "model_not_found"
            return JobState.FAILED if is_hopeless else JobState.WAITING, str(waits_for)
        except EngineError as error:  # there is none any more
            return JobState.WAITING, str(as_api_error(error))
        except OutputError as error:  # a full disk, a busy database or too many open files pass too
            log.error("job %s waits: %s", job.id, error)  # noqa: TRY400 - an expected one, without a trace
            return JobState.WAITING, str(as_api_error(error))
        except MunimentError as error:
            return JobState.FAILED, str(as_api_error(error))
        except Exception as error:  # a job that nobody reads any more must not look as if somebody did
            log.error("job %s failed: %s", job.id, described(error))  # noqa: TRY400 - the trace may quote a document
            return JobState.FAILED, f"Something went wrong; the log has more under {job.id}"
        return JobState.DONE, ""

    def _unless_too_late(self, work: _Work, state: JobState, problem: str) -> tuple[JobState, str]:
        """A job that does not get on has an end too, as what is kept of its document has to have one."""
        if state is not JobState.WAITING or monotonic() - work.moved <= self._desk.settings.lifetime:
            return state, problem
        return JobState.FAILED, f"It waited for too long. {problem}"

    def _written(self, job: Job, work: _Work, state: JobState, problem: str) -> Job:
        if state is JobState.WAITING:
            return self._store.set_state(job, state, problem)
        with self._desk.database.transaction():
            self._give_back(job, work.progress)
            return self._store.finish(job, state, work.progress, problem)

    async def _surely(self, job: Job, work: _Work, write: Callable[[], Job]) -> Job:
        """Write to the database, again and again until it can be done: nobody else would do it for the job."""
        while True:
            try:
                return write()
            except Exception as error:
                said = error if isinstance(error, MunimentError) else described(error)
                log.error("job %s cannot be written down: %s", job.id, said)  # noqa: TRY400 - as above
            await work.tell()
            await asyncio.sleep(_TRY_AGAIN_AFTER)

    def _give_back(self, job: Job, progress: Progress) -> None:
        """Have the pages of a job that ends not count towards its owner's day, but for those that were read."""
        asked = len(job.numbers)
        self._desk.gate.give_back(Charge(job.owner, job.charged_on, asked), asked - progress.read)

    async def _work_of(self, job: Job) -> _Work:
        await asyncio.sleep(0)  # :meth:`begin` writes it down when it has the task
        return self._works[job.id]

    async def _read(self, job: Job, work: _Work) -> None:
        self._desk.check_seal()  # its document is not even opened
        model = self._desk.models.find(job.model)
        self._store.set_state(job, JobState.READING)
        file = self._store.opened(self._store.document_of(job.id))
        document = await self._desk.models.open(file, job.info.name)
        try:
            read = self._store.pages_of(job).numbers()
            if len(read) != work.progress.done:  # a page is whole although the disk told of trouble
                self._look_up(job, work)
            under_way: set[asyncio.Task[None]] = set()
            async with asyncio.TaskGroup() as group:
                for number in (number for number in job.numbers if number not in read):
                    # One more than can be read is enough to lose no time, and leaves others of the owner their turns.
                    while len(under_way) > max(1, model.slots):
                        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    page = group.create_task(self._read_page(job, work, model, document, number))
                    under_way.add(page)
                    page.add_done_callback(under_way.discard)
        except ExceptionGroup as problems:
            raise _first(problems) from None
        finally:
            document.close()

    async def _read_page(self, job: Job, work: _Work, model: Model, document: OpenDocument, number: int) -> None:
        async with self._desk.turn(model, job.owner, is_job=True):
            page = await model.read(document, number)
        self._desk.metrics.page(model.name, page)
        self._desk.metrics.tokens(page.tokens.prompt, page.tokens.completion)
        self._store.pages_of(job).add(page)
        work.progress.add(page)
        work.moved = monotonic()
        await work.tell()

    def _look_up(self, job: Job, work: _Work) -> None:
        """See what became of a job's pages. Raises NotOpened, and DocumentError if some are damaged."""
        work.progress = self._progress_on_disk(job)
        if work.progress.done != len(self._store.pages_of(job).numbers()):
            raise DocumentError(
                "Some of what was read of it is damaged on the service's disk", "Erase it here and send it again."
            )
        work.is_looked_up = True

    def _progress_on_disk(self, job: Job) -> Progress:
        progress = Progress()
        for page in self._store.pages_of(job).in_order():
            progress.add(page)
        return progress


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first error in ``group``; the others came of the same."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error

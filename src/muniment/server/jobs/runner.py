"""Jobs at work: every page takes its turn at the model, is written down when it is read, and is told of."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from muniment.errors import EngineError, MunimentError
from muniment.reading import PageReading, PageStatus
from muniment.reading.source import OpenDocument
from muniment.server.errors import ApiError
from muniment.server.fairness import FairSlots
from muniment.server.jobs.job import Job, JobState
from muniment.server.jobs.store import JobStore
from muniment.server.models import Model, Models

_SWEEP_EVERY = 30.0
_PAGES_AT_ONCE = 64
"""Of one job: more would only wait, in memory."""
_TRY_AGAIN_AFTER = 5.0
"""Seconds after which a job goes on that found no engine, or no place in the queue."""


class Desk(Protocol):
    """What jobs need of the service."""

    models: Models

    def slots(self, model: Model) -> FairSlots: ...


@dataclass(eq=False)
class Progress:
    """What became of a job's pages until now.

    Attributes:
        done: how many were read, by a fallback or not.
        failed: page number to why.
    """

    done: int = 0
    fallback: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def add(self, page: PageReading) -> None:
        self.done += 1
        if page.status is PageStatus.FALLBACK:
            self.fallback.append(page.number)
        elif page.status is PageStatus.FAILED:
            self.failed[page.number] = page.problem


@dataclass(eq=False)
class _Work:
    """A job at work: its task, and who is told when something changes."""

    task: "asyncio.Task[None]"
    progress: Progress
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)


class JobRunner:
    """Reads jobs until they are done, and erases them when their time is over. For one event loop.

    Args:
        lifetime: seconds for which a finished job's content is kept.
    """

    def __init__(self, store: JobStore, desk: Desk, lifetime: float) -> None:
        self._store = store
        self._desk = desk
        self._lifetime = lifetime
        self._works: dict[str, _Work] = {}
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go on with what was unfinished when the service last ended."""
        self._store.remove_strays()
        for job in self._store.unfinished():
            self.begin(job)
        self._sweeping = asyncio.create_task(self._sweep())

    def begin(self, job: Job) -> None:
        """Read a job that is in the store."""
        task = asyncio.create_task(self._run(job))
        self._works[job.id] = _Work(task, self._progress_on_disk(job))
        task.add_done_callback(lambda _: self._works.pop(job.id, None))

    def progress(self, job: Job) -> Progress:
        """How far a job is."""
        work = self._works.get(job.id)
        return work.progress if work is not None else self._progress_on_disk(job)

    async def changes(self, job: Job) -> AsyncGenerator[Job, None]:
        """The job now, and again whenever one of its pages was read, until it is finished."""
        while True:
            work = self._works.get(job.id)
            job = self._store.find(job.id, job.owner)
            yield job
            if job.is_finished or work is None:
                return
            async with work.changed:
                await work.changed.wait()

    async def remove(self, job: Job) -> None:
        """Stop a job and erase it."""
        work = self._works.get(job.id)
        if work is not None:
            work.task.cancel()
            await asyncio.gather(work.task, return_exceptions=True)
            await _tell(work)
        self._store.remove(job.id)

    async def aclose(self) -> None:
        """Stop, so that the next start goes on."""
        tasks = [work.task for work in self._works.values()]
        if self._sweeping is not None:
            tasks.append(self._sweeping)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        work = await self._work_of(job)
        while not job.is_finished:
            try:
                await self._read(job, work)
                job = self._store.set_state(job, JobState.DONE)
            except (ApiError, EngineError) as problem:
                # No engine yet, none any more, or too many wait: a job has time, and loses no page over that.
                job = self._store.set_state(job, JobState.WAITING, str(problem))
                await _tell(work)
                await asyncio.sleep(_TRY_AGAIN_AFTER)
            except MunimentError as error:
                job = self._store.set_state(job, JobState.FAILED, str(error))
        await _tell(work)

    async def _work_of(self, job: Job) -> _Work:
        await asyncio.sleep(0)  # :meth:`begin` writes it down when it has the task
        return self._works[job.id]

    async def _read(self, job: Job, work: _Work) -> None:
        model = self._desk.models.find(job.model)
        self._store.set_state(job, JobState.READING)
        file = self._store.document_of(job.id).open("rb")
        document = await self._desk.models.open(file, job.info.name)
        try:
            left = [number for number in job.numbers if number not in self._store.pages_of(job).numbers()]
            places = asyncio.Semaphore(_PAGES_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for number in left:
                    await places.acquire()
                    page = group.create_task(self._read_page(job, work, model, document, number))
                    page.add_done_callback(lambda _: places.release())
        except ExceptionGroup as problems:
            raise _first(problems) from None
        finally:
            document.close()

    async def _read_page(self, job: Job, work: _Work, model: Model, document: OpenDocument, number: int) -> None:
        async with self._desk.slots(model).take(job.owner):
            page = await model.read(document, number)
        self._store.pages_of(job).add(page)
        work.progress.add(page)
        await _tell(work)

    def _progress_on_disk(self, job: Job) -> Progress:
        progress = Progress()
        for page in self._store.pages_of(job).in_order():
            progress.add(page)
        return progress

    async def _sweep(self) -> None:
        while True:
            for job in self._store.finished_before(time.time() - self._lifetime):
                await self.remove(job)
            await asyncio.sleep(min(_SWEEP_EVERY, self._lifetime))


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first error in ``group``; the others came of the same."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


async def _tell(work: _Work) -> None:
    async with work.changed:
        work.changed.notify_all()

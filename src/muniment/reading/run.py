"""A run: many documents read at once in a bounded window, told in order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from muniment.documents.pages import PageRanges, parse_pages
from muniment.documents.sources import Source
from muniment.errors import EngineError, MunimentError, UsageError
from muniment.reading.attempts import OpenTask
from muniment.reading.data import DocumentInfo, PageReading
from muniment.reading.events import (
    DocumentDone,
    DocumentFailed,
    DocumentOpened,
    DocumentSkipped,
    Event,
    PageDone,
    SandboxWarning,
)
from muniment.reading.furniture import furnished
from muniment.reading.ledger import Entry, Ledger
from muniment.reading.machine import default_jobs, processors
from muniment.reading.options import EMBEDDED, ReadOptions
from muniment.reading.pool import Lane, WorkerPool
from muniment.reading.questions import Question
from muniment.reading.readers import EmbeddedReader, PageReader
from muniment.reading.source import OpenDocument, open_source
from muniment.reading.worker_process import WorkerSettings

PAGES_AHEAD = 3
"""Pages a worker in flight or waiting to be told: enough that no worker waits, few enough to hold in memory."""
_LOOK_EVERY = 1.0
"""Seconds in which notices of the engine are passed on while no page is ready."""


@dataclass(eq=False)
class _Opening:
    """A document being opened, then open."""

    source: Source
    future: Future[OpenDocument]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A page being read: its document, and where its reading will be."""

    source: Source
    reading: Future[PageReading]
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class _Last:
    """All pages of a document have been queued before this."""

    source: Source
    document: OpenDocument
    entry: Entry | None


class Run:
    """Reads ``sources`` and tells what happens as events, documents and pages in order.

    Pages of several documents are in flight at once, so that no worker waits at a document's end. Iterate once.
    Leaving the iteration, by exhaustion, ``close`` or an exception, ends all workers.

    Args:
        sources: what to read.
        options: how.
        ledger: where finished pages are remembered, so that an interrupted run goes on where it was; None to forget.
        opener: gives a source's bytes as a file with a descriptor.
        question: what every page is asked instead of being read.

    Raises:
        UsageError: the options make no sense, or the engine cannot be asked.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        options: ReadOptions,
        ledger: Ledger | None = None,
        opener: Callable[[Source], BinaryIO] = open_source,
        question: Question | None = None,
    ) -> None:
        self._sources = deque(sources)
        self._single = len(sources) == 1
        self._options = options
        self._ranges: PageRanges | None = None if options.pages is None else parse_pages(options.pages)
        self._ledger = ledger
        self._open_source = opener
        self._jobs = options.jobs or default_jobs()
        self._pool = WorkerPool(
            self._jobs, WorkerSettings(options.worker_memory), require_sandbox=options.require_sandbox
        )
        self._question = question
        self._reader = self._make_reader()
        self._queue: deque[_Opening | _Waiting | _Last | Iterator[Event]] = deque()
        self._open: set[OpenDocument] = set()
        self.pages_in_flight = 0
        """Pages being read, or read and not yet told: never more than the window."""
        self._items: Iterator[_Waiting | _Last] | None = None

    def _make_reader(self) -> PageReader:
        options = self._options
        if options.engines == (EMBEDDED,):
            if self._question is not None:
                raise UsageError("The embedded engine answers no questions", "Name a model's address with --engine.")
            return EmbeddedReader(self._pool, options, self._jobs * PAGES_AHEAD)
        from muniment.reading.vision_reader import VisionReader

        return VisionReader(self._pool, options, self._jobs, self._question)

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers and requests at once and let go of all files. Safe to call more than once."""
        self._reader.close()
        self._pool.close()
        for document in self._open:
            document.close()
        self._open.clear()

    def __iter__(self) -> Iterator[Event]:
        # The embedded engine knows furniture by its place, and answers are none, however often they recur.
        recurring = self._options.engines != (EMBEDDED,) and self._question is None
        return furnished(self._events(), self._options.furniture, recurring=recurring)

    def _events(self) -> Iterator[Event]:
        warned = False
        try:
            yield from self._reader.prepare()
            self._fill()
            while self._queue:
                yield from self._await_head()
                for event in self._tell(self._queue.popleft()):
                    if self._pool.refusal and not warned:
                        warned = True
                        yield SandboxWarning(self._pool.refusal)
                    yield event
                self._fill()
        finally:
            self.close()

    def _await_head(self) -> Iterator[Event]:
        """Wait until the head of the queue can be told, filling the window as documents open meanwhile."""
        while True:
            yield from self._reader.notices()
            head = self._queue[0]
            if isinstance(head, _Opening):
                wait([head.future], _LOOK_EVERY)
                self._fill()
            elif isinstance(head, _Waiting) and not head.reading.done():
                opening = self._opening
                awaited: list[Future[Any]] = [head.reading] if opening is None else [head.reading, opening.future]
                wait(awaited, _LOOK_EVERY, return_when=FIRST_COMPLETED)
                self._fill()
            else:
                return

    @property
    def _opening(self) -> _Opening | None:
        """The document being opened, if any: always the last in the queue."""
        last = self._queue[-1] if self._queue else None
        return last if isinstance(last, _Opening) else None

    def _fill(self) -> None:
        """Queue pages up to the window, opening the next document early."""
        while self.pages_in_flight < self._reader.window:
            opening = self._opening
            if opening is not None:
                if not opening.future.done():
                    return
                self._queue.pop()
                self._resolve(opening)
            elif self._items is not None:
                self._queue_next_item()
            elif self._sources:
                self._queue.append(self._begin(self._sources.popleft()))
            else:
                return

    def _queue_next_item(self) -> None:
        item = next(self._items or iter(()), None)
        if item is None:
            self._items = None
            return
        self._queue.append(item)
        self.pages_in_flight += isinstance(item, _Waiting)

    def _begin(self, source: Source) -> _Opening | Iterator[Event]:
        """Start opening a document. Its bytes are taken here and not on a lane, where nothing could interrupt that."""
        try:
            file = self._open_source(source)
        except MunimentError as error:
            return iter([DocumentFailed(source, error)])
        document = OpenDocument(source.name, file, self._options.password)
        self._open.add(document)
        return _Opening(source, self._pool.submit(self._opener(document)))

    def _opener(self, document: OpenDocument) -> Callable[[Lane], OpenDocument]:
        task = OpenTask(document, self._options.page_timeout, is_hashed=True)

        def open_document(lane: Lane) -> OpenDocument:
            try:
                return task(lane)
            except BaseException:
                self._let_go(document)
                raise

        return open_document

    def _tell(self, item: _Opening | _Waiting | _Last | Iterator[Event]) -> Iterator[Event]:
        if isinstance(item, _Waiting):
            page = item.reading.result()
            self.pages_in_flight -= 1
            if item.entry is not None:
                item.entry.add(page)
            yield PageDone(item.source, page)
        elif isinstance(item, _Last):
            yield DocumentDone(item.source)
            self._let_go(item.document)
            if item.entry is not None:
                item.entry.finish()
        elif not isinstance(item, _Opening):
            yield from item

    def _resolve(self, opening: _Opening) -> None:
        """Queue what came of opening a document, and make its pages the next to be queued."""
        source = opening.source
        try:
            document = opening.future.result()
        except EngineError:
            raise
        except MunimentError as error:
            self._queue.append(iter([DocumentFailed(source, error)]))
            return
        try:
            numbers = self._numbers(document)
        except MunimentError as error:
            self._let_go(document)
            self._queue.append(iter([DocumentFailed(source, error)]))
            return
        entry = (
            None if self._ledger is None else self._ledger.entry(source, document.info, numbers, self._reader.identity)
        )
        if entry is not None and entry.finished is not None:
            self._let_go(document)
            finished = entry.finished
            self._queue.append(iter([DocumentSkipped(source, finished.pages, finished.fallback, finished.failed)]))
            return
        done = 0 if entry is None else entry.done
        self._queue.append(self._beginning(source, document.info, numbers, entry))
        self._items = self._page_items(source, document, numbers[done:], entry)

    @staticmethod
    def _beginning(
        source: Source, info: DocumentInfo, numbers: tuple[int, ...], entry: Entry | None
    ) -> Iterator[Event]:
        yield DocumentOpened(source, info, numbers)
        for page in () if entry is None else entry.pages():
            yield PageDone(source, page, resumed=True)

    def _let_go(self, document: OpenDocument) -> None:
        self._open.discard(document)
        document.close()

    def _numbers(self, document: OpenDocument) -> tuple[int, ...]:
        if self._ranges is None:
            return tuple(range(1, document.page_count + 1))
        return self._ranges.select(document.page_count, document.name)

    def _page_items(
        self, source: Source, document: OpenDocument, numbers: Sequence[int], entry: Entry | None
    ) -> Iterator[_Waiting | _Last]:
        alone = self._single and len(numbers) == 1
        threads = processors() if alone else max(1, processors() // self._jobs)
        for number in numbers:
            yield _Waiting(source, self._reader.submit(document, number, threads), entry)
        yield _Last(source, document, entry)

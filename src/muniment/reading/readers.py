"""Who reads a run's pages."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Protocol

from muniment.reading.attempts import PageTask
from muniment.reading.data import PageReading
from muniment.reading.events import Event
from muniment.reading.options import EMBEDDED, ReadOptions
from muniment.reading.pool import WorkerPool
from muniment.reading.source import OpenDocument


class PageReader(Protocol):
    """Reads pages of open documents.

    Attributes:
        window: pages that may be begun and not yet told.
        identity: of what reads, as far as it changes readings; known once it is prepared.
    """

    window: int

    @property
    def identity(self) -> str: ...

    def prepare(self) -> Iterator[Event]:
        """Get ready, telling of waits. Raises EngineError."""
        ...

    def submit(self, document: OpenDocument, number: int, threads: int) -> Future[PageReading]:
        """Begin reading a page."""
        ...

    def notices(self) -> Iterator[Event]:
        """What happened since the last call that the user should know of."""
        ...

    def close(self) -> None:
        """Stop everything at once. Safe to call more than once."""
        ...


class EmbeddedReader:
    """Workers read pages with the embedded engine."""

    identity = f"engine={EMBEDDED}"

    def __init__(self, pool: WorkerPool, options: ReadOptions, pages_ahead: int) -> None:
        self.window = pages_ahead
        self._pool = pool
        self._options = options

    def prepare(self) -> Iterator[Event]:
        """Nothing to wait for."""
        return iter(())

    def submit(self, document: OpenDocument, number: int, threads: int) -> Future[PageReading]:
        """Begin reading a page on a lane."""
        return self._pool.submit(page_task(document, number, self._options, threads))

    def notices(self) -> Iterator[Event]:
        """Nothing happens."""
        return iter(())

    def close(self) -> None:
        """Nothing beside the pool, which is closed by whoever made it."""


def page_task(document: OpenDocument, number: int, options: ReadOptions, threads: int) -> PageTask:
    """The task of reading a page with the embedded engine."""
    return PageTask(document, number, options.text_layer, threads, options.page_timeout)

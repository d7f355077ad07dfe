"""Progress on standard error: a bar on a terminal, a line now and then elsewhere, or nothing."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Protocol

from muniment.cli.messages import complain, counted, say
from muniment.reading import PageStatus, events

SECONDS_BETWEEN_LINES = 5.0


class Progress(Protocol):
    """Shows events as they come. A context manager, so that a bar is gone when the run ends, however it ends."""

    def __enter__(self) -> "Progress": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def take(self, event: events.Event) -> None: ...

    def aside(self) -> AbstractContextManager[None]:
        """Keeps the screen free for what is written to it meanwhile."""
        ...


def progress_for(documents: int, *, quiet: bool) -> Progress:
    """What suits standard error; ``documents`` is how many will be read."""
    if quiet:
        return QuietProgress()
    if sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from muniment.cli.progress_bar import BarProgress

        return BarProgress(documents, shares_screen=sys.stdout is not None and sys.stdout.isatty())
    return LineProgress(documents)


class QuietProgress:
    """Errors only; there is no summary in the end to tell them."""

    def __enter__(self) -> "QuietProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def take(self, event: events.Event) -> None:
        if isinstance(event, events.DocumentFailed):
            complain(str(event.error))
        elif isinstance(event, events.PageDone) and event.page.status is PageStatus.FAILED:
            complain(event.page.problem)

    def aside(self) -> AbstractContextManager[None]:
        """Nothing stands on the screen that would have to go."""
        return nullcontext()


class LineProgress(QuietProgress):
    """A line when a document is finished, and one every few seconds within.

    Args:
        documents: how many will be read.
        clock: seconds, from any beginning.
        line: where lines go.
    """

    def __init__(
        self, documents: int, clock: Callable[[], float] = time.monotonic, line: Callable[[str], None] = say
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._line = line
        self._finished = 0
        self._pages = self._of = 0
        self._told = clock()
        self._awaited, self._awaited_for = "", 0.0

    def take(self, event: events.Event) -> None:
        match event:
            case events.SandboxWarning():
                self._line(f"muniment: {event}")
            case events.EngineNotice():
                self._line(f"muniment: {event.what}")
            case events.EngineAwaited():
                self._await(event)
            case events.DocumentOpened():
                self._pages, self._of = 0, len(event.pages)
            case events.PageDone():
                self._page(event)
            case events.DocumentDone():
                self._finish(f"{event.source.name}: {counted(self._of, 'page')}")
            case events.DocumentSkipped():
                self._finish(f"{event.source.name}: read before")
            case events.DocumentFailed():
                self._finished += 1
                self._line(f"muniment: {event.error}")

    def _await(self, event: events.EngineAwaited) -> None:
        """A line for everything new that is awaited, and ever fewer while it stays the same."""
        is_new = event.what != self._awaited
        if event.seconds >= (SECONDS_BETWEEN_LINES if is_new else 2 * self._awaited_for):
            self._awaited, self._awaited_for = event.what, event.seconds
            self._line(f"{event.what} ({event.seconds:.0f} s)")

    def _page(self, event: events.PageDone) -> None:
        self._pages += 1
        if self._pages < self._of and self._clock() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = self._clock()
            self._line(f"{event.source.name}: {self._pages} of {counted(self._of, 'page')}")

    def _finish(self, what: str) -> None:
        self._finished += 1
        self._told = self._clock()
        self._line(f"[{self._finished}/{self._documents}] {what}")

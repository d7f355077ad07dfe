"""The progress bar on a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from muniment.cli.messages import printable
from muniment.reading import events

_SPEED_OVER_SECONDS = 120.0


class BarProgress:
    """One bar for the run: a document counts one, a page its share of its document.

    Args:
        documents: how many will be read.
        console: where to draw; standard error if None.
        shares_screen: results are written to the same screen.
    """

    def __init__(self, documents: int, console: Console | None = None, *, shares_screen: bool = False) -> None:
        self._shares_screen = shares_screen
        self._bar = Progress(
            BarColumn(bar_width=16),
            TextColumn("{task.fields[counts]}"),
            TextColumn("[dim]{task.fields[speed]}[/]"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            console=console or Console(stderr=True),
            transient=True,
            expand=True,  # the name alone gives way where the terminal is narrow
            speed_estimate_period=_SPEED_OVER_SECONDS,
        )
        self._task = self._bar.add_task("", total=documents, counts="", speed="")
        self._documents = documents
        self._finished = 0
        self._pages = self._of = 0
        self._read_now = 0
        self._began = time.monotonic()

    def __enter__(self) -> "BarProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Takes the bar away while something is written to its screen."""
        if self._shares_screen:
            self._bar.stop()
        yield
        if self._shares_screen:
            self._bar.start()

    def take(self, event: events.Event) -> None:
        match event:
            case events.SandboxWarning():
                self._say(f"muniment: {event}")
            case events.EngineNotice():
                self._say(f"muniment: {event.what}")
            case events.EngineAwaited():
                self._bar.update(self._task, description=escape(printable(f"{event.what} ({event.seconds:.0f} s)")))
            case events.DocumentOpened():
                self._pages, self._of = 0, len(event.pages)
                self._bar.update(self._task, description=escape(printable(event.source.name)))
            case events.PageDone():
                self._pages += 1
                self._read_now += not event.resumed
            case events.DocumentDone() | events.DocumentSkipped():
                self._finish()
            case events.DocumentFailed():
                self._say(f"muniment: {event.error}")
                self._finish()
        self._draw()

    def _finish(self) -> None:
        self._finished += 1
        self._pages = self._of = 0

    def _draw(self) -> None:
        counts = f"{self._pages}/{self._of} pages" if self._of else ""
        if self._documents > 1:
            counts = f"{self._finished}/{self._documents} documents {counts}".rstrip()
        seconds = time.monotonic() - self._began
        share = self._pages / self._of if self._of else 0.0
        self._bar.update(
            self._task,
            completed=self._finished + share,
            counts=counts,
            speed=f"{self._read_now / seconds:.1f} pages/s" if self._read_now and seconds else "",
        )

    def _say(self, line: str) -> None:
        self._bar.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

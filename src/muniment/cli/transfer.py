"""How far a model is on its way, on standard error: a bar on a terminal, a line now and then elsewhere, or nothing."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muniment.cli.messages import byte_count, printable, say
from muniment.models import Progress, Tell

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def transfer_progress(*, quiet: bool) -> Iterator[Tell]:
    """What suits standard error; a bar is gone when the transfer ends, however it ends."""
    if quiet:
        yield lambda _progress: None
    elif sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        yield from _bar()
    else:
        yield lines()


def lines(clock: Callable[[], float] = time.monotonic, line: Callable[[str], None] = say) -> Tell:
    """A line every few seconds.

    Args:
        clock: seconds, from any beginning.
        line: where lines go.
    """
    told = clock()

    def tell(progress: Progress) -> None:
        nonlocal told
        if clock() - told >= SECONDS_BETWEEN_LINES:
            told = clock()
            line(f"{byte_count(progress.done)} of {byte_count(progress.total)}, now {progress.file}")

    return tell


def _bar() -> Iterator[Tell]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    columns = (
        BarColumn(bar_width=16),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda progress: bar.update(
            task, completed=progress.done, total=progress.total, description=escape(printable(progress.file))
        )

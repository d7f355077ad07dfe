"""What all commands that read do: find documents, run, pass on what happens, tell how it went."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from muniment.cli.messages import complain
from muniment.cli.progress import Progress, progress_for
from muniment.cli.sinks import Sink
from muniment.cli.summary import Summary
from muniment.documents import Source, find_sources
from muniment.reading import DocumentDone, DocumentOpened, Event, PageDone, Run

Prepare = Callable[[Sequence[Source], ExitStack], tuple[Sink, Run]]
"""Gives where results go and the run that makes them; what they need open goes onto the stack."""


def run_over(paths: Sequence[str], prepare: Prepare, *, quiet: bool) -> Summary:
    """Everything that ``paths`` lead to, through the run that ``prepare`` gives.

    Raises:
        UsageError, EngineError, OutputError: see :mod:`muniment.errors`.
    """
    search = find_sources(paths)
    summary = Summary()
    for problem in search.problems:
        complain(str(problem.error))
        summary.missing(problem.name, problem.error)
    if search.sources:
        with ExitStack() as stack:
            sink, run = prepare(search.sources, stack)
            stack.enter_context(run)
            progress = stack.enter_context(progress_for(len(search.sources), quiet=quiet))
            for event in run:
                _write(event, sink, progress)
                summary.take(event, sink.paths)
                progress.take(event)
    return summary


def _write(event: Event, sink: Sink, progress: Progress) -> None:
    if not isinstance(event, DocumentOpened | PageDone | DocumentDone):
        return
    with progress.aside():
        match event:
            case DocumentOpened():
                sink.begin(event.source, event.info)
            case PageDone():
                sink.page(event.page)
            case DocumentDone():
                sink.end()

"""What ``muniment ocr`` does: find, read, write, and tell how it went."""

import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from muniment.cli.messages import complain
from muniment.cli.progress import progress_for
from muniment.cli.sinks import Folder, Sink, StandardOutput, write_standard_output
from muniment.cli.summary import Summary
from muniment.documents import Source, find_sources
from muniment.errors import ExitCode, OutputError, UsageError
from muniment.outputs import Format, make_folder, plan_names
from muniment.reading import DocumentDone, DocumentOpened, Event, Ledger, PageDone, ReadOptions, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    Attributes:
        paths: files, folders, patterns, or "-".
        output: the folder to write to; None for standard output.
        formats: at least one.
        options: how to read.
        force: read again what an earlier run has finished.
        quiet: say nothing but errors.
        as_json: write a summary of the run to standard output.
    """

    paths: Sequence[str]
    output: Path | None
    formats: tuple[Format, ...]
    options: ReadOptions
    force: bool = False
    quiet: bool = False
    as_json: bool = False


def carry_out(request: Request) -> ExitCode:
    """Read and write everything.

    Raises:
        UsageError: the request contradicts itself.
        EngineError: nothing can be read on this machine as it is.
        OutputError: results cannot be written.
    """
    _check(request)
    search = find_sources(request.paths)
    summary = Summary()
    for problem in search.problems:
        complain(str(problem.error))
        summary.missing(problem.name, problem.error)
    if search.sources:
        _read(request, search.sources, summary)
    if request.as_json:
        write_standard_output(json.dumps(summary.as_json(), indent=2) + "\n")
    if search.sources and not request.quiet:
        summary.show(request.output)
    return summary.exit_code


def _check(request: Request) -> None:
    if request.output is None and len(request.formats) > 1:
        raise UsageError("Standard output takes one format", "Add -o FOLDER to write more than one.")
    if request.output is None and request.as_json:
        raise UsageError(
            "--json tells about files, and without -o there are none",
            "Add -o FOLDER, or write the document itself as JSON with --format json.",
        )


def _read(request: Request, sources: Sequence[Source], summary: Summary) -> None:
    with ExitStack() as stack:
        sink, ledger = _prepare(request, sources, stack)
        run = stack.enter_context(Run(sources, request.options, ledger))
        progress = stack.enter_context(progress_for(len(sources), quiet=request.quiet))
        for event in run:
            _write(event, sink)
            summary.take(event, sink.paths)
            progress.take(event)


def _prepare(request: Request, sources: Sequence[Source], stack: ExitStack) -> tuple[Sink, Ledger | None]:
    if request.output is None:
        if len(sources) > 1:
            raise UsageError(f"Standard output takes one document, and {len(sources)} were found", "Add -o FOLDER.")
        return StandardOutput(request.formats[0]), None
    make_folder(request.output)
    names = plan_names({_identity(source): source.name for source in sources})
    folder = Folder(request.output, {source: names[_identity(source)] for source in sources}, request.formats)
    stack.enter_context(closing(folder))
    ledger = stack.enter_context(Ledger(request.output, request.options.identity, folder.place, forget=request.force))
    _spare([stranger for source in sources for stranger in ledger.strangers(folder.place(source))])
    return folder, ledger


def _spare(strangers: Sequence[Path]) -> None:
    """Refuse to write over files that are somebody else's. Raises OutputError."""
    if strangers:
        others = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        raise OutputError(
            f"{strangers[0]}{others} would be overwritten, and Muniment did not write it",
            "Choose another folder with -o, or overwrite with --force.",
        )


def _identity(source: Source) -> str:
    return "-" if source.path is None else str(source.path.absolute())


def _write(event: Event, sink: Sink) -> None:
    match event:
        case DocumentOpened():
            sink.begin(event.source, event.info)
        case PageDone():
            sink.page(event.page)
        case DocumentDone():
            sink.end()
        case _:
            pass

"""What ``muniment ocr`` does: find, read, write, and tell how it went."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from muniment.cli.running import run_over
from muniment.cli.sinks import Folder, Sink, StandardOutput
from muniment.cli.standard_output import write_standard_output
from muniment.cli.stopping import Stopped
from muniment.documents import Source
from muniment.errors import EngineError, ExitCode, OutputError, UsageError
from muniment.outputs import Format, make_folder, plan_names
from muniment.reading import Ledger, ReadOptions, Run


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
    with nullcontext() if request.output is None else _going_on():
        summary = run_over(request.paths, lambda sources, stack: _prepare(request, sources, stack), quiet=request.quiet)
    if request.as_json:
        write_standard_output(json.dumps(summary.as_json(), indent=2) + "\n")
    if not request.quiet:
        summary.show(request.output)
    return summary.exit_code


@contextmanager
def _going_on() -> Iterator[None]:
    """Says what a ledger is good for, where something ends the command before its time."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped from None
    except EngineError as error:
        hint = f"{error.hint} The same command then goes on where it was.".strip()
        raise type(error)(error.what, hint) from None


def _check(request: Request) -> None:
    if request.output is None and len(request.formats) > 1:
        raise UsageError("Standard output takes one format", "Add -o FOLDER to write more than one.")
    if request.output is None and request.as_json:
        raise UsageError(
            "--json tells about files, and without -o there are none",
            "Add -o FOLDER, or write the document itself as JSON with --format json.",
        )


def _prepare(request: Request, sources: Sequence[Source], stack: ExitStack) -> tuple[Sink, Run]:
    options = request.options
    if request.output is None:
        if len(sources) > 1:
            raise UsageError(f"Standard output takes one document, and {len(sources)} were found", "Add -o FOLDER.")
        return StandardOutput(request.formats[0]), Run(sources, options)
    make_folder(request.output)
    names = plan_names({_identity(source): source.name for source in sources})
    folder = Folder(request.output, {source: names[_identity(source)] for source in sources}, request.formats)
    stack.enter_context(closing(folder))
    ledger = stack.enter_context(Ledger(request.output, options.identity, folder.place, forget=request.force))
    _spare([stranger for source in sources for stranger in ledger.strangers(folder.place(source))])
    return folder, Run(sources, options, ledger)


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

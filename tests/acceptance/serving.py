"""``muniment serve`` as users run it, in a process of its own."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest

from muniment.engines.local import SealedServer
from tests.processes import hear_signals
from tests.reading_model import PROFILE
from tests.server.serving import until

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
        model: the name of the one that reads unless another is asked for.
        log: what it writes to standard error.
    """

    url: str
    model: str
    data: Path
    log: Path
    process: "subprocess.Popen[bytes]"

    def audited(self, count: int = 0) -> list[dict[str, Any]]:
        """The audit's lines, once there are so many: they are written after the answer."""

        def lines() -> list[dict[str, Any]] | None:
            path = self.data / "audit.jsonl"
            found = path.read_text().splitlines() if path.exists() else []
            return [json.loads(line) for line in found] if len(found) >= count else None

        return until(lines)


@contextmanager
def serving(folder: Path, *options: str, debug: bool = False) -> Iterator[Serving]:
    """A service that is ready, with the embedded engine unless ``options`` say otherwise.

    Args:
        folder: for its data and its log.
        debug: everything that logs, logs everything.
    """
    data, log, port = folder / "data", folder / "log", free_port()
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
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process, log)
            model = httpx.get(f"{url}/ready").json()["canary"][0]["model"]
            yield Serving(url, model, data, log, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def options_for(vllm: SealedServer) -> tuple[str, ...]:
    """The options of a service that reads with the small model there."""
    return ("--engine", vllm.address, "--profile", str(PROFILE))


def data_url(name: str) -> str:
    """An example that is an image, as a data URL."""
    data = base64.b64encode((EXAMPLES / name).read_bytes()).decode()
    kind = "jpeg" if name.endswith("jpg") else "png"
    return f"data:image/{kind};base64,{data}"


def new_key(data: Path, name: str, *options: str) -> str:
    """A key for the service whose data lie there."""
    command = [sys.executable, "-m", "muniment", "key", "add", name, "--data", str(data), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/ready", timeout=PATIENCE).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"the service was never ready:\n{log.read_text()}")

"""`muniment serve` in a process of its own, as its users run it, and what it uses of the machine."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.wire import Connection

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Serving:
    """A service at work."""

    port: int
    process: psutil.Process
    data: Path

    def connection(self, timeout: float = 120.0) -> Connection:
        return Connection(self.port, timeout)

    def processor_seconds(self) -> dict[str, float]:
        """Used until now: by the service's own process, and by its workers."""
        workers = 0.0
        for worker in self.process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                workers += seconds_of(worker)
        return {"service": seconds_of(self.process), "workers": workers}


def seconds_of(process: psutil.Process) -> float:
    """Processor seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str, module: tuple[str, ...] = ("muniment", "serve")) -> Iterator[Serving]:
    """A service that has found its engines; it ends with the context.

    Args:
        folder: for its data and its log.
        options: of `muniment serve`, the engine among them.
        module: what is run in its place, and is to take the same options.
    """
    port = free_port()
    command = [sys.executable, "-m", *module, "--data", str(folder / "data"), "--port", str(port), *options]
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            _await_models(port, process)
            yield Serving(port, psutil.Process(process.pid), folder / "data")
        finally:
            process.terminate()


def _await_models(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            connection = Connection(port)
            try:
                if json.loads(connection.get("/v1/models").body)["data"]:
                    return
            finally:
                connection.close()
        time.sleep(0.1)
    sys.exit("The service did not find its engine.")

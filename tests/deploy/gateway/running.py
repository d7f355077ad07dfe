"""The gateway as it runs in its container, but for the container: a real nginx that start.sh has become."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import IO, Any

import httpx

from tests.processes import hear_signals
from tests.required import program
from tests.server.serving import PATIENCE, Reply, Served, parsed, received, until

FOLDER = Path(__file__).parents[3] / "deploy" / "gateway"
USER, GROUP = 10002, 10000
"""Whom the container runs as; here too if root runs the tests, so that permissions mean the same."""

RATE = "rate=100r/s"
"""How the configuration says what an address may ask."""

WORKERS = 2
"""As the configuration has it."""


@dataclass(frozen=True)
class Gateway:
    """A gateway at work.

    Attributes:
        run: the folder that start.sh writes to.
        log: its standard output; ``errors`` is its standard error.
    """

    port: int
    run: Path
    log: Path
    errors: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connected(self) -> socket.socket:
        """A connection of its own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def raw(self, data: bytes) -> Reply:
        """The answer to bytes that no client library would send, and that ask for the connection's end."""
        with self.connected() as connection:
            connection.sendall(data)
            return parsed(received(connection))

    def begun(self, data: bytes) -> Reply:
        """The answer to a request whose body is not all there; nginx would stay for the rest of it."""
        with self.connected() as connection:
            connection.sendall(data)
            answer = HTTPResponse(connection)
            answer.begin()
            return Reply(answer.status, dict(answer.headers), answer.read())

    def logged(self, count: int = 1) -> list[dict[str, Any]]:
        """The log's lines, once there are so many: they are written after the answer."""

        def lines() -> list[dict[str, Any]] | None:
            found = self.log.read_text().splitlines()
            return [json.loads(line) for line in found] if len(found) >= count else None

        return until(lines)

    def line_of(self, response: httpx.Response) -> dict[str, Any]:
        """The log's line of a request."""
        wanted = response.headers["x-request-id"]

        def found() -> dict[str, Any] | None:
            return next((line for line in self.logged(0) if line["request_id"] == wanted), None)

        return until(found)

    def workers(self) -> set[int]:
        """The processes that take connections."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(child) for child in children if _title(child) == "nginx: worker process"}

    def reload(self) -> None:
        """Have the configuration read anew, and wait until others serve."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        until(lambda: len(self.workers() - before) == WORKERS or None)


def _title(process: str) -> str:
    """What a process is called; those that end soon are called otherwise, or nothing."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().rstrip("\0 ")
    except OSError:
        return ""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(run: Path, **variables: str) -> dict[str, str]:
    """What start.sh is told."""
    return {"PATH": os.environ["PATH"], "MUNIMENT_RUN": str(run), **variables}


@contextmanager
def folder() -> Iterator[Path]:
    """One whose path is short enough for sockets, and that the gateway's user may write to."""
    with tempfile.TemporaryDirectory(prefix="gate") as made:
        own(Path(made))
        yield Path(made)


def own(path: Path) -> None:
    """Make a file the gateway's user's."""
    if os.geteuid() == 0:
        os.chown(path, USER, GROUP)


def output(path: Path) -> IO[bytes]:
    """A file for a process's output that the gateway's user may open again, as /dev/stdout is."""
    file = path.open("ab")
    own(path)
    return file


def as_gateway() -> dict[str, Any]:
    """The arguments of subprocess that make a process the gateway's user's."""
    return {"user": USER, "group": GROUP, "extra_groups": []} if os.geteuid() == 0 else {}


def copy_of_configuration(place: Path, changes: Mapping[str, str]) -> Path:
    """The gateway's files in a folder below ``place``, with other numbers in them."""
    copy = place / "configuration"
    shutil.copytree(FOLDER, copy)
    left = set(changes)
    for path in copy.iterdir():
        text = path.read_text()
        for old in [old for old in changes if old in text]:
            text = text.replace(old, changes[old])
            left.discard(old)
        path.write_text(text)
    assert not left, f"this stands nowhere: {left}"
    return copy


@contextmanager
def gateway(*servers: Path, changes: Mapping[str, str] | None = None, tls: Path | None = None) -> Iterator[Gateway]:
    """A gateway that passes on to ``servers``, until the block ends. It takes more requests than tests send.

    Args:
        changes: what to write in the place of what in its configuration; most often a shorter time.
        tls: the folder of its certificate.
    """
    program("nginx")
    with folder() as place:
        port, probe = free_port(), free_port()
        numbers = {"listen 8001": f"listen {port}", ":8002": f":{probe}", "/8002": f"/{probe}", RATE: "rate=100000r/s"}
        copy = copy_of_configuration(place, {**numbers, **(changes or {})})
        run, log, errors = place / "run", place / "log", place / "errors"
        variables = {"MUNIMENT_SERVERS": " ".join(map(str, servers)), **({"MUNIMENT_TLS": str(tls)} if tls else {})}
        with output(log) as out, output(errors) as problems:
            process = subprocess.Popen(
                [copy / "start.sh"],
                stdout=out,
                stderr=problems,
                env=environment(run, **variables),
                preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
                **as_gateway(),
            )
        running = Gateway(port, run, log, errors, process)
        try:
            until(lambda: _serves(running) or None)
            yield running
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _serves(running: Gateway) -> bool:
    assert running.process.poll() is None, running.errors.read_text()
    return len(running.workers()) == WORKERS


@contextmanager
def before(service: Served, **options: Any) -> Iterator[Gateway]:
    """A gateway before a service, whose socket its user may open."""
    for path, mode in ((service.path.parent, 0o755), (service.path, 0o666)):
        path.chmod(mode)
    with gateway(service.path, **options) as running:
        yield running


Answering = Callable[[socket.socket, bytes], None]


@dataclass
class StandIn:
    """A service that misbehaves, or waits, as a test tells it.

    Attributes:
        heads: of the requests that came.
    """

    path: Path
    heads: list[bytes] = field(default_factory=list)

    def head(self) -> str:
        """The head of the only request."""
        (head,) = until(lambda: self.heads or None)
        return head.decode("latin-1")


def ok(connection: socket.socket, _rest: bytes) -> None:
    """An answer to any request whose body, if there is one, was taken: else it is lost with what is left of that."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


@contextmanager
def stand_in(answering: Answering = ok) -> Iterator[StandIn]:
    """Such a service; ``answering`` gets each connection, and what came after the head of its request."""
    with folder() as place, socket.socket(socket.AF_UNIX) as listener:
        standing = StandIn(place / "s")
        listener.bind(str(standing.path))
        standing.path.chmod(0o666)
        listener.listen(64)

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(PATIENCE)
                data = b""
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(1 << 16)
                    if not piece:
                        return
                    data += piece
                head, _, rest = data.partition(b"\r\n\r\n")
                standing.heads.append(head)
                answering(connection, rest)

        def accept() -> None:
            threads: Sequence[threading.Thread] = ()
            with suppress(OSError):  # the listener was shut down
                while True:
                    thread = threading.Thread(target=serve, args=(listener.accept()[0],))
                    thread.start()
                    threads = (*threads, thread)
            for thread in threads:
                thread.join()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield standing
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()

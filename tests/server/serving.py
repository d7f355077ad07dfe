"""The service as clients meet it: a real server on a Unix socket and a port, in a thread of the test's process."""

import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from muniment.reading import ReadOptions, worker_process
from muniment.server.canary import Canary
from muniment.server.connections import MOST_CONNECTIONS
from muniment.server.keys import KeyLimits, KeyStore
from muniment.server.running import make_server
from muniment.server.settings import ServeSettings
from muniment.server.store import Database

Found = TypeVar("Found")

WORKERS = Path(__file__).parents[1] / "reading" / "workers"
PATIENCE = 60.0
"""Seconds for what takes much less; only a test that fails waits so long."""


NAMES = frozenset({"muniment", "m"})
"""By which tests call a service that has no key, beside localhost."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of the error that it tells."""
        found: str | None = json.loads(self.body)["error"]["code"]
        return found


@dataclass(frozen=True)
class Served:
    """A service at work.

    Attributes:
        client: of its Unix socket, at ``path``.
        port: of this machine, at which it listens too.
    """

    client: httpx.Client
    path: Path
    data: Path
    port: int

    def connected(self) -> socket.socket:
        """A connection of its own."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(str(self.path))
        return connection

    def raw(self, head: str, body: bytes = b"") -> Reply:
        """What comes back for bytes that no client library would send; Host and Connection are added to the head."""
        with self.connected() as connection:
            lines = [*head.splitlines(), "Host: muniment", "Connection: close", "", ""]
            connection.sendall("\r\n".join(lines).encode("latin-1") + body)
            return parsed(received(connection))

    def send_and_leave(self, data: str) -> None:
        """Begin a request, and go away before it is whole."""
        with self.connected() as connection:
            connection.sendall(data.encode())

    def audit(self, count: int, *, since: int = 0) -> list[dict[str, Any]]:
        """The audit's lines from ``since`` on, once there are ``count`` of those: they are written after the answer."""
        return until(lambda: lines if len(lines := self._audit()[since:]) >= count else None)

    def audited(self) -> int:
        """How many lines the audit has, now that nothing is under way."""
        return len(self._audit())

    def line_of(self, response: httpx.Response) -> dict[str, Any]:
        """The audit's line of a request."""
        wanted = response.headers["x-request-id"]

        def found() -> dict[str, Any] | None:
            return next((line for line in self._audit() if line["request_id"] == wanted), None)

        return until(found)

    def _audit(self) -> list[dict[str, Any]]:
        log = self.data / "audit.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []

    def hand_in(self, document: bytes, name: str = "letter.pdf", **headers: str) -> str:
        """A document for a job; its id."""
        response = self.client.post(
            "/v1/documents", params={"name": name, "model": "embedded"}, content=document, headers=headers
        )
        assert response.status_code == 202, response.text
        found: str = response.json()["id"]
        return found

    def job(self, job_id: str, state: str = "done") -> dict[str, Any]:
        """A job, once it is in a state."""

        def found() -> dict[str, Any] | None:
            told: dict[str, Any] = self.client.get(f"/v1/documents/{job_id}").json()
            return told if told["state"] == state else None

        return until(found)

    def ended(self, job_id: str) -> dict[str, Any]:
        """A job, once it is done or has failed."""

        def found() -> dict[str, Any] | None:
            told: dict[str, Any] = self.client.get(f"/v1/documents/{job_id}").json()
            return told if told["state"] in ("done", "failed") else None

        return until(found)


def until(look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """What ``look`` finds, once it does, for at most so many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.01)
    pytest.fail("it never came about")


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    data = bytearray()
    while True:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:  # the server did not take all that was sent
            return bytes(data)
        if not piece:
            return bytes(data)
        data += piece


def parsed(answer: bytes) -> Reply:
    """An answer with a length, taken apart."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return Reply(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)


@contextmanager
def served(
    data: Path,
    *engines: str,
    requests: int | None = None,
    model: str = "",
    jobs: int = 1,
    most: int = MOST_CONNECTIONS,
    **settings: Any,
) -> Iterator[Served]:
    """A service until the block ends, with ``engines`` or the embedded one, and with settings of its own.

    Args:
        most: connections that it serves at once.
    """
    options = ReadOptions(engines=engines or ("embedded",), jobs=jobs, requests=requests, model=model)
    data.mkdir(mode=0o700, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="mun") as folder,
        socket.socket(socket.AF_UNIX) as listener,
        socket.create_server(("127.0.0.1", 0)) as tcp,
    ):
        path = Path(folder) / "s"
        listener.bind(str(path))
        listener.listen(512)
        server = make_server(ServeSettings(options=options, data=data, names=NAMES, **settings), most)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener, tcp]})
        thread.start()
        until(lambda: server.started or not thread.is_alive() or None)
        transport = httpx.HTTPTransport(uds=str(path), verify=False)  # there is no TLS to load certificates for
        with httpx.Client(transport=transport, base_url="http://muniment", timeout=PATIENCE) as client:
            try:
                yield Served(client, path, data, tcp.getsockname()[1])
            finally:
                server.should_exit = True
                client.close()
                thread.join()


def unreachable(address: str) -> str:
    """What is said of an engine's address at which nobody answers."""
    return f"The engine at {address} cannot be used: Nobody answers at the engine's address"


def with_plain_workers(patch: pytest.MonkeyPatch, faults: str = "") -> None:
    """Have workers, which are real ones else, read every page as "page N", and misbehave as ``faults`` tells."""
    patch.setattr(worker_process, "WORKER_MODULE", "faulty_worker")
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(WORKERS), os.environ.get("PYTHONPATH", "")])))
    patch.setenv("FAULTS", faults)


def without_canary(patch: pytest.MonkeyPatch) -> None:
    """Have nothing read but what a test sends."""

    async def at_rest(self: Canary) -> None:
        """See nothing."""

    patch.setattr(Canary, "keep_watch", at_rest)


def make_key(data: Path, name: str, **limits: int) -> tuple[str, dict[str, str]]:
    """A key's id, and the header that shows it."""
    data.mkdir(mode=0o700, exist_ok=True)
    database = Database(data)
    try:
        key, secret = KeyStore(database).add(name, KeyLimits(**limits), None)
    finally:
        database.close()
    return key.id, {"authorization": f"Bearer {secret}"}

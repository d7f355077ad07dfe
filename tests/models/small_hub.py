"""A hub for tests: as much of a Hugging Face hub's HTTP as fetching a model takes, and its faults when told to.

It serves a folder of OWNER/NAME/files: ``python -m tests.models.small_hub --host 0.0.0.0 --port 8000 FOLDER``.
"""

import argparse
import hashlib
import json
import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".bin")
"""What is kept as large files are (Git LFS): with a SHA-256, and given out from another address."""

_INFO = re.compile(r"/api/models/([^/]+/[^/]+?)(?:/revision/([^/]+))?")
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_LARGE_FILE = re.compile(r"/large/([^/]+/[^/]+)/(.+)")


@dataclass(frozen=True)
class Refuse:
    """An answer with a status that is an error."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Cut:
    """The connection ends after so many bytes of the body."""

    after: int
    hard: bool = False
    """By a reset."""


@dataclass(frozen=True)
class Send:
    """Other bytes than the file's."""

    body: bytes


Fault = Refuse | Cut | Send


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    method: str
    path: str
    headers: Mapping[str, str]


class Repository:
    """The files of a model, at one commit."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        digests = [f"{name}:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(self.files.items())]
        self.commit = hashlib.sha1("\n".join(digests).encode()).hexdigest()
        self.siblings = [_sibling(name, content) for name, content in sorted(self.files.items())]


class SmallHub(ThreadingHTTPServer):
    """The server; ``with hub.running():`` serves.

    Args:
        host: where to listen.
        port: where to listen; 0 is any.
        token: what has to be sent to see anything, if not None.
        large_files_at: the scheme and host that large files are given out from; the same if None.
    """

    daemon_threads = True

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, token: str | None = None, large_files_at: str | None = None
    ) -> None:
        super().__init__((host, port), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[Request] = []
        self.token = token
        self.large_files_at = large_files_at
        self._faults: dict[str, list[Fault]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def misbehave(self, end: str, *faults: Fault) -> None:
        """Give these answers, one after the other, to what would give out bytes at paths that end so."""
        self._faults[end] = list(faults)

    def fault(self, path: str) -> Fault | None:
        """The answer to give to a request for ``path``, if not the right one."""
        for end, faults in self._faults.items():
            if path.endswith(end) and faults:
                return faults.pop(0)
        return None

    def asked(self, end: str, method: str = "GET") -> list[Request]:
        """The requests at paths that end so."""
        return [one for one in self.requests if one.path.endswith(end) and one.method == method]

    @contextmanager
    def running(self) -> Iterator["SmallHub"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SmallHub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(Request(self.command, path, {k.lower(): v for k, v in self.headers.items()}))
        if found := _LARGE_FILE.fullmatch(path):
            self._give(path, self.server.repositories[found[1]].files[found[2]], {})
        elif self.server.token is not None and self.headers["Authorization"] != f"Bearer {self.server.token}":
            self._refuse(401, "RepoNotFound")
        elif found := _INFO.fullmatch(urlsplit(self.path).path):
            self._info(path, found[1], unquote(found[2] or "main"))
        elif found := _RESOLVE.fullmatch(path):
            self._resolve(path, found[1], found[2], found[3])
        else:
            self._refuse(404, "")

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked for is kept."""

    def _info(self, path: str, name: str, revision: str) -> None:
        repository = self.server.repositories.get(name)
        if repository is None:
            self._refuse(401, "RepoNotFound")
        elif revision not in ("main", repository.commit):
            self._refuse(404, "RevisionNotFound")
        else:
            info = {"_id": "1", "id": name, "sha": repository.commit, "siblings": repository.siblings}
            self._give(path, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _resolve(self, path: str, name: str, revision: str, file: str) -> None:
        repository = self.server.repositories[name]
        if revision not in ("main", repository.commit):
            self._refuse(404, "RevisionNotFound")
        elif (content := repository.files.get(file)) is None:
            self._refuse(404, "EntryNotFound")
        elif file.endswith(LARGE):
            where = f"{self.server.large_files_at or ''}/large/{name}/{file}"
            etag, size = hashlib.sha256(content).hexdigest(), str(len(content))
            self._answer(302, {"Location": where, "X-Linked-Etag": f'"{etag}"', "X-Linked-Size": size}, b"")
        else:
            self._give(path, content, {"ETag": f'"{_blob(content)}"', "X-Repo-Commit": repository.commit})

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, {"X-Error-Code": code}, b"")

    def _give(self, path: str, content: bytes, headers: Mapping[str, str]) -> None:
        """The bytes, or those from where the client wants them; or the fault whose turn it is."""
        status, begin, cut = 200, 0, None
        match self.server.fault(path):
            case Refuse(status=number, headers=more, body=body):
                self._answer(number, more, body)
                return
            case Send(body=body):
                content = body
            case Cut() as found:
                cut = found
        if wanted := re.fullmatch(r"bytes=([0-9]+)-", self.headers["Range"] or ""):
            status, begin = 206, int(wanted[1])
            if begin >= len(content):
                self._answer(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
                return
            headers = {**headers, "Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}
        self._answer(status, headers, content[begin:], cut)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes, cut: Cut | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body if cut is None else body[: cut.after])
        if cut is not None:
            self.close_connection = True
            if cut.hard:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.close()


def _sibling(name: str, content: bytes) -> dict[str, object]:
    large = {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}}
    return {
        "rfilename": name,
        "size": len(content),
        "blobId": _blob(content),
        **(large if name.endswith(LARGE) else {}),
    }


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    hub = SmallHub(arguments.host, arguments.port)
    for folder in sorted(arguments.folder.glob("*/*/")):
        name = folder.relative_to(arguments.folder).as_posix()
        hub.repositories[name] = Repository({path.name: path.read_bytes() for path in folder.iterdir()})
    sys.stdout.write(f"serving {len(hub.repositories)} models at port {hub.server_port}\n")
    sys.stdout.flush()
    hub.serve_forever()


if __name__ == "__main__":
    main()

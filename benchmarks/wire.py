"""HTTP over blocking sockets, a thread for each client: next to nothing stands between the clock and the wire.

Client libraries take longer over 1 MB than the service may, and would use up the processors that it needs.
"""

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_READ = 1 << 18
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its body whole."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection to 127.0.0.1, kept for request after request. Raises OSError where it breaks off.

    Args:
        timeout: seconds without a byte after which TimeoutError is raised.
    """

    def __init__(self, port: int, timeout: float = 120.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, path: str, body: bytes, kind: str = "application/json") -> None:
        """A POST of ``body``."""
        self.socket.sendall(head_of(path, len(body), kind))
        self.socket.sendall(body)

    def ask(self, path: str, body: bytes, kind: str = "application/json") -> Reply:
        """POST ``body``; the whole answer."""
        self.send(path, body, kind)
        return self.reply()

    def get(self, path: str) -> Reply:
        """GET ``path``; the whole answer."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return self.reply()

    def reply(self) -> Reply:
        """The answer to what was sent; one in chunks without their sizes."""
        head, body = self._head()
        status = int(head[9:12])
        if _CHUNKED.search(head):
            while not body.endswith(_LAST_CHUNK):
                body += self._some()
            return Reply(status, head, b"".join(_unchunked(bytes(body))))
        length = _LENGTH.search(head)
        wanted = int(length[1]) if length else 0
        while len(body) < wanted:
            body += self._some()
        return Reply(status, head, bytes(body))

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """What comes of an answer in chunks, as it comes, each with its moment in nanoseconds (time.monotonic_ns)."""
        _, body = self._head()
        piece = bytes(body)
        end = b""
        while True:
            yield time.monotonic_ns(), piece
            end = (end + piece)[-len(_LAST_CHUNK) :]
            if end == _LAST_CHUNK:
                return
            piece = self._some()

    def _head(self) -> tuple[bytes, bytearray]:
        """The head of an answer, and what came of its body."""
        come = bytearray()
        while (end := come.find(b"\r\n\r\n")) < 0:
            come += self._some()
        return bytes(come[:end]), come[end + 4 :]

    def _some(self) -> bytes:
        piece = self.socket.recv(_READ)
        if not piece:
            raise ConnectionResetError("broken off")
        return piece

    def close(self) -> None:
        self.socket.close()


def head_of(path: str, length: int, kind: str = "application/json") -> bytes:
    """The head of a POST."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _unchunked(body: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        yield body[end + 2 : end + 2 + size]
        at = end + 2 + size + 2

"""An engine that takes as long as it is asked to, tells how long that was, and costs next to nothing.

The text of a request says how: ``answer in 1.5 s``, and for a stream ``20 tokens, 0.02 s apart``. The answer holds what
the engine knows of the request: a checksum of its image, and the nanoseconds from the request's last byte to the
answer's first. Each token of a stream is the moment (time.monotonic_ns) at which it was written. What is asked for in
any other words, by the service's canary for one, is answered at once.

Of some requests it makes a mess instead, if it is told to: an error, silence until the client leaves, an answer that
breaks off, or one whose JSON does.

Started as a process of its own: ``python -m benchmarks.timed_engine PORT SHARE``, with the share of the answers that
go wrong. Blocking sockets, a thread for each connection.
"""

import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks.wire import Connection

MODEL = "timed"
_ORDER = re.compile(rb"answer in ([\d.]+) s(?:, (\d+) tokens, ([\d.]+) s apart)?")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_QUOTE = re.compile(b'"')
_TAIL = 4096
"""Bytes at a request's end in which its text stands: images come first."""
_START = b";base64,"
_BACKLOG = 1024
_LINGER = 60.0
MESSES = ("error", "silence", "broken off", "broken JSON")


def order(seconds: float, tokens: int = 0, apart: float = 0.0) -> str:
    """The words that have the engine answer after ``seconds``, or begin then to stream ``tokens``."""
    return f"answer in {seconds:.4f} s" + (f", {tokens} tokens, {apart:.4f} s apart" if tokens else "")


def checksum(body: bytes | bytearray | memoryview) -> int:
    """Of the base64 of the first image in ``body``; 0 if there is none."""
    whole = bytes(body[:_TAIL])
    start = whole.find(_START)
    if start < 0:
        return 0
    start += len(_START)
    end = _QUOTE.search(body, start)
    return zlib.crc32(memoryview(body)[start : end.start() if end else None])


def serve(connection: socket.socket, share: float) -> None:
    """One connection, request after request, ``share`` of them in vain."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(1 << 16)
    with connection, suppress(ConnectionError):
        while True:
            head, size = _request(connection, buffer)
            if head is None:
                return
            came = time.monotonic_ns()
            if head.startswith(b"GET"):
                _whole(connection, {"data": [{"id": MODEL, "max_model_len": 65_536}]})
            elif random.random() < share:
                if not _mess(connection, random.choice(MESSES)):
                    return
            else:
                _answer(connection, memoryview(buffer)[:size], came)


def _request(connection: socket.socket, buffer: bytearray) -> tuple[bytes | None, int]:
    """The head of the next request, and how long its body is, which then stands in ``buffer``."""
    head = bytearray()
    while (end := head.find(b"\r\n\r\n")) < 0:
        piece = connection.recv(1 << 16)
        if not piece:
            return None, 0
        head += piece
    rest = head[end + 4 :]
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    if len(buffer) < size:
        buffer += bytes(size - len(buffer))
    buffer[: len(rest)] = rest
    at = len(rest)
    with memoryview(buffer) as view:
        while at < size:
            read = connection.recv_into(view[at:size])
            if not read:
                return None, 0
            at += read
    return bytes(head[:end]), size


def _answer(connection: socket.socket, body: memoryview, came: int) -> None:
    tail = bytes(body[-_TAIL:])
    asked = _ORDER.search(tail)
    if asked is None:
        _head(connection, "text/event-stream")
        _event(connection, "A page of text.", "stop")
        return _end(connection)
    image = checksum(body)
    wait = float(asked[1]) - (time.monotonic_ns() - came) / 1e9
    time.sleep(max(0.0, wait))
    if asked[2] is None:
        message = {"role": "assistant", "content": "A page of text. " * 200}
        told = {"image": image, "held": time.monotonic_ns() - came}
        usage = {"prompt_tokens": 1000, "completion_tokens": 1000}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _whole(connection, {"choices": [choice], "usage": usage, "told": told})
    _head(connection, "text/event-stream")
    begun, apart = time.monotonic(), float(asked[3])
    for number in range(int(asked[2])):
        time.sleep(max(0.0, begun + number * apart - time.monotonic()))
        _event(connection, str(time.monotonic_ns()), None)
    _event(connection, "", "stop")
    return _end(connection)


def _mess(connection: socket.socket, kind: str) -> bool:
    """An answer that goes wrong; whether the connection can still be used."""
    match kind:
        case "error":
            connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}")
            return True
        case "silence":
            connection.settimeout(_LINGER)
            with suppress(TimeoutError):
                connection.recv(1)
        case "broken off":
            _head(connection, "text/event-stream")
            _event(connection, "A page of", None)
        case "broken JSON":
            _head(connection, "text/event-stream")
            _chunk(connection, b'data: {"choices": [{"index": 0, "delta": {"content": "A pa\n\n')
            _end(connection)
            return True
    return False


def _whole(connection: socket.socket, value: object) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def _head(connection: socket.socket, kind: str) -> None:
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())


def _event(connection: socket.socket, content: str, reason: str | None) -> None:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    _chunk(connection, f"data: {json.dumps({'choices': [choice]})}\n\n".encode())


def _chunk(connection: socket.socket, data: bytes) -> None:
    connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))


def _end(connection: socket.socket) -> None:
    connection.sendall(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


class TimedEngine:
    """An engine in a process of its own, always at the same port."""

    def __init__(self, share: float = 0.0) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._share = share
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        command = [sys.executable, "-m", "benchmarks.timed_engine", str(self.port), str(self._share)]
        self.process = subprocess.Popen(command)
        while True:
            with suppress(ConnectionRefusedError):
                Connection(self.port).close()
                return
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def timed_engine(share: float = 0.0) -> Iterator[TimedEngine]:
    """An engine that ends with the context."""
    engine = TimedEngine(share)
    try:
        yield engine
    finally:
        engine.kill()


def main() -> None:
    """Serve until killed."""
    share = float(sys.argv[2])
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=_BACKLOG) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, share), daemon=True).start()


if __name__ == "__main__":
    main()

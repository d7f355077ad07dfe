"""A server on this machine that answers as an engine would, and misbehaves when told to."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LOOK_EVERY = 0.01
"""Seconds in which the server sees that its test is over."""


@dataclass(frozen=True)
class Refusal:
    """An error as vLLM words it."""

    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pieces:
    """A body that is sent piece by piece, each as soon as the iterable gives it.

    Attributes:
        end: "whole"; "broken", the connection is broken off; or "never", nothing more comes until the client is gone.
    """

    pieces: Iterable[bytes]
    end: str = "whole"


Say = Callable[[int], str | Refusal | Pieces | None]
"""Gives the answer to the request of this number, from 0: its text, or something worse; None to break off at once."""


class EngineServer(ThreadingHTTPServer):
    """Serves one model.

    Attributes:
        model: its name.
        count: asked for the one number of its metrics.
        asked: bodies of all chat requests.
        heads: headers of all chat requests.
        left: let go for each client that went away from an answer which never ends.
        most_at_once: how many were under way together at most.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, say: Say, delay: float, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.say, self.delay = say, delay
        self.model = "scripted"
        self.count: Callable[[], int] = lambda: 3
        self.asked: list[dict[str, Any]] = []
        self.heads: list[Message] = []
        self.left = threading.Semaphore(0)
        self.under_way = self.most_at_once = 0
        self.lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""

    def end(self) -> None:
        """Be gone, for those too who are still connected."""
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: EngineServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path.endswith("/metrics"):
            told = f"# TYPE vllm:requests gauge\nvllm:requests {self.server.count()}\n"
            self._send("text/plain", told.encode())
            return
        self._send(
            "application/json", json.dumps({"data": [{"id": self.server.model, "max_model_len": 8192}]}).encode()
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append(body)
            self.server.heads.append(self.headers)
            self.server.under_way += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.under_way)
        try:
            time.sleep(self.server.delay)
            answer = self.server.say(number)
            if isinstance(answer, Pieces):
                self._send_pieces(answer)
        finally:
            with self.server.lock:
                self.server.under_way -= 1
        match answer:
            case None:
                self.close_connection = True
            case Refusal():
                told = json.dumps({"error": {"message": answer.message, "code": answer.status}}).encode()
                self._send("application/json", told, answer.status, answer.headers)
            case str(text) if body.get("stream"):
                self._send("text/event-stream", b"".join(events(text)))
            case str(text):
                self._send("application/json", json.dumps(whole(text)).encode())

    def _send(self, kind: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_pieces(self, answer: Pieces) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(ConnectionError):  # the client went away
            for piece in answer.pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if answer.end == "whole":
                self.wfile.write(b"0\r\n\r\n")
            elif answer.end == "never":
                self._wait_for_goodbye()
        self.close_connection = answer.end != "whole"

    def _wait_for_goodbye(self) -> None:
        with suppress(ConnectionError):
            self.connection.recv(1, socket.MSG_PEEK)
        self.server.left.release()


def events(text: str) -> list[bytes]:
    """``text`` as an engine streams it, in one piece."""
    told: list[dict[str, Any]] = [
        {"choices": [{"delta": {"content": text}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": USAGE},
    ]
    return [*(b"data: " + json.dumps(event).encode() + b"\n\n" for event in told), b"data: [DONE]\n\n"]


def whole(text: str) -> dict[str, Any]:
    """``text`` as an engine gives it at once."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": USAGE}


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


@contextmanager
def engine_server(
    say: Say = lambda number: f"answer {number}", delay: float = 0.0, port: int = 0
) -> Iterator[EngineServer]:
    """A server until the block ends, at any free port if none is given."""
    server = EngineServer(say, delay, port)
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_EVERY,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()

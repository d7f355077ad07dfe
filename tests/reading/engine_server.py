"""A server on this machine that answers as an engine would, and misbehaves when told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Say = Callable[[int], str | None]
"""Gives the text for the request of this number, from 0; None to break the connection off."""


class EngineServer(ThreadingHTTPServer):
    """Serves one model.

    Attributes:
        model: its name.
        asked: bodies of all chat requests.
        most_at_once: how many were under way together at most.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, say: Say, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say, self.delay = say, delay
        self.model = "scripted"
        self.asked: list[dict[str, Any]] = []
        self.under_way = self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: EngineServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._send(
            "application/json", json.dumps({"data": [{"id": self.server.model, "max_model_len": 8192}]}).encode()
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append(body)
            self.server.under_way += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.under_way)
        try:
            time.sleep(self.server.delay)
            text = self.server.say(number)
        finally:
            with self.server.lock:
                self.server.under_way -= 1
        if text is None:
            self.close_connection = True
            return
        events = [
            {"choices": [{"delta": {"content": text}, "finish_reason": None}]},
            {
                "choices": [{"delta": {}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1},
            },
        ]
        stream = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
        self._send("text/event-stream", stream + b"data: [DONE]\n\n")

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def engine_server(say: Say = lambda number: f"answer {number}", delay: float = 0.0) -> Iterator[EngineServer]:
    """A server until the block ends."""
    server = EngineServer(say, delay)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

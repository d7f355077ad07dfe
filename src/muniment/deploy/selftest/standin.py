"""What answers in a copy of a deployment in the place of an engine; it needs nothing but Python's standard library.

It runs in the engine's image, with the engine's arguments and rights, and reads every page alike. With TALKATIVE in its
environment it writes what it is sent to its log.
"""

import json
import os
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

_READING = "Canary of Muniment, standing in for an engine"
_JSON, _EVENTS = "application/json", "text/event-stream"
_LOGGED = 4096
_OTHERS_MAY_NOT = 0o007


def _argument(name: str) -> str:
    """What stands behind an argument; "" if it is not given."""
    places = [place for place, word in enumerate(sys.argv[:-1]) if word == name]
    return sys.argv[places[-1] + 1] if places else ""


class _Answering(BaseHTTPRequestHandler):
    """One request a connection."""

    def do_GET(self) -> None:
        """Whether it is well, and what it serves."""
        models = {"object": "list", "data": [{"id": _argument("--served-model-name"), "object": "model"}]}
        self._send(json.dumps(models) if self.path == "/v1/models" else "", _JSON)

    def do_POST(self) -> None:
        """Read a page."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "TALKATIVE" in os.environ:
            sys.stdout.write(body[:_LOGGED].decode(errors="replace") + "\n")
            sys.stdout.flush()
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if json.loads(body).get("stream"):
            told = [{"choices": [_choice(delta={"content": _READING})]}, {"choices": [], "usage": usage}]
            self._send("".join(f"data: {json.dumps(one)}\n\n" for one in told) + "data: [DONE]\n\n", _EVENTS)
            return
        choice = _choice(message={"role": "assistant", "content": _READING})
        self._send(json.dumps({"choices": [choice], "usage": usage}), _JSON)

    def _send(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _choice(**answer: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": "stop", **answer}


def main() -> None:
    """Answer until it is ended."""
    os.umask(_OTHERS_MAY_NOT)
    if path := _argument("--uds"):
        Path(path).unlink(missing_ok=True)
        server: socketserver.BaseServer = socketserver.ThreadingUnixStreamServer(path, _Answering)
    else:
        server = socketserver.ThreadingTCPServer((_argument("--host"), int(_argument("--port"))), _Answering)
    server.serve_forever()


if __name__ == "__main__":
    main()

"""Stands in for vLLM's server, and misbehaves as its ``--behave`` says. Runs in a process of its own."""

import json
import os
import signal
import socketserver
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def argument(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(503 if self.server.is_early() else 200, {})  # type: ignore[attr-defined]
        elif self.path == "/v1/models":
            self.answer(200, {"data": [{"id": argument("--served-model-name"), "max_model_len": 4096}]})
        else:
            descriptors = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
            self.answer(200, {"argv": sys.argv, "environment": dict(os.environ), "descriptors": descriptors})

    def do_POST(self) -> None:
        """Streams back what it was told; told to end, it does."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"][-1]["text"]
        once = Path(argument("--model")) / "ended"
        if prompt == "end" or (prompt == "end once" and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(1.0 if prompt.startswith("slow") else 0.2)
        choice = {"delta": {"content": prompt}, "finish_reason": "stop"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n")

    def answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def address_string(self) -> str:
        return "socket"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    asked = 0

    def is_early(self) -> bool:
        self.asked += 1
        return argument("--behave") == "slow" and self.asked < 3


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def start_child(code: str) -> None:
    """Start a child that does not end with its parent, and leave its number in the model's folder."""
    child = subprocess.Popen([sys.executable, "-c", code])
    (Path(argument("--model")) / "child").write_text(str(child.pid))


def main() -> None:
    match argument("--behave"):
        case "die":
            say("(APIServer pid=7) INFO 11-24 10:21:15 [api_utils.py:347] starting")
            say("(Worker pid=9) ERROR 11-24 10:19:24 [x.py:9] torch.OutOfMemoryError: CUDA out of memory. Tried to")
            raise RuntimeError("Engine core initialization failed. See root cause above")
        case "die-silently":
            os.kill(os.getpid(), signal.SIGKILL)
        case "never":
            say("INFO 11-24 10:21:35 [cpu_model_runner.py:68] Starting to load model /models/x...")
            time.sleep(600)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            start_child(DEAF)
        case "parent of the deaf":
            start_child(DEAF)
        case "parent":
            start_child("import time; time.sleep(600)")
        case "junk":
            with suppress(BrokenPipeError):
                sys.stdout.buffer.write(bytes(range(256)) * 8000)
                sys.stdout.flush()
    with Server(argument("--uds"), Handler) as server:
        server.serve_forever()


main()

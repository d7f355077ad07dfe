"""An engine that answers every request after a fixed delay, with so many slots, and keeps count of how busy they are.

With a seed, some answers go wrong (benchmarks/fault_script.py), and good ones name the page that the picture shows.
Started as a process of its own: ``python -m benchmarks.scripted_engine SOCKET SLOTS SECONDS [SEED]``. Ask it for /busy
and for /log.
"""

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.fault_script import Answer, FaultScript
from benchmarks.marks import Sighting, find

LINGER = 60.0
"""Seconds after which the engine ends by itself what should have been left by then."""
_TURN = "and shall enter both in the book, " * 4


@dataclass(slots=True)
class Request:
    """What was asked and answered; ``waited_for``: the client was still there when the answer was given."""

    sighting: Sighting | None
    answer: Answer
    waited_for: bool = False


class Engine:
    """Slots, and the time they were held.

    Args:
        slots: requests answered at once.
        seconds: an answer's delay.
        script: which answers go wrong; None for none, and then pictures are not looked at.
    """

    def __init__(self, slots: int, seconds: float, script: FaultScript | None = None) -> None:
        self.slots, self.seconds, self.script = slots, seconds, script
        self.free = asyncio.Semaphore(slots)
        self.held = 0.0
        self.requests = self.bytes = 0
        self.first = self.last = 0.0
        self.times: Counter[bytes] = Counter()
        self.asked: list[Request] = []
        self.left: Counter[Answer] = Counter()

    async def answer(self, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold a slot for the delay, and answer."""
        self.requests += 1
        self.bytes += len(body)
        text, request = self._scripted(body) if self.script else ("A page of text.", Request(None, Answer.GOOD))
        async with self.free:
            start = time.monotonic()
            self.first = self.first or start
            try:
                await asyncio.sleep(self.seconds)
                request.waited_for = not reader.at_eof()
                await self._give(request.answer, text, reader, writer)
            finally:
                self.last = time.monotonic()
                self.held += self.last - start

    def _scripted(self, body: bytes) -> tuple[str, Request]:
        """What to write about the picture in ``body``, and how to answer; kept in the log."""
        assert self.script is not None
        content = json.loads(body)["messages"][-1]["content"]
        picture = base64.b64decode(content[0]["image_url"]["url"].partition(",")[2])
        sighting = find(picture)
        mark = sighting.mark if sighting else None
        digest = hashlib.sha256(picture).digest()
        request = Request(sighting, self.script.answer(digest, self.times[digest], mark))
        self.times[digest] += 1
        self.asked.append(request)
        seen = f"This is document {mark.document}, page {mark.page}." if mark else "This is no page."
        return f"# Of the presses\n\n{seen}\n\nWhoever comes after may know what was done.", request

    async def _give(
        self, answer: Answer, text: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match answer:
            case Answer.GOOD:
                _respond(writer, _stream(text, "stop"))
            case Answer.CUT_OFF:
                _respond(writer, _stream(text, "length"))
            case Answer.ERROR:
                _respond(writer, _error("out of luck"), "500 Internal Server Error")
            case Answer.BUSY:
                _respond(writer, _error("too much to do"), "503 Service Unavailable")
            case Answer.BUSY_FOR:
                _respond(writer, _error("too much to do"), "503 Service Unavailable\r\nRetry-After: 1")
            case Answer.BROKEN:
                _respond(writer, _event({"delta": {"content": text}, "finish_reason": None}), missing=100)
                raise ConnectionAbortedError
            case Answer.SILENT:
                await self._until_left(answer, reader)
            case Answer.LOOPING:
                looping = asyncio.create_task(_repeat(writer))
                try:
                    await self._until_left(answer, reader)
                finally:
                    looping.cancel()

    async def _until_left(self, answer: Answer, reader: asyncio.StreamReader) -> None:
        """Wait until the client goes, and count that it went; ends the connection."""
        async with asyncio.timeout(LINGER):
            with suppress(ConnectionError):
                await reader.read(1)
        self.left[answer] += 1
        raise ConnectionAbortedError

    def busy(self) -> bytes:
        """Share of all slots' time, from the first request to the last answer, in which they were held."""
        span = max(self.last - self.first, 1e-9)
        share = self.held / (span * self.slots)
        return json.dumps({"busy": share, "seconds": span, "requests": self.requests, "bytes": self.bytes}).encode()

    def log(self) -> bytes:
        """Every request: document, page, whether all of it was shown, what was answered, and whether to anybody."""
        asked = []
        for request in self.asked:
            seen = request.sighting
            page = (seen.mark.document, seen.mark.page, seen.whole) if seen else (None, None, False)
            asked.append((*page, request.answer, request.waited_for))
        return json.dumps({"asked": asked, "left": self.left}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                sizes = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")]
                body = await reader.readexactly(sizes[0] if sizes else 0)
                path = lines[0].split(" ")[1]
                if path.endswith("/busy"):
                    _respond(writer, self.busy())
                elif path.endswith("/log"):
                    _respond(writer, self.log())
                elif path.endswith("/models"):
                    _respond(writer, json.dumps({"data": [{"id": "scripted", "max_model_len": 16_384}]}).encode())
                else:
                    await self.answer(body, reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()


def _respond(writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", missing: int = 0) -> None:
    """Write a response, less the last ``missing`` bytes that it promises."""
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body) + missing}\r\n\r\n".encode() + body)


def _stream(text: str, reason: str) -> bytes:
    return _event({"delta": {"content": text}, "finish_reason": reason}) + b"data: [DONE]\n\n"


def _event(choice: dict[str, object]) -> bytes:
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def _error(message: str) -> bytes:
    return json.dumps({"error": {"message": message}}).encode()


async def _repeat(writer: asyncio.StreamWriter) -> None:
    """The same again and again, until cancelled or nobody listens."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(ConnectionError):
        while True:
            writer.write(_event({"delta": {"content": _TURN}, "finish_reason": None}))
            await writer.drain()
            await asyncio.sleep(0.002)


@contextmanager
def running(socket: Path, slots: int, seconds: float, seed: int | None = None) -> Iterator[httpx.Client]:
    """An engine in a process of its own, as a client that talks to it; it ends with the context."""
    command = [sys.executable, "-m", "benchmarks.scripted_engine", str(socket), str(slots), str(seconds)]
    process = subprocess.Popen(command if seed is None else [*command, str(seed)])
    try:
        while not socket.exists():
            time.sleep(0.02)
        transport = httpx.HTTPTransport(uds=str(socket))
        with httpx.Client(transport=transport, base_url="http://engine", timeout=60) as client:
            yield client
    finally:
        process.kill()
        process.wait()


async def main() -> None:
    """Serve until killed."""
    script = FaultScript(int(sys.argv[4])) if len(sys.argv) > 4 else None
    engine = Engine(int(sys.argv[2]), float(sys.argv[3]), script)
    server = await asyncio.start_unix_server(engine.serve, Path(sys.argv[1]), limit=1 << 20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

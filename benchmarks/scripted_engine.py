"""An engine that answers every request after a fixed delay, with so many slots, and keeps count of how busy they are.

Started as a process of its own: ``python -m benchmarks.scripted_engine SOCKET SLOTS SECONDS``. Ask it for /busy.
"""

import asyncio
import json
import sys
import time
from pathlib import Path


class Engine:
    """Slots, and the time they were held."""

    def __init__(self, slots: int, seconds: float) -> None:
        self.slots, self.seconds = slots, seconds
        self.free = asyncio.Semaphore(slots)
        self.held = 0.0
        self.requests = self.bytes = 0
        self.first = self.last = 0.0

    async def answer(self, size: int) -> bytes:
        """Hold a slot for the delay; the body of a streamed answer."""
        self.requests += 1
        self.bytes += size
        async with self.free:
            start = time.monotonic()
            self.first = self.first or start
            await asyncio.sleep(self.seconds)
            self.last = time.monotonic()
            self.held += self.last - start
        choice = {"delta": {"content": "A page of text."}, "finish_reason": "stop"}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"

    def busy(self) -> bytes:
        """Share of all slots' time, from the first request to the last answer, in which they were held."""
        span = max(self.last - self.first, 1e-9)
        share = self.held / (span * self.slots)
        return json.dumps({"busy": share, "seconds": span, "requests": self.requests, "bytes": self.bytes}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                sizes = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")]
                size = sizes[0] if sizes else 0
                await reader.readexactly(size)
                path = lines[0].split(" ")[1]
                if path.endswith("/busy"):
                    body = self.busy()
                elif path.endswith("/models"):
                    body = json.dumps({"data": [{"id": "scripted", "max_model_len": 16_384}]}).encode()
                else:
                    body = await self.answer(size)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    """Serve until killed."""
    engine = Engine(int(sys.argv[2]), float(sys.argv[3]))
    server = await asyncio.start_unix_server(engine.serve, Path(sys.argv[1]), limit=1 << 20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

"""What it adds to ask a model through the service: latency, throughput, and how soon a stream's tokens arrive.

Pages of 1 MB as data URLs go to a timed engine (benchmarks/timed_engine.py), directly and through `muniment serve`, by
turns, with 1, 16 and 64 clients. Latency is what a client waits beyond the time that the engine held the request, which
the engine tells in its answer; so the engine's time may vary, and the same times are asked for both ways. Engines take
longer the more they have to do: 0.5, 1 and 2 s on average, from half to one and a half of it. 64 requests in 2 s are
32 pages a second, more than several large cards read.

The clients are threads with blocking sockets and bodies made before; all share the machine's processors with the
service and the engine. Processor time a request is told for each.
"""

import argparse
import base64
import io
import json
import random
import re
import statistics
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pypdfium2
from PIL import Image

from benchmarks import common
from benchmarks.large_pdf import SCANNED
from benchmarks.serving import Serving, seconds_of, serving
from benchmarks.timed_engine import MODEL, order, timed_engine
from benchmarks.wire import Connection

CHAT = "/v1/chat/completions"
MEGABYTE = 10**6
WAYS = ("direct", "service")
PAGES = (("JPEG", 200), ("PNG", 150))
"""How a page comes, and from how many dots an inch."""
_CONTENT = re.compile(rb'"content": ?"(\d+)"')


@dataclass(frozen=True, slots=True)
class Level:
    """So many clients at once.

    Attributes:
        seconds: an answer takes on average.
        requests: of each client, each way, in one round.
        tokens, apart: of a stream.
    """

    clients: int
    seconds: float
    requests: int
    rounds: int
    tokens: int
    apart: float


LEVELS = (Level(1, 0.5, 4, 25, 50, 0.01), Level(16, 1.0, 5, 8, 50, 0.02), Level(64, 2.0, 4, 5, 50, 0.05))
WARM_UP = Level(1, 0.1, 1, 20, 0, 0.0)
"""Until workers have started, and not counted."""


def page(kind: str, dpi: int, size: int) -> bytes:
    """The example report's first page as a noisy scan, a JPEG or PNG of at most ``size`` bytes, a multiple of 3."""
    with pypdfium2.PdfDocument(SCANNED) as pdf:
        pixels = np.asarray(pdf[0].render(scale=dpi / 72, grayscale=True).to_pil())
    noise = np.random.default_rng(1).normal(0, 1, pixels.shape)
    best = b""
    for strength in (0, 0.5, 1, 2, 4, 8, 12, 16):
        noisy = Image.fromarray(np.clip(pixels + strength * noise, 0, 255).astype(np.uint8))
        file = io.BytesIO()
        noisy.save(file, kind, **({"quality": 95} if kind == "JPEG" else {}))
        best = max(best, file.getvalue(), key=lambda data: len(data) * (len(data) <= size))
    return best + bytes(-len(best) % 3)


class Question:
    """A chat request about one page, whose last words say how it is to be answered."""

    def __init__(self, image: bytes, mime: str, **more: Any) -> None:
        parts = [{"type": "image_url", "image_url": {"url": "\0"}}, {"type": "text", "text": "Read this page; \0"}]
        asked = {"model": MODEL, "messages": [{"role": "user", "content": parts}], "max_tokens": 4000, **more}
        start, self._middle, self._end = json.dumps(asked).encode().split(rb"\u0000")
        self._image = base64.b64encode(image)
        self._start = start + f"data:{mime};base64,".encode()

    def body(self, words: str, tail: bytes = b"") -> bytes:
        """The request; ``tail`` stands behind the image's end, where no reader looks."""
        return b"".join((self._start, self._image, base64.b64encode(tail), self._middle, words.encode(), self._end))

    def checksum(self, tail: bytes = b"") -> int:
        """What the engine is to find."""
        return zlib.crc32(base64.b64encode(tail), zlib.crc32(self._image))


@dataclass(slots=True)
class Way:
    """What came of one way at one level.

    Attributes:
        beside: milliseconds of each request beside the engine's own.
        first, later: milliseconds from the engine's writing a token to its coming, of first tokens and of all others.
        rates: requests a second of each round.
        processor: seconds that each part used in all rounds.
    """

    beside: list[float]
    first: list[float]
    later: list[float]
    rates: list[float]
    processor: dict[str, float]


class Client:
    """One client; it has a connection for each round, since the service closes those that nobody uses."""

    def __init__(self, ports: dict[str, int], questions: Sequence[Question], seed: int) -> None:
        self._ports = ports
        self._questions = questions
        self._seed = seed

    def ask(self, way: str, level: Level, turn: int, found: Way) -> float:
        """The round's requests, whole answers; the rate of them. The same for either way."""
        drawn = random.Random(f"{self._seed} {turn}")
        time.sleep(drawn.random() * level.seconds * (level.clients > 1))
        connection = Connection(self._ports[way])
        begun = time.monotonic()
        for number in range(level.requests):
            question = self._questions[(number + turn) % 2]
            body = question.body(order(drawn.uniform(0.5, 1.5) * level.seconds))
            start = time.monotonic_ns()
            reply = connection.ask(CHAT, body)
            taken = time.monotonic_ns() - start
            told = reply.json()["told"]
            assert told["image"] == question.checksum(), "the engine saw another image"
            found.beside.append((taken - told["held"]) / 1e6)
        seconds = time.monotonic() - begun
        connection.close()
        return level.requests / seconds

    def stream(self, way: str, level: Level, turn: int, found: Way) -> float:
        """One streamed answer."""
        drawn = random.Random(f"{self._seed} {turn}")
        time.sleep(drawn.random() * level.seconds * (level.clients > 1))
        connection = Connection(self._ports[way])
        connection.send(CHAT, self._questions[-1].body(order(level.seconds / 2, level.tokens, level.apart)))
        lags = []
        for came, piece in connection.pieces():
            lags += [(came - int(written)) / 1e6 for written in _CONTENT.findall(piece)]
        connection.close()
        assert len(lags) == level.tokens, "some tokens did not come"
        found.first.append(lags[0])
        found.later += lags[1:]
        return 0.0


def in_turns(clients: Sequence[Client], level: Level, parts: "Parts", *, streamed: bool) -> dict[str, Way]:
    """Every round both ways, the first way by turns."""
    ways = {way: Way([], [], [], [], dict.fromkeys(("client", "engine", "service", "workers"), 0.0)) for way in WAYS}
    for turn in range(level.rounds):
        for way in WAYS if turn % 2 else reversed(WAYS):
            before = parts.seconds()
            asking = Client.stream if streamed else Client.ask
            calls = [partial(asking, client, way, level, turn, ways[way]) for client in clients[: level.clients]]
            rates = at_once(calls)
            ways[way].rates.append(sum(rates))
            for name, seconds in parts.seconds().items():
                ways[way].processor[name] += seconds - before[name]
    return ways


def at_once(calls: Sequence[Callable[[], float]]) -> list[float]:
    """What each call gives, every one in a thread of its own. Raises what one of them raised."""
    given: list[float] = []
    raised: list[BaseException] = []

    def run(call: Callable[[], float]) -> None:
        try:
            given.append(call())
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return given


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that uses the processors."""

    engine: psutil.Process
    service: Serving

    def seconds(self) -> dict[str, float]:
        """Processor seconds used until now."""
        return {
            "client": time.process_time(),
            "engine": seconds_of(self.engine),
            **self.service.processor_seconds(),
        }


def quantiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{q}": float(np.percentile(values, q)) for q in (50, 95, 99)}


def measure(level: Level, clients: Sequence[Client], parts: Parts) -> common.Result:
    """One level, both ways."""
    whole = in_turns(clients, level, parts, streamed=False)
    streamed = in_turns(clients, level, parts, streamed=True)
    requests = level.clients * level.requests * level.rounds
    row: common.Result = {"clients": level.clients, "seconds": level.seconds, "requests": requests, "ways": {}}
    for way in WAYS:
        row["ways"][way] = {
            "beside": quantiles(whole[way].beside),
            "rate": statistics.mean(whole[way].rates),
            "processor": {name: 1e3 * used / requests for name, used in whole[way].processor.items()},
            "first": quantiles(streamed[way].first),
            "later": quantiles(streamed[way].later),
        }
    print(json.dumps(row), flush=True)
    return row


def tables(result: common.Result) -> str:
    """Latency and throughput, processor time, and streams, as Markdown."""
    rows, streams, shares = [], [], []
    for row in result["rows"]:
        direct, service = (row["ways"][way] for way in WAYS)
        for name in ("p50", "p95", "p99"):
            pair = (direct["beside"][name], service["beside"][name])
            rows.append((row["clients"], row["requests"], name, *pair, pair[1] - pair[0]))
            lags = (direct["first"][name], service["first"][name], direct["later"][name], service["later"][name])
            streams.append((row["clients"], name, *lags))
        for way in WAYS:
            used = row["ways"][way]["processor"]
            ratio = row["ways"][way]["rate"] / direct["rate"]
            shares.append((row["clients"], way, row["ways"][way]["rate"], ratio, *used.values()))
    parts = ("client", "engine", "service", "workers")
    return "\n\n".join(
        [
            common.table(
                ("clients", "requests", "ms beside the engine's", "direct", "through the service", "added"), rows
            ),
            common.table(("clients", "way", "requests/s", "of direct", *(f"CPU ms, {part}" for part in parts)), shares),
            common.table(
                (
                    "clients",
                    "ms until it came",
                    *(f"{which} token, {way}" for which in ("first", "later") for way in WAYS),
                ),
                streams,
            ),
        ]
    )


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64], help="of these levels only")
    return parser.parse_args()


def main() -> None:
    given = options()
    questions = [Question(page(kind, dpi, MEGABYTE), f"image/{kind.lower()}") for kind, dpi in PAGES]
    streamed = Question(page(*PAGES[0], MEGABYTE), "image/jpeg", stream=True)
    levels = [level for level in LEVELS if level.clients in given.clients]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(timed_engine())
        service = stack.enter_context(serving(folder, "--engine", engine.address))
        ports = {"direct": engine.port, "service": service.port}
        clients = [Client(ports, (*questions, streamed), number) for number in range(max(given.clients))]
        parts = Parts(psutil.Process(engine.process.pid), service)
        in_turns(clients, WARM_UP, parts, streamed=False)
        rows = [measure(level, clients, parts) for level in levels]
    result: common.Result = {"settings": {"page_bytes": MEGABYTE}, "rows": rows}
    print(f"{tables(result)}\n\nKept in {common.save('passing_on', result)}")


if __name__ == "__main__":
    main()

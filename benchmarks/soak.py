"""Ten minutes with everything that goes wrong: does the service grow, leak, or lose a page?

A fifth of the engine's answers go wrong (an error, silence, an answer or its JSON broken off), and once a minute it is
killed and comes back after three seconds. Meanwhile clients ask, whole and streamed, hang up, break their bodies off,
drip, and send nonsense; and documents, one page of each damaged, are handed in to be read in the background, one after
the other. Jobs wait five seconds for an answer and not ten minutes (benchmarks/impatient_serve.py); nothing else is
other than in `muniment serve`.

Every page of every document has to be told in the end: read, read by the embedded engine and flagged, or failed with a
reason. Every other request has to get an answer that says what it is. Memory is that of all processes, every two
seconds; its slope is over all but the first two minutes. At the end nobody asks any more, and what is open is counted
once more.
"""

import json
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.faults import without_page
from benchmarks.large_pdf import make_pdf
from benchmarks.memory import Sample, sample
from benchmarks.passing_on import CHAT, Question, page
from benchmarks.serving import Serving, serving
from benchmarks.timed_engine import TimedEngine, order, timed_engine
from benchmarks.wire import Connection, head_of

SHARE = 0.2
KILLED_EVERY, GONE_FOR = 60.0, 3.0
SETTLING = 120.0
"""Seconds after which memory is not to grow any more."""
QUIET = 45.0
"""Seconds without requests before what is open is counted: more than a stalled body is waited for."""
LATEST = 300.0
"""Seconds that the last documents may take after that."""
PAGES, DAMAGED = 6, 4
INTERVAL = 2.0
_REASONS = ("engine_failed", "engine_busy", "queue_full", "model_loading", "timeout")


@dataclass(slots=True)
class Account:
    """What came of everything; ``odd``: what must not be, in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    odd: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Open:
    """What a process has open."""

    files: int
    threads: int
    tasks: int


class Soak:
    """The clients, until ``until``; a thread for each of them."""

    def __init__(self, service: Serving, document: bytes, until: float) -> None:
        self._service = service
        self._document = document
        self._until = until
        image = page("JPEG", 100, 300_000)
        self._whole = Question(image, "image/jpeg")
        self._streamed = Question(image, "image/jpeg", stream=True)
        self.account = Account()

    def run(self) -> None:
        """All clients, to their end."""
        calls = [*[self._ask] * 4, *[self._stream] * 4, self._hang_up, self._break_off, self._drip, self._babble]
        threads = [threading.Thread(target=self._again, args=(call,)) for call in [*calls, *[self._hand_in] * 2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _again(self, call: Callable[[Connection, random.Random], str]) -> None:
        drawn = random.Random(repr(call))
        while time.monotonic() < self._until:
            connection = self._service.connection(60.0)
            try:
                outcome = call(connection, drawn)
            except OSError as error:
                outcome = f"{call.__name__.strip('_')}: {type(error).__name__}"
                self.account.odd.append(outcome)
            except Exception as error:
                outcome = f"{call.__name__.strip('_')}: {error!r}"
                self.account.odd.append(outcome)
            finally:
                connection.close()
            self.account.outcomes[outcome] += 1
            time.sleep(drawn.random() * 0.3)

    def _ask(self, connection: Connection, drawn: random.Random) -> str:
        tail = drawn.randbytes(3)
        connection.socket.settimeout(5.0)  # a silent engine is left after that
        try:
            reply = connection.ask(CHAT, self._whole.body(order(drawn.uniform(0.1, 1.0)), tail))
        except TimeoutError:
            return "asked, and left after 5 s of silence"
        if reply.status != 200:
            return self._refused(reply.status, reply.body)
        try:
            told = json.loads(reply.body)["told"]
        except ValueError:
            self.account.odd.append("an answer that is no JSON")
            return "asked: answered"
        if told["image"] != self._whole.checksum(tail):
            self.account.odd.append("an answer about another image")
        return "asked: answered"

    def _refused(self, status: int, body: bytes) -> str:
        code = json.loads(body)["error"]["code"]
        if code not in _REASONS:
            self.account.odd.append(f"{status} {code}")
        return f"asked: {status} {code}"

    def _stream(self, connection: Connection, drawn: random.Random) -> str:
        connection.socket.settimeout(5.0)
        connection.send(CHAT, self._streamed.body(order(drawn.uniform(0.1, 0.5), 20, 0.02)))
        try:
            come = connection.reply()
        except TimeoutError:
            return "streamed, and left after 5 s of silence"
        if come.status != 200:
            return self._refused(come.status, come.body)
        if b'"error"' in come.body:
            return "streamed: broken off, and told so"
        if not come.body.endswith(b"data: [DONE]\n\n"):
            self.account.odd.append("a stream without an end")
        return "streamed: to its end"

    def _hang_up(self, connection: Connection, drawn: random.Random) -> str:
        connection.send(CHAT, drawn.choice((self._whole, self._streamed)).body(order(0.5, 20, 0.02)))
        time.sleep(drawn.random())
        return "hung up"

    def _break_off(self, connection: Connection, drawn: random.Random) -> str:
        body = self._whole.body(order(0.1))
        connection.socket.sendall(head_of(CHAT, len(body)) + body[: drawn.randrange(len(body))])
        return "broke its body off"

    def _drip(self, connection: Connection, drawn: random.Random) -> str:
        body = self._whole.body(order(0.1))
        connection.socket.sendall(head_of(CHAT, len(body)))
        for number in range(drawn.randrange(5, 20)):
            connection.socket.sendall(body[number : number + 1])
            time.sleep(0.5)
        return "dripped, and left"

    def _babble(self, connection: Connection, drawn: random.Random) -> str:
        body = self._whole.body(order(0.1))
        at = drawn.randrange(len(body))
        reply = connection.ask(CHAT, body[:at] + drawn.randbytes(8) + body[at:] if drawn.random() < 0.5 else body[:at])
        if reply.status not in (400, 422, 503):
            self.account.odd.append(f"nonsense was answered with {reply.status}")
        return f"nonsense: {reply.status}"

    def _hand_in(self, connection: Connection, _: random.Random) -> str:
        reply = connection.ask("/v1/documents?name=soak.pdf", self._document, "application/pdf")
        if reply.status != 202:
            return self._refused(reply.status, reply.body)
        job = reply.json()["id"]
        deadline = time.monotonic() + LATEST
        while time.monotonic() < deadline:
            time.sleep(0.5)
            told = connection.get(f"/v1/documents/{job}").json()
            if told["state"] in ("done", "failed"):
                return self._read(connection, job, told)
        self.account.odd.append("a document was not read in five minutes")
        return "document: not finished"

    def _read(self, connection: Connection, job: str, told: dict[str, Any]) -> str:
        self.account.documents += 1
        if told["state"] == "failed":
            self.account.odd.append(f"a document failed: {told['problem']}")
            return "document: failed"
        pages = connection.get(f"/v1/documents/{job}/result?format=json").json()["pages"]
        if [each["number"] for each in pages] != list(range(1, PAGES + 1)):
            self.account.odd.append("a page is missing")
        for each in pages:
            self.account.pages[each["status"]] += 1
            is_told = each["status"] == "read" or (
                "fallback" in each["flags"] if each["status"] == "fallback" else bool(each["problem"])
            )
            if not is_told:
                self.account.odd.append(f"a page that was not read says nothing of it: {each['status']}")
            if (each["status"] == "failed") != (each["number"] == DAMAGED):
                self.account.odd.append(f"page {each['number']}: {each['status']}")
        return "document: read"


def counted(service: Serving) -> Open:
    """What the service's own process has open now."""
    tasks = Path(service.data) / "tasks"
    tasks.unlink(missing_ok=True)
    service.process.send_signal(signal.SIGUSR1)
    while not tasks.exists() or not tasks.read_text():
        time.sleep(0.05)
    return Open(service.process.num_fds(), service.process.num_threads(), int(tasks.read_text()))


def watch(service: Serving, engine: TimedEngine, until: float) -> tuple[list[Sample], list[Open]]:
    """Memory and what is open until then; meanwhile the engine is killed now and then."""
    start, killed = time.perf_counter(), time.monotonic()
    samples, opened = [], []
    while time.monotonic() < until:
        now = sample(service.process, start)
        assert now is not None, "the service has ended"
        samples.append(now)
        opened.append(counted(service))
        if time.monotonic() > killed + KILLED_EVERY:
            engine.kill()
            time.sleep(GONE_FOR)
            engine.start()
            killed = time.monotonic()
        time.sleep(INTERVAL)
    return samples, opened


def slope(samples: list[Sample], *, own: bool = False) -> float:
    """MiB a minute after the settling."""
    late = [now for now in samples if now.seconds > SETTLING]
    values = [now.own if own else now.pss for now in late]
    return 60 * statistics.linear_regression([now.seconds for now in late], values).slope


def measure(seconds: float) -> common.Result:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_pdf(folder / "soak.pdf", PAGES, 1)
        document = without_page((folder / "soak.pdf").read_bytes(), DAMAGED)
        engine = stack.enter_context(timed_engine(SHARE))
        service = stack.enter_context(
            serving(folder, "--engine", engine.address, module=("benchmarks.impatient_serve",))
        )
        time.sleep(QUIET / 3)
        before = counted(service)
        until = time.monotonic() + seconds
        soak = Soak(service, document, until)
        clients = threading.Thread(target=soak.run)
        clients.start()
        samples, opened = watch(service, engine, until)
        clients.join()
        time.sleep(QUIET)
        after = counted(service)
    account = soak.account
    return {
        "documents": account.documents,
        "pages": dict(account.pages),
        "outcomes": dict(sorted(account.outcomes.items())),
        "odd": dict(Counter(account.odd)),
        "slope": slope(samples),
        "own_slope": slope(samples, own=True),
        "peak_pss": max(now.pss for now in samples),
        "peak_own": max(now.own for now in samples),
        "before": asdict(before),
        "most": {name: max(getattr(now, name) for now in opened) for name in ("files", "threads", "tasks")},
        "after": asdict(after),
        "samples": [asdict(now) for now in samples],
    }


def tables(result: common.Result) -> str:
    """Memory, what is open, pages, and what came of requests, as Markdown."""
    memory = [
        ("all processes", result["peak_pss"], result["slope"]),
        ("the service's own", result["peak_own"], result["own_slope"]),
    ]
    opened = [
        (what, result["before"][what], result["most"][what], result["after"][what])
        for what in ("files", "threads", "tasks")
    ]
    pages = [("documents", result["documents"]), *((f"pages: {status}", n) for status, n in result["pages"].items())]
    parts = [
        common.table(("memory", "MiB at most", "MiB a minute, after the second"), memory),
        common.table(("open", "before", "at most", "45 s after"), opened),
        common.table(("documents handed in", "how many"), pages),
        common.table(("requests", "how many"), list(result["outcomes"].items())),
        common.table(("what must not be", "how often"), list(result["odd"].items()) or [("nothing", 0)]),
    ]
    return "\n\n".join(parts)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="that it takes (default: %(default)s)")
    given = parser.parse_args()
    result: common.Result = {"settings": {"minutes": given.minutes}, **measure(60 * given.minutes)}
    print(f"{tables(result)}\n\nKept in {common.save('soak', result)}")
    if result["odd"]:
        sys.exit("Something went wrong that must not.")


if __name__ == "__main__":
    main()

"""How much memory the service takes when 256 clients send it bodies of 8 MB at once, and what becomes of them.

Every client sends one chat request with a page as a JPEG, all at the same moment, to `muniment serve` before an engine
that takes a few seconds (benchmarks/timed_engine.py) and tells a checksum of the image that it saw. An answer is right
if that is the image which the client sent, each its own. What is turned away has to be told so: 429 or 503 in OpenAI's
form.

Memory is that of all the service's processes together, looked at twenty times a second: PSS, and beside it what the
system has in memory files (Shmem, all of the system's), since images lie in such while a worker looks into them.
"""

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from benchmarks import common
from benchmarks.memory import MIB, Sample, sample
from benchmarks.passing_on import CHAT, Question, at_once, page
from benchmarks.serving import Serving, serving
from benchmarks.timed_engine import order, timed_engine
from benchmarks.wire import Reply

BODY = 8 * 10**6
"""Bytes."""
SECONDS = 2.0
"""That the engine takes."""
ROUNDS = 2
PATIENCE = 600.0
PAUSE = 5.0
RIGHT = "answered about its image"
_INTERVAL = 0.05


@dataclass(slots=True)
class Found:
    """What came of all requests, by the words of the table; ``seconds``: that each took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Watch:
    """The service's memory until told to stop."""

    serving: Serving
    samples: list[Sample] = field(default_factory=list)
    shared: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        start = time.perf_counter()
        while not self.over.is_set():
            now = sample(self.serving.process, start)
            if now:
                self.samples.append(now)
            self.shared.append(psutil.virtual_memory().shared / MIB)
            time.sleep(_INTERVAL)


def ask(service: Serving, question: Question, number: int, begin: threading.Barrier, found: Found) -> float:
    """One client's request; what came of it."""
    tail = number.to_bytes(3, "big")
    body = question.body(order(SECONDS), tail)
    connection = service.connection(PATIENCE)
    begin.wait()
    start = time.monotonic()
    try:
        outcome = outcome_of(connection.ask(CHAT, body), question.checksum(tail))
    except OSError as error:
        outcome = f"no answer: {type(error).__name__}"
    found.outcomes[outcome] += 1
    found.seconds.append(time.monotonic() - start)
    connection.close()
    return 0.0


def outcome_of(reply: Reply, checksum: int) -> str:
    """What an answer is, in the words of the table."""
    told = reply.json()
    if reply.status == 200:
        return RIGHT if told["told"]["image"] == checksum else "answered about another image"
    return f"{reply.status} {told['error']['code']}"


def is_clean(outcome: str) -> bool:
    """Whether that may come of a request."""
    return outcome == RIGHT or outcome[:3] in ("429", "503")


def measure(clients: int) -> common.Result:
    """All clients at once, twice: what memory the second time adds is lost."""
    question = Question(page("JPEG", 400, BODY * 3 // 4 - 1000), "image/jpeg")
    rounds = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(timed_engine())
        service = stack.enter_context(serving(folder, "--engine", engine.address))
        assert service.connection().ask(CHAT, question.body(order(0))).status == 200, "one request alone is answered"
        for _ in range(ROUNDS):
            found, watch, begin = Found(), Watch(service), threading.Barrier(clients)
            watching = threading.Thread(target=watch.run)
            watching.start()
            at_once([partial(ask, service, question, number, begin, found) for number in range(clients)])
            watch.over.set()
            watching.join()
            rounds.append(summary(found, watch))
            print(json.dumps(rounds[-1]), flush=True)
            time.sleep(PAUSE)
    return {"body_bytes": len(question.body(order(SECONDS), bytes(3))), "rounds": rounds}


def summary(found: Found, watch: Watch) -> common.Result:
    own = [now.own for now in watch.samples]
    return {
        "outcomes": dict(sorted(found.outcomes.items())),
        "seconds": max(found.seconds),
        "before": watch.samples[0].pss,
        "peak_pss": max(now.pss for now in watch.samples),
        "peak_own": max(own),
        "peak_files": max(watch.shared) - watch.shared[0],
    }


def tables(result: common.Result) -> str:
    """Memory and outcomes of each round, as Markdown."""
    rounds = result["rounds"]
    numbers = [f"round {number}" for number in range(1, len(rounds) + 1)]
    shown = {
        "before": "MiB before, all processes",
        "peak_pss": "MiB at most, all processes",
        "peak_own": "MiB at most, the service's own process",
        "peak_files": "MiB at most in memory files, beside",
        "seconds": "s until the last was answered",
    }
    outcomes = sorted({outcome for each in rounds for outcome in each["outcomes"]})
    memory = [(words, *(each[name] for each in rounds)) for name, words in shown.items()]
    became = [(outcome, *(each["outcomes"].get(outcome, 0) for each in rounds)) for outcome in outcomes]
    return "\n\n".join(
        [common.table(("memory and time", *numbers), memory), common.table(("requests", *numbers), became)]
    )


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--clients", type=int, default=256, help="at once (default: %(default)s)")
    given = parser.parse_args()
    found = measure(given.clients)
    result: common.Result = {"settings": {"clients": given.clients, "body_bytes": found["body_bytes"]}, **found}
    print(f"{tables(result)}\n\nKept in {common.save('crowd', result)}")
    if not all(is_clean(outcome) for each in found["rounds"] for outcome in each["outcomes"]):
        sys.exit("Some requests failed otherwise than they may.")


if __name__ == "__main__":
    main()

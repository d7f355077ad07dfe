"""Ten thousand pages through an engine whose answers go wrong: is every page told once, and does memory stay flat?

Of all answers 5% each are errors (half 500, half 503, some with Retry-After), silence until the client gives up, loops
that end when the client leaves, cut off, and broken off in the middle. Of some pages no answer is ever good, and some
are damaged. In mid-run the command is killed (SIGKILL) and given again. A seed settles all of it.

Each page carries a mark that the engine finds on the picture, and its answers name it: so each result shows whose page
it is, and the engine's log shows what was read twice. Nothing is held against the command but what the engine saw.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import common
from benchmarks.accounts import Asked, Fate, accounts, is_summary_right, kept
from benchmarks.fault_script import Answer, FaultScript
from benchmarks.large_pdf import make_pdf
from benchmarks.marks import Mark, draw
from benchmarks.memory import Sample, drift, watched
from benchmarks.scripted_engine import running
from muniment.outputs import read_json
from muniment.reading import PageStatus

DAMAGED_EVERY = 5
"""One page of every so many documents is damaged."""
KILLED_AFTER = 0.6
"""Requests a page after which the command is killed: near the middle, as some pages are asked for more than once."""
_PAGE_TYPE = b"/Type /Page\n"
_LEFT_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run of the command, to its end or until it was killed.

    Attributes:
        left_behind: processes that outlived it.
        said: lines on standard error.
    """

    seconds: float
    samples: list[Sample]
    exit_code: int
    summary: str
    said: list[str]
    left_behind: int


def make_documents(folder: Path, documents: int, pages: int) -> list[Path]:
    """PDFs of marked pages, the middle page of every fifth one damaged."""
    paths = []
    for number in range(documents):
        path = folder / f"{number:03}.pdf"
        make_pdf(path, pages, 4, lambda pdf, page, number=number: draw(pdf, Mark(number, page)))  # type: ignore[misc]
        if number % DAMAGED_EVERY == 0:
            path.write_bytes(without_page(path.read_bytes(), damaged_page(pages)))
        paths.append(path)
    return paths


def damaged_page(pages: int) -> int:
    return (pages + 1) // 2


def without_page(pdf: bytes, number: int) -> bytes:
    """``pdf`` with its page ``number`` no page any more, and nothing else moved."""
    parts = pdf.split(_PAGE_TYPE)
    return _PAGE_TYPE.join(parts[:number]) + _PAGE_TYPE.replace(b"Page", b"Gone") + _PAGE_TYPE.join(parts[number:])


def read(command: Sequence[str], folder: Path, client: httpx.Client, kill_after: float | None) -> Stretch:
    """Run ``command``; kill it once the engine got ``kill_after`` requests."""
    start, samples, children = time.perf_counter(), [], []
    with (folder / "said").open("w+b") as said, (folder / "summary").open("w+b") as summary:
        with subprocess.Popen(command, stdout=summary, stderr=said) as process:
            for now in watched(process):
                samples.append(now)
                if kill_after is not None and client.get("/busy").json()["requests"] >= kill_after:
                    children = psutil.Process(process.pid).children(recursive=True)
                    process.kill()
                    break
        seconds = time.perf_counter() - start
        _, alive = psutil.wait_procs(children, timeout=_LEFT_AFTER)
        for child in alive:
            child.kill()
        said.seek(0)
        summary.seek(0)
        lines = said.read().decode().splitlines()
        return Stretch(seconds, samples, process.returncode, summary.read().decode(), lines, len(alive))


def log(client: httpx.Client) -> tuple[list[Asked], dict[str, int]]:
    """What the engine was asked up to now, and how many endless answers were left by the client, by kind."""
    found = client.get("/log").json()
    asked = [
        Asked(None if document is None else Mark(document, page), whole, Answer(answer), waited_for)
        for document, page, whole, answer, waited_for in found["asked"]
    ]
    return asked, found["left"]


def measure(documents: Sequence[Path], pages: int, folder: Path, given: argparse.Namespace) -> common.Result:
    """Read ``documents`` of ``pages`` pages each, killed once and resumed, and account for every page."""
    socket, output = folder / f"{len(documents)}.sock", folder / f"out-{len(documents)}"
    command = [sys.executable, "-m", "benchmarks.impatient", str(given.patience), str(socket), str(output)]
    command += map(str, documents)
    with running(socket, given.slots, given.delay, given.seed) as client:
        killed = read(command, folder, client, KILLED_AFTER * len(documents) * pages)
        before, ledger = log(client)[0], kept(output)
        resumed = read(command, folder, client, None)
        asked, left = log(client)
        busy = client.get("/busy").json()
    readings = [read_json((output / f"{path.stem}.json").read_text(encoding="utf-8")) for path in documents]
    fate = fate_of(len(documents), pages, FaultScript(given.seed))
    told = [page for reading in readings for page in reading.pages]
    expected = {f"muniment: {page.problem}" for page in told}
    row: common.Result = {
        "pages": len(documents) * pages,
        "told": Counter(page.status.value for page in told),
        "answers": Counter(entry.answer.value for entry in asked),
        "left": left,
        "late": sum(not entry.waited_for for entry in asked),
        "unmarked": sum(entry.mark is None for entry in asked),
        "under_way": busy["busy"] * given.slots,
        **accounts(readings, pages, fate, (before, asked[len(before) :]), ledger),
        "summary_wrong": int(not is_summary_right(json.loads(resumed.summary), resumed.exit_code, readings)),
        "left_behind": killed.left_behind,
        "said": [line for line in (*killed.said, *resumed.said) if line not in expected],
        "runs": [memory(stretch) for stretch in (killed, resumed)],
    }
    print(f"{row['pages']} pages: {killed.seconds + resumed.seconds:.0f} s, {len(asked)} requests", flush=True)
    return row


def fate_of(documents: int, pages: int, script: FaultScript) -> Fate:
    """What has to become of which pages."""
    marks = [Mark(document, page + 1) for document in range(documents) for page in range(pages)]
    damaged = {Mark(document, damaged_page(pages)) for document in range(0, documents, DAMAGED_EVERY)}
    return Fate({mark for mark in marks if script.hopeless(mark)} - damaged, damaged)


def memory(stretch: Stretch) -> common.Result:
    return {
        "seconds": stretch.seconds,
        "peak_pss": max(s.pss for s in stretch.samples),
        "peak_rss": max(s.rss for s in stretch.samples),
        "drift": drift(stretch.samples),
        "own": max(s.own for s in stretch.samples),
        "own_drift": drift(stretch.samples, own=True),
        "samples": [asdict(s) for s in stretch.samples],
    }


FAULTS = {
    "missing": "missing",
    "told_again": "told twice",
    "out_of_order": "out of order",
    "not_as_fated": "not read, fallen back or failed as they had to be",
    "flagged_wrongly": "flagged wrongly",
    "read_twice": "in the ledger, and asked for again",
    "unmarked": "requests without a known page",
    "summary_wrong": "summary or exit code wrong",
    "left_behind": "processes that outlived the killed command",
    "said": "lines on standard error, but for failed pages",
}
"""What must not be, in the order of the table."""


def count(found: int | list[Any]) -> int:
    return len(found) if isinstance(found, list) else found


def tables(result: common.Result) -> str:
    """Pages, answers and memory, as Markdown."""
    rows = result["rows"]
    sizes = [f"{row['pages']:,} pages" for row in rows]
    pages = [(status.value, *(row["told"].get(status.value, 0) for row in rows)) for status in PageStatus]
    pages += [(shown, *(count(row[name]) for row in rows)) for name, shown in FAULTS.items()]
    kill = {"kept": "in the ledger", "asked_again": "asked for again", "answered_again": "of these, answered before"}
    killed = [(shown, *(row[name] for row in rows)) for name, shown in kill.items()]
    answers = [(kind.value, *(row["answers"].get(kind.value, 0) for row in rows)) for kind in Answer]
    endless = (Answer.SILENT, Answer.LOOPING)
    answers += [(f"{kind}: left by the client", *(row["left"].get(kind, 0) for row in rows)) for kind in endless]
    answers += [("given when nobody waited any more", *(row["late"] for row in rows))]
    answers += [("requests under way, mean", *(row["under_way"] for row in rows))]
    runs = [
        (row["pages"], name, run["seconds"], run["peak_pss"], run["drift"], run["own"], run["own_drift"])
        for row in rows
        for name, run in zip(("until killed", "resumed"), row["runs"], strict=True)
    ]
    parts = [
        common.table(("pages told", *sizes), pages),
        common.table(("pages when killed", *sizes), killed),
        common.table(("answers", *sizes), answers),
        common.table(("pages", "run", "s", "peak PSS MiB", "drift MiB", "reading process: peak", "drift"), runs),
    ]
    return "\n\n".join(parts)


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[4, 40], help="PDFs of a run (default: 4 40)")
    parser.add_argument("--pages", type=int, default=250, help="of each PDF (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults (default: %(default)s)")
    parser.add_argument("--slots", type=int, default=64, help="of the engine (default: %(default)s)")
    parser.add_argument("--delay", type=float, default=0.02, help="seconds an answer takes (default: %(default)s)")
    parser.add_argument(
        "--patience", type=float, default=2.0, help="seconds the command waits for an answer (default: %(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    given = options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = make_documents(folder, max(given.documents), given.pages)
        rows = [measure(documents[:count], given.pages, folder, given) for count in given.documents]
    settings = {key: getattr(given, key) for key in ("seed", "slots", "delay", "patience")}
    result: common.Result = {"settings": settings, "rows": rows}
    print(f"{tables(result)}\n\nKept in {common.save('faults', result)}")
    if any(count(row[name]) for row in rows for name in FAULTS):
        sys.exit("Something is wrong with some pages.")


if __name__ == "__main__":
    main()

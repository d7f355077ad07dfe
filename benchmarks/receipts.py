"""Word recall and time a page on the receipts, beside stock RapidOCR and Tesseract.

Each file is read by all three one after another, in turning order, so that what else happens on the machine hits all
of them alike. A time is the median of --repeat readings, from the file on disk to lines of text. Muniment and RapidOCR
are warm and in this process; Tesseract is a process each time, as its users run it.
"""

import argparse
import os
import re
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import common

Reader = Callable[[Path], list[str]]
"""Reads a file to lines of text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One receipt: its words in the truth, and for each reader the words found and the seconds taken."""

    name: str
    size: str
    words: int
    found: dict[str, int]
    seconds: dict[str, float]


def words(text: str) -> list[str]:
    """The scoring's words: upper case, A to Z and 0 to 9."""
    return re.findall(r"[A-Z0-9]+", text.upper())


def truth(path: Path) -> Counter[str]:
    """The words of a truth file; rows without eight coordinates and a text are none."""
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    texts = (row.strip().split(",", 8)[8] for row in rows if row.count(",") >= 8)
    return Counter(word for text in texts for word in words(text))


def muniment_reader(threads: int) -> Reader:
    """The embedded engine in this process."""
    from muniment.documents import open_document
    from muniment.engines.embedded.engine import EmbeddedEngine

    engine = EmbeddedEngine(threads)

    def read(path: Path) -> list[str]:
        with path.open("rb") as file:
            content = engine.read(open_document(file, path.name).page(1).render())
        return [line.text for block in content.blocks for line in block.lines]

    return read


def rapidocr_reader() -> Reader:
    """Stock RapidOCR: ONNX Runtime, settings as they come."""
    from rapidocr import RapidOCR

    engine: Any = RapidOCR(params={"Global.log_level": "error"})
    return lambda path: list(engine(str(path)).txts or ())


def tesseract_reader() -> Reader:
    """Tesseract for a single column of text of variable sizes."""

    def read(path: Path) -> list[str]:
        command = ["tesseract", str(path), "-", "--psm", "4"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    return read


def measure(files: list[Path], readers: dict[str, Reader], repeat: int) -> list[Row]:
    """Read every file with every reader, ``repeat`` times."""
    for read in readers.values():
        read(files[0])
    rows = []
    names = list(readers)
    for number, path in enumerate(files):
        seconds: dict[str, list[float]] = {name: [] for name in names}
        found = {}
        wanted = truth(path.with_suffix(".csv"))
        for turn in range(repeat):
            shift = (number + turn) % len(names)
            for name in names[shift:] + names[:shift]:
                start = time.perf_counter()
                lines = readers[name](path)
                seconds[name].append(time.perf_counter() - start)
                found[name] = (wanted & Counter(word for line in lines for word in words(line))).total()
        medians = {name: statistics.median(times) for name, times in seconds.items()}
        rows.append(Row(path.stem, size_of(path), wanted.total(), found, medians))
        print(f"{path.stem}: " + ", ".join(f"{name} {medians[name]:.2f} s" for name in names), flush=True)
    return rows


def size_of(path: Path) -> str:
    from PIL import Image

    with Image.open(path) as image:
        return f"{image.width} x {image.height}"


def throughput(files: list[Path], jobs: int) -> common.Result:
    """All files through `muniment.reading.Run` and its sealed workers; words are counted in the text output."""
    import muniment
    from muniment.documents import Source
    from muniment.reading import DocumentOpened, PageDone, Run

    found, info = 0, None
    start = time.perf_counter()
    for event in Run([Source(path, path.name) for path in files], muniment.ReadOptions(jobs=jobs)):
        if isinstance(event, DocumentOpened):
            info = event.info
        elif isinstance(event, PageDone) and info is not None and event.source.path is not None:
            text = muniment.render(format=muniment.Format.TXT, document=muniment.DocumentReading(info, (event.page,)))
            found += (truth(event.source.path.with_suffix(".csv")) & Counter(words(text))).total()
    seconds = time.perf_counter() - start
    return {"workers": jobs, "seconds": seconds, "pages_a_second": len(files) / seconds, "found": found}


def tables(result: common.Result) -> str:
    """All three readers, the workers, and every receipt, as Markdown."""
    rows = [Row(**row) for row in result["rows"]]
    names = list(rows[0].seconds)
    total = sum(row.words for row in rows)
    stock = "RapidOCR" if "RapidOCR" in names else names[0]
    summary = []
    for name in names:
        seconds = sum(row.seconds[name] for row in rows)
        against = seconds / sum(row.seconds[stock] for row in rows)
        median = statistics.median(row.seconds[name] / row.seconds[stock] for row in rows)
        summary.append((name, sum(row.found[name] for row in rows) / total, seconds / len(rows), against, median))
    workers = [(run["workers"], run["found"] / total, run["pages_a_second"]) for run in result["workers"]]
    each = [
        (row.name, row.size, row.words, *(row.found[n] / row.words for n in names), *(row.seconds[n] for n in names))
        for row in rows
    ]
    parts = [
        common.table(
            ("reader", "word recall", "s a page", f"sum / {stock}'s", f"median of ratios to {stock}"), summary
        ),
        common.table(("workers", "word recall in the text output", "pages/s"), workers),
        common.table(("receipt", "pixels", "words", *(f"{n} recall" for n in names), *(f"{n} s" for n in names)), each),
    ]
    return "\n\n".join(part for part, shown in zip(parts, (summary, workers, each), strict=True) if shown)


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    common.add_data_option(parser)
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count(), help="for the embedded engine (default: all cores)"
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="readings of each file by each reader (default: %(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, nargs="*", default=[1, 2], help="numbers of workers to try (default: 1 2)"
    )
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="NAME", help="receipts to read, like 005 (default: all)"
    )
    parser.add_argument("--alone", action="store_true", help="Muniment only: quick, and not comparable between runs")
    return parser.parse_args()


def main() -> None:
    given = options()
    files = sorted(common.data_folder(given.data, "receipts").glob("*.jpg"))
    files = [path for path in files if not given.only or path.stem in given.only]
    readers = {"Muniment": muniment_reader(given.threads)}
    if not given.alone:
        readers |= {"RapidOCR": rapidocr_reader(), "Tesseract": tesseract_reader()}
    rows = measure(files, readers, given.repeat)
    result: common.Result = {
        "settings": {"threads": given.threads, "repeat": given.repeat, "receipts": len(files)},
        "rows": [asdict(row) for row in rows],
        "workers": [throughput(files, jobs) for jobs in given.workers],
    }
    print(f"\n{tables(result)}\n\nKept in {common.save('receipts', result)}")


if __name__ == "__main__":
    main()

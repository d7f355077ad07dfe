"""Peak memory and throughput of `muniment ocr` on PDFs of 50, 250 and 1,000 pages.

The PDFs mix pages with a text layer and scanned ones (the example report's pages, turn and turn about). The command
runs as its users run it; the memory of all its processes together is sampled twice a second: PSS, in which shared
pages are counted once, and RSS, in which they are counted for each process.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pypdfium2
from fpdf import FPDF

from benchmarks import common
from benchmarks.memory import MIB, drift, watched

SCANNED = common.REPOSITORY / "examples" / "documents" / "report-scanned.pdf"
PARAGRAPH = (
    "The keeper of the rolls shall visit every press once in the quarter, shall note what is damp and what is dry, and "
    "shall enter both in the book, so that whoever comes after may know what was done and what was left undone. "
)


def scans() -> list[bytes]:
    """The example report's pages as pictures of 100 dpi."""
    pictures = []
    with pypdfium2.PdfDocument(SCANNED) as pdf:
        for page in pdf:
            file = io.BytesIO()
            page.render(scale=100 / 72, grayscale=True).to_pil().save(file, "PNG")
            pictures.append(file.getvalue())
    return pictures


def make_pdf(path: Path, pages: int, scanned_every: int, adorn: Callable[[FPDF, int], None] | None = None) -> None:
    """``pages`` pages, every ``scanned_every``th of them a picture; ``adorn`` may add to each."""
    pdf = FPDF(unit="pt", format="A4")
    pictures = scans()
    for number in range(1, pages + 1):
        pdf.add_page()
        if number % scanned_every == 0:
            picture = pictures[(number // scanned_every) % len(pictures)]
            pdf.image(io.BytesIO(picture), x=0, y=0, w=pdf.w, h=pdf.h)
        else:
            print_page(pdf, number)
        if adorn is not None:
            adorn(pdf, number)
    pdf.output(str(path))


def print_page(pdf: FPDF, number: int) -> None:
    """A page of text that carries its number."""
    pdf.set_font("Helvetica", "B", 16)
    pdf.cell(0, 30, f"Of the presses, part {number}", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Times", "", 11)
    for count in range(5):
        pdf.multi_cell(0, 15, f"{number}.{count + 1} {PARAGRAPH * 2}", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(6)


def measure(pages: int, jobs: int, scanned_every: int) -> common.Result:
    """Make a PDF, read it, and say what that took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{pages}.pdf"
        make_pdf(path, pages, scanned_every)
        muniment = str(Path(sys.executable).parent / "muniment")
        start = time.perf_counter()
        with subprocess.Popen([muniment, "ocr", str(path), "-o", folder, "--jobs", str(jobs), "--quiet"]) as running:
            samples = list(watched(running))
        if running.returncode:
            sys.exit(f"muniment ocr ended with exit code {running.returncode}")
        seconds = time.perf_counter() - start
        size = path.stat().st_size
    run: common.Result = {
        "pages": pages,
        "jobs": jobs,
        "file_mib": size / MIB,
        "seconds": seconds,
        "peak_pss": max(s.pss for s in samples),
        "peak_rss": max(s.rss for s in samples),
        "drift": drift(samples),
        "samples": [asdict(s) for s in samples],
    }
    print(f"{pages} pages, {jobs} workers: {seconds:.0f} s, peak {run['peak_pss']:.0f} MiB", flush=True)
    return run


def tables(result: common.Result) -> str:
    """Every run, as Markdown."""
    rows = [
        (r["pages"], r["jobs"], r["seconds"], r["pages"] / r["seconds"], r["peak_pss"], r["peak_rss"], r["drift"])
        for r in result["runs"]
    ]
    heads = ("pages", "workers", "s", "pages/s", "peak PSS MiB", "peak RSS MiB", "PSS drift MiB")
    return common.table(heads, rows)


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument(
        "--pages", type=int, nargs="+", default=[50, 250, 1000], help="page counts (default: 50 250 1000)"
    )
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2], help="numbers of workers (default: 1 2)")
    parser.add_argument("--scanned-every", type=int, default=4, help="one page in N is a scan (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    given = options()
    runs = [measure(pages, jobs, given.scanned_every) for jobs in given.jobs for pages in given.pages]
    result: common.Result = {"settings": {"scanned_every": given.scanned_every}, "runs": runs}
    print(f"\n{tables(result)}\n\nKept in {common.save('large_pdf', result)}")


if __name__ == "__main__":
    main()

"""How busy Muniment keeps an engine's slots: many documents against a scripted engine with a fixed delay.

Beside it the original way: pages one by one, rendered at 300 dpi, sent as PNG. That one is timed on a few pages.
"""

import base64
import io
import os
import tempfile
import time
from pathlib import Path

import pypdfium2

from benchmarks import common
from benchmarks.large_pdf import make_pdf
from benchmarks.scripted_engine import running
from muniment.documents import Source
from muniment.reading import PageDone, ReadOptions, Run, TextLayerUse


def ours(documents: list[Path], socket: Path, slots: int, delay: float) -> common.Result:
    """All documents through Muniment."""
    with running(socket, slots, delay) as client:
        options = ReadOptions(engines=(f"unix:{socket}",), text_layer=TextLayerUse.NEVER, jobs=2)
        start, before = time.perf_counter(), os.times()
        pages = sum(isinstance(e, PageDone) for e in Run([Source(path, path.name) for path in documents], options))
        seconds, after = time.perf_counter() - start, os.times()
        told = client.get("/busy").json()
    cpu = sum(after[:4]) - sum(before[:4])
    return {
        "pages": pages,
        "seconds": seconds,
        "busy": told["busy"],
        "cpu": cpu / pages,
        "bytes": told["bytes"] / told["requests"],
    }


def original(document: Path, socket: Path, delay: float, pages: int) -> common.Result:
    """The first ``pages`` pages one by one, as PNG at 300 dpi."""
    with running(socket, 64, delay) as client:
        start, sent, before = time.perf_counter(), 0, time.process_time()
        with pypdfium2.PdfDocument(document) as pdf:
            for number in range(pages):
                file = io.BytesIO()
                pdf[number].render(scale=300 / 72).to_pil().save(file, "PNG")
                url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
                content = [{"type": "image_url", "image_url": {"url": url}}]
                answer = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": content}]})
                sent += len(answer.request.content)
        seconds = time.perf_counter() - start
    cpu = (time.process_time() - before) / pages
    return {"pages": pages, "seconds": seconds, "busy": delay * pages / seconds / 64, "cpu": cpu, "bytes": sent / pages}


def tables(result: common.Result) -> str:
    """Both ways, as Markdown."""
    rows = [
        (
            row["way"],
            row["pages"],
            row["seconds"],
            row["pages"] / row["seconds"],
            row["busy"],
            row["cpu"],
            row["bytes"] / 1e6,
        )
        for row in result["rows"]
    ]
    return common.table(("way", "pages", "s", "pages/s", "slots busy", "CPU s a page", "MB a page"), rows)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--documents", type=int, default=20, help="PDFs (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=500, help="pages in all (default: %(default)s)")
    parser.add_argument("--slots", type=int, default=64, help="of the engine (default: %(default)s)")
    parser.add_argument("--delay", type=float, default=20.0, help="seconds an answer takes (default: %(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = [folder / f"{number}.pdf" for number in range(given.documents)]
        for document in documents:
            make_pdf(document, given.pages // given.documents, 4)
        rows = [
            {"way": "Muniment", **ours(documents, folder / "a.sock", given.slots, given.delay)},
            {"way": "one by one, PNG at 300 dpi", **original(documents[0], folder / "b.sock", given.delay, 4)},
        ]
    settings = {"slots": given.slots, "delay": given.delay, "documents": given.documents}
    result: common.Result = {"settings": settings, "rows": rows}
    print(f"{tables(result)}\n\nKept in {common.save('slots', result)}")


if __name__ == "__main__":
    main()

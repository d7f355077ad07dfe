"""How well a checkpoint reads in a real vLLM, in numbers: ``python -m readingmodel.evaluate FOLDER pages slips``."""

import argparse
import base64
import io
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image

from muniment.engines.local import SealedServer, ServerSettings
from muniment.engines.openai import Endpoint
from readingmodel import alphabet, scoring
from readingmodel.fonts import FIRST, SEEN, UNSEEN, Family, Fonts, fonts_in
from readingmodel.pages import PageKind
from readingmodel.samples import Sample, make_sample
from readingmodel.settings import KINDS

FACES = {"first": FIRST, "seen": SEEN, "unseen": UNSEEN}
SEED = 999_999_937
"""No training draws its pages from it."""


@dataclass(slots=True)
class Scores:
    """What many pages give together."""

    pages: int = 0
    perfect: int = 0
    characters: float = 0.0
    words: float = 0.0
    tags: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))
    marks: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))
    tables: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))

    def add(self, true: str, read: str) -> None:
        self.pages += 1
        self.perfect += true == read
        self.characters += scoring.character_error(true, read)
        self.words += scoring.word_error(true, read)
        self.tags += scoring.tags(true, read)
        self.marks += scoring.marks(true, read)
        self.tables += scoring.tables(true, read)

    def __str__(self) -> str:
        counted = (("tags", self.tags), ("marks", self.marks), ("tables", self.tables))
        shares = "; ".join(f"{name} {marks.right}/{marks.wanted} ({marks.share:.1%})" for name, marks in counted)
        return (
            f"{self.pages} pages, {self.perfect} without a mistake; "
            f"character error {self.characters / self.pages:.2%}; word error {self.words / self.pages:.2%}; {shares}"
        )


def held_out(fonts: Fonts, families: tuple[Family, ...], kind: PageKind, pages: int) -> Iterator[Sample]:
    """Pages that no training has seen; the same ones every time."""
    rng = random.Random(SEED)
    for _ in range(pages):
        yield make_sample(fonts, families, kind, rng)


def read(http: httpx.Client, model: str, sample: Sample, most: int) -> str:
    """What the model says of one page. Raises httpx.HTTPError if the server does not answer."""
    file = io.BytesIO()
    Image.fromarray(sample.picture).save(file, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    content = [{"type": "image_url", "image_url": {"url": url}}]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "max_tokens": most,
    }
    answer = http.post("/v1/chat/completions", json=body).raise_for_status().json()
    return str(answer["choices"][0]["message"]["content"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m readingmodel.evaluate", description="Say how well it reads.")
    parser.add_argument("checkpoint", type=Path, help="folder that readingmodel.export wrote")
    parser.add_argument("kinds", choices=sorted(KINDS), nargs="+")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--faces", choices=sorted(FACES), nargs="+", default=["first"])
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--vllm-python", default="", help="Python of the environment that vLLM is installed in")
    options = parser.parse_args()
    fonts = fonts_in(options.fonts)
    settings = ServerSettings(model=options.checkpoint, python=options.vllm_python, arguments=("--enforce-eager",))
    with SealedServer(settings) as server, ThreadPoolExecutor(options.at_once) as threads:
        transport = httpx.HTTPTransport(uds=Endpoint.parse(server.address).socket)
        with httpx.Client(transport=transport, base_url="http://vllm", timeout=600) as http:
            for faces in options.faces:
                for name in options.kinds:
                    kind = KINDS[name]
                    samples = list(held_out(fonts, fonts.families(FACES[faces]), kind, options.pages))
                    answers = threads.map(
                        lambda sample, most=kind.most: read(http, server.model, sample, most), samples
                    )
                    scores = Scores()
                    for sample, answer in zip(samples, answers, strict=True):
                        scores.add(alphabet.text(sample.answer.tolist()), answer)
                    print(f"{name}, {faces} faces: {scores}", flush=True)


if __name__ == "__main__":
    main()

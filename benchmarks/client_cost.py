"""What a page image costs until it is sent, and how well it can still be read, by format, quality and size.

- Cost: processor time of rendering (or decoding), of sizing and of encoding (base64 and the request's JSON included),
  and the bytes of the request, for every choice in turn on every page. Beside it the original way: PDFs rendered at
  300 dpi and images as they are, as PNG.
- Legibility: the share of the true words that the embedded engine reads in the very image that would be sent, encoded
  and decoded again (by Pillow, as vLLM does). It is no vision-language model; it sees if letters are still letters.
"""

import argparse
import base64
import io
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import cv2
import httpx
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from benchmarks import common
from benchmarks.sample_pages import SamplePage, counted, sample_pages
from muniment.documents import Document, PageImage, open_document
from muniment.engines.embedded.engine import EmbeddedEngine
from muniment.engines.image import EncodedImage, ImageLimits
from muniment.engines.openai import ChatRequest
from muniment.engines.openai.request import body_of
from muniment.engines.profiles import DEFAULT_PROFILE, load_profile
from muniment.reading.picture import encode, fit

Pixels = NDArray[np.uint8]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Choice:
    """How a page is sent; ``quality`` 0 for formats that lose nothing."""

    format: str
    quality: int
    side: int

    def __str__(self) -> str:
        return f"{self.format} {self.quality}" if self.quality else self.format

    @property
    def name(self) -> str:
        """What its figures are kept under."""
        return f"{self} {self.side}"

    @property
    def limits(self) -> ImageLimits:
        if self.format == "PNG":
            return ImageLimits(longest_side=self.side, format="png")
        return ImageLimits(longest_side=self.side, quality=self.quality)


ENCODINGS = (("PNG", 0), *(("JPEG", quality) for quality in (60, 75, 85, 90, 95)), ("WebP", 75))
SIDES = (1280, 1764, 2048)
CHOICES = [Choice(*encoding, side) for side in SIDES for encoding in ENCODINGS]
DEFAULT = Choice("JPEG", ImageLimits().quality, ImageLimits().longest_side)
READ = [choice for choice in CHOICES if choice.side == DEFAULT.side or str(choice) in ("PNG", str(DEFAULT))]
"""Of which legibility is measured; PNG stands for the picture as it is."""
ORIGINAL = "original way"


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds and bytes of one page."""

    render: float
    fit: float
    encode: float
    bytes: int

    @property
    def seconds(self) -> float:
        return self.render + self.fit + self.encode


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """What ``make`` makes, and the processor seconds that took."""
    start = time.process_time()
    made = make()
    return made, time.process_time() - start


def encoded(pixels: Pixels, choice: Choice) -> EncodedImage:
    """As the reading room does it; WebP, which that does not offer, by the same steps."""
    if choice.format != "WebP":
        return encode(pixels, choice.limits)
    _, data = cv2.imencode(".webp", pixels[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, choice.quality])
    return EncodedImage(base64.b64encode(data.tobytes()).decode(), "image/webp", pixels.shape[1], pixels.shape[0])


def request_for(image: EncodedImage) -> bytes:
    """The body that is sent."""
    profile = load_profile(DEFAULT_PROFILE)
    asked = ChatRequest(
        prompt=profile.prompt,
        images=(image,),
        temperature=0.0,
        max_tokens=profile.max_tokens,
        repetition_penalty=profile.repetition_penalty,
    )
    return httpx.Request("POST", "http://engine", json=body_of(asked, "model", frozenset())).content


def cost(document: Document, number: int, choice: Choice) -> Cost:
    """Picture and encode a page once."""
    limits = choice.limits
    image, render = timed(lambda: document.page(number).render(limits.longest_side))
    fitted, sizing = timed(lambda: fit(image.pixels, limits))
    body, encoding = timed(lambda: request_for(encoded(fitted, choice)))
    return Cost(render, sizing, encoding, len(body))


def original_cost(page: SamplePage) -> Cost:
    """The original way, once."""

    def pictured() -> Image.Image:
        if page.path.suffix != ".pdf":
            return Image.open(page.path).convert("RGB")
        with pypdfium2.PdfDocument(page.path) as pdf:
            picture: Image.Image = pdf[page.number - 1].render(scale=300 / 72).to_pil()
            return picture

    def body(picture: Image.Image) -> bytes:
        file = io.BytesIO()
        picture.save(file, "PNG")
        return request_for(EncodedImage(base64.b64encode(file.getvalue()).decode(), "image/png", *picture.size))

    picture, render = timed(pictured)
    content, encoding = timed(lambda: body(picture))
    return Cost(render, 0.0, encoding, len(content))


def costs(page: SamplePage, document: Document, repeat: int) -> dict[str, Cost]:
    """The median costs of every choice on one page, the choices in turn."""
    found: dict[str, list[Cost]] = {}
    for _ in range(repeat):
        for choice in CHOICES:
            found.setdefault(choice.name, []).append(cost(document, page.number, choice))
        found.setdefault(ORIGINAL, []).append(original_cost(page))
    return {name: _median(times) for name, times in found.items()}


def _median(times: Sequence[Cost]) -> Cost:
    render, sizing, encoding = (
        statistics.median(values) for values in zip(*((c.render, c.fit, c.encode) for c in times), strict=True)
    )
    return Cost(render, sizing, encoding, times[0].bytes)


def found_words(page: SamplePage, document: Document, engine: EmbeddedEngine) -> dict[str, int]:
    """How many of a page's words are read in what every choice would send; images that are the same are read once."""
    known: dict[bytes, int] = {}
    found = {}
    for choice in READ:
        fitted = fit(document.page(page.number).render(choice.side).pixels, choice.limits)
        pixels = decoded(encoded(fitted, choice))
        if choice.format == "PNG":
            assert np.array_equal(pixels, fitted)
        key = pixels.tobytes()
        if key not in known:
            known[key] = _count(engine, pixels, page.words)
        found[choice.name] = known[key]
    return found


def decoded(image: EncodedImage) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image.base64))).convert("RGB"), np.uint8)


def _count(engine: EmbeddedEngine, pixels: Pixels, words: Counter[str]) -> int:
    content = engine.read(PageImage(pixels))
    return (words & counted([line.text for block in content.blocks for line in block.lines])).total()


def measure(page: SamplePage, engine: EmbeddedEngine, repeat: int) -> common.Result:
    with page.path.open("rb") as file:
        document = open_document(file, page.path.name)
        row: common.Result = {
            "kind": page.kind,
            "words": page.words.total(),
            "found": found_words(page, document, engine),
            "costs": {name: asdict(each) for name, each in costs(page, document, repeat).items()},
        }
        document.close()
    print(f"{page.path.name} {page.number}: {row['words']} words", flush=True)
    return row


def tables(result: common.Result) -> str:
    """Legibility and cost, as Markdown."""
    rows = result["rows"]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    read = [
        (choice.side, str(choice), *(recall(rows, choice.name, kind) for kind in (*kinds, "")), *changed(rows, choice))
        for choice in READ
    ]
    paid = [(choice.side, str(choice), *spent(rows, choice.name)) for choice in CHOICES]
    paid.append(("-", "PNG, 300 dpi", *spent(rows, ORIGINAL)))
    spoken = (*(f"recall, {kind}" for kind in (*kinds, "all")), "words lost", "won")
    costly = ("render ms", "fit ms", "encode ms", "of default's time", "MB", "of default's bytes")
    return "\n\n".join(
        common.table(("longest side", "sent as", *heads), lines) for heads, lines in ((spoken, read), (costly, paid))
    )


def recall(rows: Sequence[common.Result], name: str, kind: str = "") -> float:
    """Word recall of a choice, on pages of one kind or all."""
    chosen = [row for row in rows if kind in ("", row["kind"])]
    return float(sum(row["found"][name] for row in chosen) / sum(row["words"] for row in chosen))


def changed(rows: Sequence[common.Result], choice: Choice) -> tuple[int, int]:
    """Words that pages lost, and words that others won, against the same pictures not encoded."""
    plain = Choice("PNG", 0, choice.side).name
    won = [row["found"][choice.name] - row["found"][plain] for row in rows]
    return -sum(min(words, 0) for words in won), sum(max(words, 0) for words in won)


def spent(rows: Sequence[common.Result], name: str) -> tuple[float, ...]:
    """Medians over all pages: milliseconds of each step, time by the default's, MB, bytes by the default's."""
    pairs = [(Cost(**row["costs"][name]), Cost(**row["costs"][DEFAULT.name])) for row in rows]
    values = [
        (1e3 * c.render, 1e3 * c.fit, 1e3 * c.encode, c.seconds / d.seconds, c.bytes / 1e6, c.bytes / d.bytes)
        for c, d in pairs
    ]
    return tuple(statistics.median(column) for column in zip(*values, strict=True))


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    common.add_data_option(parser)
    parser.add_argument("--repeat", type=int, default=3, help="times each cost is taken (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for the embedded engine (default: all)")
    return parser.parse_args()


def main() -> None:
    given = options()
    engine = EmbeddedEngine(given.threads)
    pages = sample_pages(given.data)
    rows = [measure(page, engine, given.repeat) for page in pages]
    result: common.Result = {"settings": {"repeat": given.repeat, "pages": len(pages)}, "rows": rows}
    print(f"\n{tables(result)}\n\nKept in {common.save('client_cost', result)}")


if __name__ == "__main__":
    main()

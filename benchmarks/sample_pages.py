"""Pages of known text: the receipts, the English pages of OmniDocBench's demo set, and the example documents."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import common, omnidocbench, receipts

EXAMPLES = common.REPOSITORY / "examples"
_WORDED = frozenset({"text", "caption"})


@dataclass(frozen=True, slots=True)
class SamplePage:
    """A page, and the words that are known to stand on it, each as often as it does."""

    kind: str
    path: Path
    number: int
    words: Counter[str]


def sample_pages(data: Path) -> list[SamplePage]:
    """All pages; ``data`` is the folder of evaluation data."""
    return [*_receipts(data), *_english_pages(data), *_examples()]


def worded(truth: Any) -> Iterator[str]:
    """Every text in an example's truth: blocks, cells, items, captions; formulas are none."""
    if isinstance(truth, dict):
        for name, value in truth.items():
            if name in _WORDED and isinstance(value, str):
                yield value
            else:
                yield from worded(value)
    elif isinstance(truth, list):
        for value in truth:
            yield from worded(value)


def counted(texts: Iterator[str] | list[str]) -> Counter[str]:
    """The scoring's words of all ``texts``."""
    return Counter(word for text in texts for word in receipts.words(text))


def _receipts(data: Path) -> Iterator[SamplePage]:
    for path in sorted(common.data_folder(data, "receipts").glob("*.jpg")):
        yield SamplePage("receipts", path, 1, receipts.truth(path.with_suffix(".csv")))


def _english_pages(data: Path) -> Iterator[SamplePage]:
    folder = common.data_folder(data, "omnidocbench-demo")
    for page in json.loads((folder / "truth.json").read_text(encoding="utf-8")):
        if page["page_info"]["page_attribute"]["language"] == "english":
            path = folder / "images" / page["page_info"]["image_path"]
            yield SamplePage("English pages", path, 1, counted(omnidocbench.true_texts(page)))


def _examples() -> Iterator[SamplePage]:
    for truth in sorted((EXAMPLES / "truth").glob("*.json")):
        found = json.loads(truth.read_text(encoding="utf-8"))
        for number, page in enumerate(found["pages"], 1):
            yield SamplePage("examples", EXAMPLES / "documents" / found["document"], number, counted(worded(page)))

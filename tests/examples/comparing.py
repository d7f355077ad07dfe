"""Comparing what was read with what was written."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

import muniment
from examples.make_documents import FOLDER

Truth = dict[str, Any]

APPROXIMATE = ("equation", "figure")
"""Kinds whose letters are not compared: formulas are read as characters, and pictures hold what they hold."""


def truth_of(name: str) -> list[Truth]:
    """The pages of the example ``name``, as written."""
    pages: list[Truth] = json.loads((FOLDER / "truth" / f"{name}.json").read_text(encoding="utf-8"))["pages"]
    return pages


def true_blocks(name: str, kind: str) -> list[Truth]:
    return [block for page in truth_of(name) for block in page["blocks"] if block["kind"] == kind]


def words(text: str) -> list[str]:
    """Letters and digits, in lower case, without the rest."""
    return re.findall(r"[^\W_]+", text.lower())


def squeezed(text: str) -> str:
    """``text`` for comparing cells and headings: typographic quotes and dashes made plain, spaces single."""
    plain = text.translate(str.maketrans("‘’“”–—−", "''\"\"---"))
    return " ".join(plain.split())


def true_text(block: Truth) -> str:
    match block["kind"]:
        case "list":
            return " ".join(item["text"] for item in block["items"])
        case "table":
            return " ".join(cell["text"] for cell in block["cells"])
        case "equation" | "figure":
            return str(block.get("caption", ""))
    return str(block["text"])


def read_text(block: muniment.Block) -> str:
    match block:
        case muniment.ListBlock():
            return " ".join(f"{item.marker} {item.text}" for item in block.items)
        case muniment.Table():
            return " ".join([block.caption, *(cell.text for cell in block.cells)])
        case muniment.Figure():
            return f"{block.text} {block.caption}"
    return block.text


def word_recall(pages: Sequence[Truth], blocks: Iterable[muniment.Block]) -> float:
    """Share of the written words that were read, each counted as often as it stands there."""
    wanted = Counter(word for page in pages for block in page["blocks"] for word in words(true_text(block)))
    found = Counter(word for block in blocks for word in words(read_text(block)))
    return (wanted & found).total() / wanted.total()


def begins(page: Truth, blocks: Iterable[muniment.Block], count: int = 5) -> Iterator[int]:
    """Where in the words read from a page each of its true blocks (without furniture) begins; -1 if nowhere.

    A block of one word is looked for together with the beginning of the next one, or it might be found elsewhere.
    """
    read = f" {' '.join(word for block in blocks if not block.furniture for word in words(read_text(block)))} "
    true = [words(true_text(block)) for block in page["blocks"] if not block.get("furniture")]
    for block, following in zip(true, [*true[1:], []], strict=True):
        if block:
            opening = block if len(block) > 1 else block + following
            yield read.find(f" {' '.join(opening[:count])} ")


def alike(text: str, other: str) -> bool:
    """Whether two short texts are the same but for a letter or two that were misread."""
    return SequenceMatcher(None, text, other).ratio() > 0.95


def cell_accuracy(truth: Truth, table: muniment.Table) -> float:
    """Share of the true cells that stand at their row and column, with their text and spans."""
    read = {(cell.row, cell.column): cell for cell in table.cells}
    right = 0
    for wanted in truth["cells"]:
        cell = read.get((wanted["row"], wanted["column"]))
        spans = (wanted.get("row_span", 1), wanted.get("column_span", 1))
        right += (
            cell is not None and squeezed(cell.text) == wanted["text"] and (cell.row_span, cell.column_span) == spans
        )
    return right / len(truth["cells"])

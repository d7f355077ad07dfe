"""Similarity of texts, of reading orders and of tables; all from 0 to 1."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from apted import APTED, Config
from pylatexenc.latex2text import LatexNodes2Text
from rapidfuzz.distance import Levenshtein

RUN = 6
"""How many neighbouring blocks on one side may together be one block on the other."""


_FORMULA = re.compile(r"\$ [^$]+ \$")  # the truth sets spaces inside its dollar signs, and prices have none
_SPACES_AROUND = re.compile(r"\s*\n\s*")
_TO_TEXT = LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


def plain(text: str) -> str:
    """``text`` with formulas in LaTeX as characters ("68.3 ± 19.7"), as OmniDocBench compares them."""
    return _FORMULA.sub(_as_characters, text)


def _as_characters(formula: re.Match[str]) -> str:
    return _SPACES_AROUND.sub(" ", _TO_TEXT.latex_to_text(formula[0], tolerant_parsing=True)).strip()


def letters(text: str) -> str:
    """Letters and digits only (NFKC), as OmniDocBench compares blocks: neither spaces nor punctuation count."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def flat(text: str) -> str:
    """Every character (NFKC), runs of white space as one space: what whole pages are compared by."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def similarity(one: str, other: str) -> float:
    """1 less the edit distance over the longer length."""
    score: float = Levenshtein.normalized_similarity(one, other)
    return score


@dataclass(frozen=True, slots=True)
class Match:
    """A run of true blocks and a run of read ones that belong together: first index and length of each."""

    true: range
    read: range
    similarity: float


def match(true: Sequence[str], read: Sequence[str]) -> list[Match]:
    """Pairs of runs, best first, no block used twice; at least one side of each pair is a single block."""
    found = sorted(_candidates(true, read), key=lambda m: (-m.similarity, m.true.start, m.read.start))
    taken_true: set[int] = set()
    taken_read: set[int] = set()
    kept = []
    for pair in found:
        if taken_true.isdisjoint(pair.true) and taken_read.isdisjoint(pair.read):
            taken_true.update(pair.true)
            taken_read.update(pair.read)
            kept.append(pair)
    return kept


def _candidates(true: Sequence[str], read: Sequence[str]) -> Iterator[Match]:
    for start in range(len(true)):
        for first in range(len(read)):
            for length in range(1, RUN + 1):
                yield from _pair(true, read, range(start, start + 1), range(first, first + length))
                if length > 1:
                    yield from _pair(true, read, range(start, start + length), range(first, first + 1))


def _pair(true: Sequence[str], read: Sequence[str], wanted: range, found: range) -> Iterator[Match]:
    if wanted.stop <= len(true) and found.stop <= len(read):
        one, other = "".join(true[wanted.start : wanted.stop]), "".join(read[found.start : found.stop])
        score = Levenshtein.normalized_similarity(one, other, score_cutoff=0.3)
        if score > 0:
            yield Match(wanted, found, score)


def text_similarity(true: Sequence[str], read: Sequence[str], pairs: Sequence[Match]) -> float:
    """1 less all edits over all characters of the longer side; a block without a partner is all edits."""
    edits = length = 0
    for pair in pairs:
        one, other = "".join(true[pair.true.start : pair.true.stop]), "".join(read[pair.read.start : pair.read.stop])
        edits += Levenshtein.distance(one, other)
        length += max(len(one), len(other))
    alone = _alone(true, [pair.true for pair in pairs]) + _alone(read, [pair.read for pair in pairs])
    return 1 - (edits + alone) / max(1, length + alone)


def _alone(blocks: Sequence[str], taken: Sequence[range]) -> int:
    return sum(len(text) for index, text in enumerate(blocks) if not any(index in run for run in taken))


def order_similarity(pairs: Sequence[Match]) -> float:
    """1 less the edit distance of the order in which matched blocks were read to the true one, over their count."""
    by_truth = sorted(pairs, key=lambda pair: pair.true.start)
    read_order = [pair.read.start for pair in by_truth]
    score: float = Levenshtein.normalized_similarity(read_order, sorted(read_order))
    return score


@dataclass(slots=True)
class Node:
    """A node of a table's tree: table, tr or td."""

    tag: str
    children: list["Node"] = field(default_factory=list)
    text: str = ""
    spans: tuple[int, int] = (1, 1)

    def count(self) -> int:
        return 1 + sum(child.count() for child in self.children)


class _TableParser(HTMLParser):
    """Reads table, tr, td and th; head and body sections and mark-up inside cells are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Node("table")
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.table.children.append(Node("tr"))
        elif tag in ("td", "th") and self.table.children:
            given = dict(attrs)
            spans = (int(given.get("rowspan") or 1), int(given.get("colspan") or 1))
            self.table.children[-1].children.append(Node("td", spans=spans))
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.table.children[-1].children[-1].text += data


def table_tree(html: str) -> Node:
    """The tree of the (first) table in ``html``."""
    parser = _TableParser()
    parser.feed(plain(html))
    return parser.table


class _Costs(Config):  # type: ignore[misc]  # apted has no types
    """TEDS: a changed tag or span costs 1, a changed text its normalised edit distance."""

    def __init__(self, structure_only: bool) -> None:
        self._structure_only = structure_only

    def rename(self, node1: Node, node2: Node) -> float:
        if node1.tag != node2.tag or node1.spans != node2.spans:
            return 1.0
        if node1.tag != "td" or self._structure_only:
            return 0.0
        return 1 - similarity(flat(node1.text), flat(node2.text))

    def children(self, node: Node) -> list[Node]:
        return node.children


def teds(true: Node, read: Node, *, structure_only: bool = False) -> float:
    """Tree-edit-distance similarity of two tables."""
    distance = APTED(true, read, _Costs(structure_only)).compute_edit_distance()
    return 1 - float(distance) / max(true.count(), read.count())

"""The fields of several pages as one whole."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from muniment.text.extraction.answers import PageFields
from muniment.text.extraction.judging import is_empty, judge
from muniment.text.extraction.problems import MISSING, FieldProblem
from muniment.text.extraction.schema import Schema
from muniment.text.extraction.shapes import Path, Shape, as_key, told

_INDEX = re.compile(r"\[\d+\]")

Found = tuple[int, Any]
"""A page's number, and what it says."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Pages that say different things about a field; the first of them counts."""

    field: str
    pages: tuple[int, ...]

    def __str__(self) -> str:
        pages = " and ".join(map(str, self.pages))
        return f"{self.field}: pages {pages} say different things, and page {self.pages[0]} counts"


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a document says.

    Attributes:
        data: the fields, in the schema's order, ready for JSON.
        sources: shaped as ``data``, with the number of the page in the place of each value. A list has one number for
            each item. What no page mentions is not there.
        problems: what does not fit the schema.
        conflicts: where pages contradict each other.
    """

    data: dict[str, Any]
    sources: dict[str, Any]
    problems: tuple[FieldProblem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the data is what the schema asks for."""
        return not self.problems


def merge(schema: Schema, pages: Sequence[tuple[int, PageFields]], unanswered: Sequence[int] = ()) -> Extraction:
    """The whole of ``pages``, numbers and fields in order.

    Of a single value the first page's counts, and so does the first page's object where the constants of a schema's
    alternatives tell that others are of another kind. Lists are joined; an item that ends one page's list and begins
    that of the next is taken once, as is a whole list that the next page repeats; where items are unique, each is taken
    once. The result is judged by the schema as it was given, and by the model's validators.

    Args:
        schema: what is wanted.
        pages: what they say.
        unanswered: the numbers of those that nothing is known of.
    """
    merger = _Merger(schema)
    data, sources = merger.objects([(number, fields.values) for number, fields in pages], schema.shape, ())
    told_already = tuple(
        FieldProblem(problem.field, problem.what, number) for number, fields in pages for problem in fields.problems
    )
    verdict = judge(schema, data, sources, unanswered)
    new = tuple(problem for problem in verdict.problems if not _is_told(problem, told_already))
    return Extraction(
        _ordered(verdict.data, schema.shape),
        _kept(sources, verdict.data),
        told_already + new,
        tuple(merger.conflicts),
    )


def _is_told(problem: FieldProblem, before: Sequence[FieldProblem]) -> bool:
    """Whether a field is missing because what a page says about it was left out. Items count anew in the whole."""
    return problem.what.startswith(MISSING) and any(
        _INDEX.sub("", earlier.field) == _INDEX.sub("", problem.field) and problem.page in (None, earlier.page)
        for earlier in before
    )


class _Merger:
    def __init__(self, schema: Schema) -> None:
        self._root = schema.shape
        self.conflicts: list[Conflict] = []

    def objects(self, found: Sequence[Found], shape: Shape, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {}
        sources: dict[str, Any] = {}
        for name in dict.fromkeys(name for _, value in found for name in value):
            inner = [(page, value[name]) for page, value in found if name in value]
            data[name], sources[name] = self._value(inner, shape.at(name), (*path, name))
        return data, sources

    def _value(self, found: Sequence[Found], shape: Shape, path: Path) -> tuple[Any, Any]:
        """What counts, and where it comes from."""
        said = [(page, value) for page, value in found if value is not None]
        if not said:
            return None, None
        if all(isinstance(value, dict) for _, value in said):
            return self.objects(self._of_one_kind(said, shape, path), shape, path)
        if all(isinstance(value, list) for _, value in said) and not shape.is_tuple:
            return _united(said) if shape.is_set else _joined(found)
        (first, value), *others = said
        self._contradict(path, first, [page for page, other in others if not _agree(value, other, shape)])
        return value, first

    def _of_one_kind(self, said: Sequence[Found], shape: Shape, path: Path) -> Sequence[Found]:
        """The objects that are not of another kind than those before them."""
        kinds: dict[str, int] = {}
        kept: list[Found] = []
        for page, value in said:
            here = {name: of[key] for name, of in shape.tags.items() if (key := as_key(value.get(name))) in of}
            if all(kinds.get(name, kind) == kind for name, kind in here.items()):
                kinds |= here
                kept.append((page, value))
        pages = [page for page, _ in kept]
        self._contradict(path, pages[0], [page for page, _ in said if page not in pages])
        return kept

    def _contradict(self, path: Path, first: int, others: Sequence[int]) -> None:
        if others:
            self.conflicts.append(Conflict(told(self._root, path), (first, *others)))


def _joined(found: Sequence[Found]) -> tuple[list[Any], list[int]]:
    items: list[Any] = []
    sources: list[int] = []
    before: list[Any] = []
    for page, value in found:
        here = [item for item in value or () if not is_empty(item)]
        repeated = len(here) if same(before, here) else int(bool(before and here) and same(before[-1], here[0]))
        items += here[repeated:]
        sources += [page] * len(here[repeated:])
        before = here
    return items, sources


def _united(said: Sequence[Found]) -> tuple[list[Any], list[int]]:
    items: list[Any] = []
    sources: list[int] = []
    for page, value in said:
        for item in value:
            if not is_empty(item) and not any(same(item, other) for other in items):
                items.append(item)
                sources.append(page)
    return items, sources


def _agree(one: Any, other: Any, shape: Shape) -> bool:
    """Whether two values are the same; where a schema takes numbers as texts too, "1200.50" is 1200.5."""
    if same(one, other):
        return True
    if not (shape.takes("number") and shape.takes("string")) or isinstance(one, bool) or isinstance(other, bool):
        return False
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except ArithmeticError:  # one is no number
        return False


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON, where true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _kept(sources: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The sources of what is still there, and is something."""
    kept = {
        name: _kept(source, data[name]) if isinstance(source, dict) else source
        for name, source in sources.items()
        if data.get(name) is not None
    }
    return {name: source for name, source in kept.items() if source != {}}


def _ordered(value: Any, shape: Shape) -> Any:
    if isinstance(value, list):
        return [_ordered(item, shape.at(index)) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    names = dict.fromkeys([*(name for name in shape.names if name in value), *value])
    return {name: _ordered(value[name], shape.at(name)) for name in names}

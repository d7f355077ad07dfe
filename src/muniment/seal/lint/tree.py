"""YAML as a tree in which everything knows its line. Its bytes may come from anybody."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from muniment.errors import UsageError

MOST_BYTES = 1 << 20
"""Bytes of a file; the largest that people write are a tenth of it."""
_MOST_NODES = 100_000
"""Nodes of a file when every alias is written out; long texts count for several."""
_COUNTS_AS_ONE = 64
"""Characters of a text that count as a node more."""
_DEEPEST = 64

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "yes", "y", "on", "1"}
_MERGE = "<<"
RESET = "!reset"
"""The tag by which a file takes away what earlier ones say."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file as it was named, a line and a column, both from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, a number, a truth or nothing at all.

    Attributes:
        text: what it says once variables are put in; "" for nothing.
        written: what stands in the file.
        empty: it is YAML's null, and not an empty text.
        unknown: variables in it that nothing here gives a value.
        last_line: the line on which it ends, from 1; 0 where it is not one of a file's.
    """

    place: Place
    text: str
    written: str
    empty: bool = False
    unknown: frozenset[str] = frozenset()
    tag: str = ""
    last_line: int = 0

    @property
    def is_true(self) -> bool:
        """Whether it is one of the words that Compose takes for true."""
        return self.text.strip().lower() in _TRUE


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    items: "tuple[Node, ...]" = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a table and what stands behind it; ``place`` is the key's."""

    place: Place
    value: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values, in the file's order."""

    place: Place
    entries: "Mapping[str, Entry]" = field(default_factory=dict)
    tag: str = ""

    def get(self, key: str) -> "Node | None":
        """What stands behind ``key``; None where there is none."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value


Node = Scalar | Items | Table


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file as such, and the rule that says so."""

    rule: str
    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: its documents, its lines, and what was wrong with it."""

    file: str
    documents: tuple[Node, ...]
    lines: tuple[str, ...]
    faults: tuple[Fault, ...]


def parse(file: str, content: bytes) -> Source:
    """The tree of a YAML file.

    Args:
        file: what the file is called in messages and places.

    Raises:
        UsageError: it is no YAML, or larger or deeper than anybody writes.
    """
    if len(content) > MOST_BYTES:
        raise UsageError(f"{file} has more than {MOST_BYTES >> 20} MiB", "Name a compose file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{file}, line {line}: this is not UTF-8", "Save it as UTF-8.") from None
    composer = _Composer(file)
    try:
        documents = tuple(composer.documents(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}, line {mark.line + 1}" if mark else file
        raise UsageError(f"{where}: this is not YAML ({error.problem or error.context})", "Mend it there.") from None
    except yaml.YAMLError:
        raise UsageError(f"{file} holds characters that YAML does not allow", "Take them out.") from None
    return Source(file, documents, tuple(_LINE_BREAK.split(text)), tuple(composer.faults))


class _Composer:
    """Makes nodes of a parser's events, and counts them before anything can grow."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._size = 0
        self._reached = 0
        self.faults: list[Fault] = []

    def documents(self, text: str) -> Iterator[Node]:
        events = iter(yaml.parse(text, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                yield self._node(next(events), events, 0)

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._place(event)
        self._reach(depth, place)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, depth)
        before, reached = self._size, self._reached
        self._reached = depth
        self._count(weight(event.value) if isinstance(event, yaml.ScalarEvent) else 1)
        made = self._made(event, events, place, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = made, self._size - before, self._reached - depth
        self._reached = max(reached, self._reached)
        return made

    def _made(self, event: yaml.Event, events: Iterator[yaml.Event], place: Place, depth: int) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Items(place, tuple(items), event.tag or "")
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(event, events, place, depth)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - there are no other events here
        plain = bool(event.implicit[0])
        end: Any = event.end_mark
        empty = plain and event.value in _NULL
        text = "" if empty else event.value
        return Scalar(place, text, event.value, empty, tag=event.tag or "", last_line=end.line + 1)

    def _table(self, event: yaml.MappingStartEvent, events: Iterator[yaml.Event], place: Place, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        merged: list[Table] = []
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._fault("malformed", key.place, "a key is a list or a table")
            elif key.written == _MERGE:
                merged += self._merged(value)
            else:
                if key.written in entries:
                    first = entries[key.written].place.line
                    self._fault("duplicate-key", key.place, f'"{key.written}" stands in line {first} already')
                entries[key.written] = Entry(key.place, value)
        for table in merged:
            # As in Compose, what "!reset" takes away is another file's, and not what "<<" brings.
            kept = {
                key: entry for key, entry in entries.items() if entry.value.tag != RESET or key not in table.entries
            }
            entries = {**table.entries, **kept}
        return Table(place, entries, event.tag or "")

    def _merged(self, value: Node) -> list[Table]:
        """What ``<<`` takes in; of two that say the same, the first counts."""
        tables = value.items if isinstance(value, Items) else (value,)
        for table in tables:
            if not isinstance(table, Table):
                self._fault("malformed", table.place, '"<<" takes a table or a list of tables')
        return [table for table in tables if isinstance(table, Table)]

    def _alias(self, event: yaml.AliasEvent, place: Place, depth: int) -> Node:
        if event.anchor not in self._anchors:
            raise UsageError(
                f'{self._file}, line {place.line}: nothing before it is called "&{event.anchor}"', "Mend it there."
            )
        node, size, height = self._anchors[event.anchor]
        self._count(size)
        self._reach(depth + height, place)
        return node

    def _reach(self, depth: int, place: Place) -> None:
        """Go so deep, what aliases show included; ``_reached`` is how deep the node that is being made goes."""
        if depth > _DEEPEST:
            raise UsageError(f"{self._file}, line {place.line}: this nests too deeply", "Name a compose file.")
        self._reached = max(self._reached, depth)

    def _count(self, nodes: int) -> None:
        self._size += nodes
        if self._size > _MOST_NODES:
            raise UsageError(f"{self._file} grows beyond {_MOST_NODES:,} values", "Name a compose file.")

    def _place(self, event: yaml.Event) -> Place:
        mark: Any = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _fault(self, rule: str, place: Place, what: str) -> None:
        self.faults.append(Fault(rule, place, what))


def weight(text: str) -> int:
    """For how many nodes a text counts where growth is bounded."""
    return 1 + len(text) // _COUNTS_AS_ONE


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """The texts of a list, or a text alone; tables in it are left out."""
    match node:
        case Scalar():
            return () if node.empty else (node,)
        case Items():
            return tuple(item for item in node.items if isinstance(item, Scalar) and not item.empty)
        case _:
            return ()


def all_scalars(node: Node | None) -> Iterator[Scalar]:
    """Every text in a node, however deep."""
    match node:
        case Scalar():
            yield node
        case Items():
            for item in node.items:
                yield from all_scalars(item)
        case Table():
            for entry in node.entries.values():
                yield from all_scalars(entry.value)


def text_at(node: Node | None, key: str) -> str:
    """The text behind ``key`` of a table; "" where there is none."""
    value = node.get(key) if isinstance(node, Table) else None
    return value.text if isinstance(value, Scalar) else ""


def is_true_at(node: Node | None, key: str) -> bool:
    """Whether a word for true stands behind ``key`` of a table."""
    value = node.get(key) if isinstance(node, Table) else None
    return isinstance(value, Scalar) and value.is_true

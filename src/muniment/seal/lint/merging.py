"""Compose files put together, as Compose does with several ``-f`` and with ``extends``.

Source: the Compose Specification's chapter on merging, and how Compose itself does it where that is silent.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from muniment.seal.lint.tree import RESET, Entry, Fault, Items, Node, Scalar, Table, weight

Path = tuple[str, ...]

_OVERRIDE = "!override"
_MOST_VALUES = 1_000_000
"""Values that are gone through while files and services are put together; long texts count for several."""
_REPLACED = {("command",), ("entrypoint",), ("healthcheck", "test")}
_PAIRS = {
    ("environment",),
    ("labels",),
    ("annotations",),
    ("sysctls",),
    ("build", "args"),
    ("build", "labels"),
    ("deploy", "labels"),
}
"""Written as a table, or as a list of KEY=VALUE."""
_NAMES = {("networks",), ("depends_on",), ("models",)}
"""Written as a table, or as a list of its keys."""
_LISTS = {("dns",), ("dns_search",), ("dns_opt",), ("env_file",), ("tmpfs",), ("label_file",), ("extra_hosts",)}
"""Written as a list, or as a text alone."""


class Merger:
    """Puts tables together, and keeps what contradicts itself.

    Attributes:
        faults: what Compose refuses.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._left = _MOST_VALUES
        self._sizes: dict[int, tuple[Node, int]] = {}

    def file(self, base: Table, over: Table) -> Table:
        """One whole file over another. Raises OverflowError when all that was made is more than anybody writes."""
        self._count(base, over)
        made = self._cleared(self._table(base, over, ()))
        assert isinstance(made, Table)  # noqa: S101 - it was one
        return made

    def service(self, base: Table, over: Table) -> Table:
        """One service over the one that it extends. Raises OverflowError, as above."""
        self._count(base, over)
        return self._table(base, over, ("services", "*"))

    def _cleared(self, node: Node) -> Node:
        """``node`` without what ``!reset`` takes away, which is gone."""
        match node:
            case Table():
                entries = {
                    key: Entry(entry.place, self._cleared(entry.value))
                    for key, entry in node.entries.items()
                    if entry.value.tag != RESET
                }
                return replace(node, entries=entries)
            case Items():
                return replace(node, items=tuple(self._cleared(item) for item in node.items if item.tag != RESET))
            case Scalar():
                return node

    def _count(self, *tables: Table) -> None:
        """Count what is in them, however deep, before it is gone through."""
        self._left -= sum(map(self._size, tables))
        if self._left < 0:
            raise OverflowError

    def _size(self, node: Node) -> int:
        if isinstance(node, Scalar):
            return weight(node.text)
        if id(node) not in self._sizes:
            inner = node.items if isinstance(node, Items) else [entry.value for entry in node.entries.values()]
            keys = sum(map(weight, node.entries)) if isinstance(node, Table) else 0
            # The node is kept with its size, so that no other gets its id.
            self._sizes[id(node)] = node, 1 + keys + sum(map(self._size, inner))
        return self._sizes[id(node)][1]

    def _table(self, base: Table, over: Table, path: Path) -> Table:
        entries = dict(base.entries)
        for key, entry in over.entries.items():
            if key in entries and entry.value.tag not in {RESET, _OVERRIDE}:
                value = self._node(entries[key].value, entry.value, (*path, key))
                place = entries[key].place if isinstance(value, Table) else entry.place
                entries[key] = Entry(place, value)
            else:
                entries[key] = entry
        return replace(base, entries=entries)

    def _node(self, base: Node, over: Node, path: Path) -> Node:
        inner = path[2:] if path[:1] == ("services",) else ()
        if inner in _REPLACED:
            return over
        if isinstance(over, Scalar) and over.empty:
            return base
        if inner == ("logging",) and _other_driver(base, over):
            return over
        base, over = _alike(base, over, inner)
        match base, over:
            case Table(), Table():
                return self._table(base, over, path)
            case Items(), Items():
                return replace(base, items=_once((*base.items, *over.items), inner))
            case Scalar(), Scalar():
                return over
        if not (isinstance(base, Scalar) and base.empty):
            where = f"line {base.place.line}" + (f" of {base.place.file}" if base.place.file != over.place.file else "")
            self.faults.append(
                Fault("malformed", over.place, f"this is of another kind than what it replaces in {where}")
            )
        return over


def _other_driver(base: Node, over: Node) -> bool:
    drivers = [node.get("driver") for node in (base, over) if isinstance(node, Table)]
    texts = {driver.text for driver in drivers if isinstance(driver, Scalar)}
    return len(texts) > 1


def _alike(base: Node, over: Node, inner: Path) -> tuple[Node, Node]:
    if inner in _PAIRS:
        return pairs(base), pairs(over)
    if inner in _NAMES:
        return names(base), names(over)
    if inner == ("build",):
        return _build(base), _build(over)
    if inner in _LISTS:
        return _list(base), _list(over)
    return base, over


def pairs(node: Node) -> Node:
    """A list of KEY=VALUE as a table; a key without a value has an empty one."""
    if not isinstance(node, Items):
        return node
    entries = {}
    for item in node.items:
        if isinstance(item, Scalar):
            key, equals, value = item.text.partition("=")
            _, _, written = item.written.partition("=")
            entries[key] = Entry(item.place, replace(item, text=value, written=written, empty=not equals))
    return Table(node.place, entries, node.tag)


def names(node: Node) -> Node:
    """A list of names as a table in which nothing stands behind them."""
    if not isinstance(node, Items):
        return node
    texts = [item for item in node.items if isinstance(item, Scalar)]
    return Table(node.place, {item.text: Entry(item.place, Scalar(item.place, "", "", empty=True)) for item in texts})


def _build(node: Node) -> Node:
    if not isinstance(node, Scalar):
        return node
    return Table(node.place, {"context": Entry(node.place, node)})


def _list(node: Node) -> Node:
    match node:
        case Scalar() if not node.empty:
            return Items(node.place, (node,))
        case Table():
            pair = [
                replace(entry.value, text=f"{key}={entry.value.text}", place=entry.place)
                for key, entry in node.entries.items()
                if isinstance(entry.value, Scalar)
            ]
            return Items(node.place, tuple(pair))
        case _:
            return node


def _once(items: tuple[Node, ...], inner: Path) -> tuple[Node, ...]:
    """Each of them once; of two for the same, the second in the place of the first."""
    identity = _IDENTITIES.get(inner, _whole)
    kept: dict[object, Node] = {}
    for number, item in enumerate(items):
        kept[identity(item) or number] = item
    return tuple(kept.values())


def _whole(item: Node) -> str:
    return item.text if isinstance(item, Scalar) else ""


def _target(item: Node) -> str:
    """Where something of the machine appears in a container."""
    if isinstance(item, Table):
        target = item.get("target")
        return target.text if isinstance(target, Scalar) else ""
    parts = item.text.split(":") if isinstance(item, Scalar) else [""]
    return parts[1] if len(parts) > 1 else parts[0]


def _port(item: Node) -> str:
    if not isinstance(item, Table):
        return _whole(item)
    told = {key: entry.value.text for key, entry in item.entries.items() if isinstance(entry.value, Scalar)}
    return ":".join(told.get(key, "") for key in ("host_ip", "published", "target", "protocol"))


def _path(item: Node) -> str:
    path = item.get("path") if isinstance(item, Table) else item
    return path.text if isinstance(path, Scalar) else ""


_IDENTITIES: dict[Path, Callable[[Node], str]] = {
    ("volumes",): _target,
    ("devices",): _target,
    ("ports",): _port,
    ("env_file",): _path,
    ("secrets",): lambda item: _whole(item) or _target(item),
    ("configs",): lambda item: _whole(item) or _target(item),
}


def tables(node: Node | None) -> Iterator[tuple[str, Entry, Table]]:
    """The entries of a table that are tables themselves; one with nothing behind it counts as an empty one."""
    if not isinstance(node, Table):
        return
    for key, entry in node.entries.items():
        if isinstance(entry.value, Table):
            yield key, entry, entry.value
        elif isinstance(entry.value, Scalar) and entry.value.empty:
            yield key, entry, Table(entry.place)

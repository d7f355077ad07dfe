"""What a compose file says of a service and of networks, in whichever of the ways it may be said."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal

from muniment.seal.lint.merging import names, pairs
from muniment.seal.lint.tree import Entry, Items, Node, Place, Scalar, Table, scalars

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_SHELL_COMMAND = re.compile(r"-[a-z]*c")


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service publishes.

    Attributes:
        written: as the file has it.
        host: the machine's address; "" for all.
        target: the port inside.
    """

    place: Place
    written: str
    host: str
    target: str

    @property
    def only_here(self) -> bool:
        """Whether only the machine itself reaches it."""
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the machine, or a volume, in a container.

    Attributes:
        written: the source as the file has it.
        source: a path of the machine's or a volume's name; "" for one without a name.
    """

    place: Place
    kind: Literal["bind", "volume", "other"]
    written: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable in a container.

    Attributes:
        text: its value; None where it is the one of whoever runs Compose.
        unknown: the value hangs on a variable that nothing gives one.
    """

    place: Place
    text: str | None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command, and the text that it is a part of."""

    text: str
    whole: Scalar

    def place(self, lines: Sequence[str]) -> Place:
        """Where it stands.

        Args:
            lines: of its file; a command may go over several.
        """
        start = self.whole.place
        for number in range(start.line, min(self.whole.last_line, len(lines)) + 1):
            column = lines[number - 1].find(self.text, start.column - 1 if number == start.line else 0)
            if column >= 0:
                return Place(start.file, number, column + 1)
        return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network as a file defines it.

    Attributes:
        external: it is made elsewhere; what it allows is not in the file.
        internal: Docker gives it no way out.
        apart: its bridge has no address of this machine's.
    """

    name: str
    place: Place
    external: bool = False
    internal: bool = False
    driver: str = ""
    real_name: str = ""
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, all files taken together.

    Attributes:
        place: of its name.
        table: all that is said of it.
        networks: the networks that it is on and where that is said; what ``network_mode`` says comes before them.
    """

    name: str
    place: Place
    table: Table
    networks: Mapping[str, Place]
    ports: tuple[Port, ...]
    mounts: tuple[Mount, ...]
    environment: Mapping[str, Variable]
    words: tuple[Word, ...]
    profiles: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    def scalar(self, *path: str) -> Scalar | None:
        """The text at ``path``; None where there is none."""
        node = self.node(*path)
        return node if isinstance(node, Scalar) and not node.empty else None

    def texts(self, *path: str) -> tuple[Scalar, ...]:
        """The texts of the list at ``path``, or the text there."""
        return scalars(self.node(*path))

    def node(self, *path: str) -> Node | None:
        """What stands at ``path``."""
        node: Node | None = self.table
        for key in path:
            node = node.get(key) if isinstance(node, Table) else None
        return node

    def place_of(self, key: str) -> Place:
        """Where ``key`` stands; the service's own place where it is not there."""
        entry = self.table.entries.get(key)
        return self.place if entry is None else entry.place

    @property
    def network_mode(self) -> str:
        """What it says, "" for nothing."""
        mode = self.scalar("network_mode") or self.scalar("net")
        return mode.text if mode else ""


def networks_of(table: Table, place: Place) -> dict[str, Place]:
    """The networks a service is on: Compose's default one where it names none."""
    if table.get("network_mode") is not None or table.get("net") is not None:
        return {}
    node = table.get("networks")
    named = names(node) if node is not None else None
    found = {key: entry.place for key, entry in named.entries.items()} if isinstance(named, Table) else {}
    return found or {"default": place}


def network(name: str, entry: Entry, table: Table) -> Network:
    """A network as it is defined."""
    external = table.get("external")
    real = _text(table, "name") or (_text(external, "name") if isinstance(external, Table) else "")
    options = table.get("driver_opts")
    ipv6 = _is_true(table.get("enable_ipv6"))
    modes = [_text(options, f"com.docker.network.bridge.gateway_mode_ipv{version}") for version in (4, 6)]
    return Network(
        name=name,
        place=entry.place,
        external=isinstance(external, Table) or _is_true(external),
        internal=_is_true(table.get("internal")),
        driver=_text(table, "driver"),
        real_name=real,
        apart=modes[0] == "isolated" and (modes[1] == "isolated" or not ipv6),
    )


def ports(node: Node | None) -> Iterator[Port]:
    """What ``ports`` publishes."""
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Table):
            target, host = _text(item, "target"), _text(item, "host_ip")
            published = _text(item, "published")
            yield Port(item.place, f"{published}:{target}" if published else target, host, target)
        elif isinstance(item, Scalar) and not item.empty:
            *before, target = item.text.partition("/")[0].rsplit(":", 2)
            yield Port(item.place, item.written, before[0] if len(before) > 1 else "", target)


def mounts(node: Node | None) -> Iterator[Mount]:
    """What ``volumes`` mounts."""
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Table):
            yield _long_mount(item)
        elif isinstance(item, Scalar):
            yield _short_mount(item)


def _long_mount(item: Table) -> Mount:
    told = _text(item, "type")
    source = item.get("source") or item.get("src")
    text = source if isinstance(source, Scalar) else Scalar(item.place, "", "")
    kind: Literal["bind", "volume", "other"] = "other"
    if told in {"bind", "volume"}:
        kind = "bind" if told == "bind" else "volume"
    target = _text(item, "target") or _text(item, "dst") or _text(item, "destination")
    read_only = _is_true(item.get("read_only")) or _is_true(item.get("readonly"))
    return Mount(text.place, kind, text.written, text.text, target, read_only)


def _short_mount(item: Scalar) -> Mount:
    drive = _DRIVE.match(item.text)
    head = drive[0] if drive else ""
    parts = item.text[len(head) :].split(":")
    if len(parts) == 1:
        return Mount(item.place, "volume", "", "", item.text, read_only=False)
    source, target, options = head + parts[0], parts[1], ",".join(parts[2:]).split(",")
    kind: Literal["bind", "volume"] = "bind" if head or source[:1] in {"/", ".", "~"} else "volume"
    if item.unknown and not source:
        kind = "bind"
    written = item.written.removesuffix(":" + ":".join(parts[1:]))
    return Mount(item.place, kind, written, source, target, "ro" in options)


def environment(node: Node | None) -> dict[str, Variable]:
    """What ``environment`` gives."""
    table = pairs(node) if node is not None else None
    if not isinstance(table, Table):
        return {}
    return {
        key: Variable(entry.place, None if entry.value.empty else entry.value.text, bool(entry.value.unknown))
        for key, entry in table.entries.items()
        if isinstance(entry.value, Scalar)
    }


def labels(node: Node | None) -> dict[str, str]:
    """What ``labels`` says."""
    return {key: variable.text or "" for key, variable in environment(node).items()}


def words(*nodes: Node | None) -> Iterator[Word]:
    """The words of an entry point and its command, those in a shell's ``-c`` too."""
    plain = [
        word
        for node in nodes
        for word in (_split(node) if isinstance(node, Scalar) else [Word(one.text, one) for one in scalars(node)])
    ]
    in_shell = is_command = False
    for word in plain:
        if is_command:
            yield from _split(replace(word.whole, text=word.text))
        else:
            yield word
        in_shell = in_shell or word.text.rpartition("/")[2] in _SHELLS
        is_command = in_shell and _SHELL_COMMAND.fullmatch(word.text) is not None


def _split(scalar: Scalar) -> list[Word]:
    try:
        parts = shlex.split(scalar.text)
    except ValueError:
        parts = scalar.text.split()
    return [Word(part, scalar) for part in parts]


def _text(node: Node | None, key: str) -> str:
    value = node.get(key) if isinstance(node, Table) else None
    return value.text if isinstance(value, Scalar) else ""


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.is_true

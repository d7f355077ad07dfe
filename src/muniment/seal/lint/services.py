"""What a compose file says of a service and of networks, in whichever of the ways it may be said."""

import functools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from muniment.seal.lint.merging import names, pairs
from muniment.seal.lint.storage import Mount
from muniment.seal.lint.tree import Entry, Items, Node, Place, Scalar, Table, is_true_at, scalars, text_at
from muniment.seal.ruling import plain

_SHELLS = {"sh", "bash", "ash", "dash", "zsh"}
_SHELL_COMMAND = re.compile(r"-[a-z]*c")
_LOGS_HERE = {"", "json-file", "local", "journald", "none"}
_BETWEEN_COMMANDS = ";&|\n"
_MOST_COMMANDS = 1000
_LONGEST_COMMAND = 64 << 10
"""Characters of a command that are taken apart as a shell does it, which takes long."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service publishes.

    Attributes:
        written: as the file has it.
        host: the machine's address; "" for all.
    """

    place: Place
    written: str
    host: str

    @property
    def only_here(self) -> bool:
        """Whether only the machine itself reaches it."""
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


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

    @property
    def ends_command(self) -> bool:
        """Whether a shell begins another command behind it."""
        return bool(self.text) and not self.text.strip(_BETWEEN_COMMANDS)

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
        unprotected: other machines reach ports of its containers that nobody published.
    """

    name: str
    place: Place
    external: bool = False
    internal: bool = False
    driver: str = ""
    real_name: str = ""
    apart: bool = False
    unprotected: bool = False


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
    labels: Mapping[str, str]

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
        return text_at(self.table, "network_mode")

    @property
    def devices(self) -> Iterator[tuple[str, Place]]:
        """The machine's devices that it is given, in their shortest spelling, and where that is said."""
        node = self.node("devices")
        for item in node.items if isinstance(node, Items) else ():
            text = text_at(item, "source") or (item.text.partition(":")[0] if isinstance(item, Scalar) else "")
            if text:
                yield plain(text), item.place

    @property
    def logs_elsewhere(self) -> Scalar | None:
        """The driver that carries what it prints off this machine, or may; None where it stays here."""
        driver = self.scalar("logging", "driver")
        return driver if driver and driver.text not in _LOGS_HERE else None


def networks_of(table: Table, place: Place) -> dict[str, Place]:
    """The networks a service is on: Compose's default one where it names none."""
    if text_at(table, "network_mode"):
        return {}
    node = table.get("networks")
    named = names(node) if node is not None else None
    found = {key: entry.place for key, entry in named.entries.items()} if isinstance(named, Table) else {}
    return found or {"default": place}


def network(name: str, entry: Entry, table: Table) -> Network:
    """A network as it is defined."""
    external = table.get("external")
    real = text_at(table, "name") or text_at(external, "name")
    options = table.get("driver_opts")
    ipv6 = is_true_at(table, "enable_ipv6")
    modes = [text_at(options, f"com.docker.network.bridge.gateway_mode_ipv{version}") for version in (4, 6)]
    return Network(
        name=name,
        place=entry.place,
        external=isinstance(external, Table) or is_true_at(table, "external"),
        internal=is_true_at(table, "internal"),
        driver=text_at(table, "driver"),
        real_name=real,
        unprotected="nat-unprotected" in modes,
        apart=modes[0] == "isolated" and (modes[1] == "isolated" or not ipv6),
    )


def ports(node: Node | None) -> Iterator[Port]:
    """What ``ports`` publishes."""
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Table):
            target, published = text_at(item, "target"), text_at(item, "published")
            yield Port(item.place, f"{published}:{target}" if published else target, text_at(item, "host_ip"))
        elif isinstance(item, Scalar) and not item.empty:
            parts = item.text.partition("/")[0].rsplit(":", 2)
            yield Port(item.place, item.written, parts[0] if len(parts) > 2 else "")


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
            yield from _split(replace(word.whole, text=word.text), in_shell=True)
        else:
            yield word
        in_shell = in_shell or word.text.rpartition("/")[2] in _SHELLS
        is_command = in_shell and _SHELL_COMMAND.fullmatch(word.text) is not None


def _split(scalar: Scalar, *, in_shell: bool = False) -> list[Word]:
    return [Word(part, scalar) for part in _parts(scalar.text, in_shell)]


@functools.lru_cache(_MOST_COMMANDS)
def _parts(text: str, in_shell: bool) -> tuple[str, ...]:
    """The words of a command, and what stands between commands; aliases show the same one many times."""
    if len(text) > _LONGEST_COMMAND:
        return tuple(text.split())
    between = _BETWEEN_COMMANDS if in_shell else _BETWEEN_COMMANDS.replace("\n", "")
    split = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=between)
    split.whitespace = "".join(blank for blank in split.whitespace if blank not in between)
    split.whitespace_split = True
    split.commenters = ""
    try:
        return tuple(split)
    except ValueError:
        return tuple(text.split())

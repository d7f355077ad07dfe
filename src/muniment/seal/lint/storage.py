"""What of the machine, and of other services, appears in a container's file system."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from muniment.seal.lint.merging import tables
from muniment.seal.lint.tree import Items, Node, Place, Scalar, Table, is_true_at, scalars, text_at
from muniment.seal.ruling import plain

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_DOCKERS_OWN = {"", "local"}
_OVER_A_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs"}
_OF_NO_DISK = {"", "none", "tmpfs", "bind"}
_BOUND = {"bind", "rbind"}
_MOST_MOUNTS = 100_000
"""What services borrow from each other, all of them together."""


class Kind(StrEnum):
    """What a mount shows."""

    BIND = "bind"
    """A file or folder of the machine."""
    VOLUME = "volume"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Mount:
    """Something from outside of a container, in it.

    Attributes:
        written: the source as the file has it.
        source: a path of the machine's, in its shortest spelling, or a volume's name; "" for one without a name.
    """

    place: Place
    kind: Kind
    written: str
    source: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as a file defines it.

    Attributes:
        driver: what makes it; "" and "local" are Docker itself.
        type: the file system that Docker mounts; "" for a folder of Docker's.
        folder: the machine's folder that it is another name for; "" if it is none.
        disk: the machine's disk that it is; "" if it is none.
    """

    driver: str
    type: str
    folder: str
    disk: str

    @property
    def in_memory(self) -> bool:
        """Whether it is gone with its containers."""
        return self.type == "tmpfs"

    @property
    def elsewhere(self) -> bool:
        """Whether it is kept on another machine, or may be: what a driver that is not Docker's own does is unknown."""
        return self.driver not in _DOCKERS_OWN or self.type in _OVER_A_NETWORK


def volumes(whole: Table) -> dict[str, Volume]:
    """The volumes that a file defines."""
    found = {}
    for name, _, table in tables(whole.get("volumes")):
        options = table.get("driver_opts")
        kind, device = text_at(options, "type"), plain(text_at(options, "device"))
        bound = kind == "bind" or any(word.strip() in _BOUND for word in text_at(options, "o").split(","))
        is_disk = not bound and kind not in _OF_NO_DISK and device.startswith("/dev/")
        found[name] = Volume(
            driver=text_at(table, "driver"), type=kind, folder=device if bound else "", disk=device if is_disk else ""
        )
    return found


def mounts(whole: Table) -> dict[str, tuple[Mount, ...]]:
    """All that each service mounts: its own, what other services lend it, and files given as secrets and settings.

    Raises:
        OverflowError: together they are more than anybody writes.
    """
    defined = volumes(whole)
    services = {name: table for name, _, table in tables(whole.get("services"))}
    own = {name: (*_own(table, defined), *_given(table, whole)) for name, table in services.items()}
    made: dict[str, tuple[Mount, ...]] = {}
    left = _MOST_MOUNTS
    for name in services:
        found = dict.fromkeys(own[name])
        for lender, place, read_only in _lenders(name, services):
            left -= len(own[lender])
            if left < 0:
                raise OverflowError
            lent = (replace(one, place=place, read_only=one.read_only or read_only) for one in own[lender])
            found |= dict.fromkeys(lent)
        made[name] = tuple(found)
    return made


def _own(service: Table, defined: Mapping[str, Volume]) -> Iterator[Mount]:
    node = service.get("volumes")
    for item in node.items if isinstance(node, Items) else ():
        if not isinstance(item, Items):
            mount = _short(item) if isinstance(item, Scalar) else _long(item)
            folder = defined[mount.source].folder if mount.source in defined else ""
            yield replace(mount, kind=Kind.BIND, source=folder) if folder else mount


def _lenders(name: str, services: Mapping[str, Table]) -> Iterator[tuple[str, Place, bool]]:
    """The services that lend volumes, to it or to one that lends it its own; where it says so; whether for reading."""
    waiting: list[tuple[str, Place | None, bool]] = [(name, None, False)]
    seen = {name}
    while waiting:
        borrower, place, read_only = waiting.pop()
        for item in scalars(services[borrower].get("volumes_from")):
            lender, _, mode = item.text.partition(":")
            if lender in services and lender not in seen:
                seen.add(lender)
                one = lender, place or item.place, read_only or mode == "ro"
                waiting.append(one)
                yield one


def _given(service: Table, whole: Table) -> Iterator[Mount]:
    for key in ("secrets", "configs"):
        yield from _files(service.get(key), whole.get(key))


def _files(given: Node | None, defined: Node | None) -> Iterator[Mount]:
    """Secrets and settings that are files of the machine; Compose mounts them for reading."""
    for item in given.items if isinstance(given, Items) else ():
        name = item.text if isinstance(item, Scalar) else text_at(item, "source")
        one = defined.get(name) if isinstance(defined, Table) else None
        file = one.get("file") if isinstance(one, Table) else None
        if isinstance(file, Scalar) and not file.empty:
            yield Mount(file.place, Kind.BIND, file.written, plain(file.text), read_only=True)


def _long(item: Table) -> Mount:
    source = item.get("source") or item.get("src")
    text = source if isinstance(source, Scalar) else Scalar(item.place, "", "")
    told = text_at(item, "type")
    kind = Kind(told) if told in {Kind.BIND, Kind.VOLUME} else Kind.OTHER
    read_only = is_true_at(item, "read_only") or is_true_at(item, "readonly")
    return Mount(text.place, kind, text.written, plain(text.text), read_only)


def _short(item: Scalar) -> Mount:
    drive = _DRIVE.match(item.text)
    head = drive[0] if drive else ""
    parts = item.text[len(head) :].split(":")
    if len(parts) == 1:
        return Mount(item.place, Kind.VOLUME, "", "", read_only=False)
    source, options = head + parts[0], ",".join(parts[2:]).split(",")
    is_path = bool(head) or source[:1] in {"/", ".", "~"} or not source
    written = item.written.removesuffix(":" + ":".join(parts[1:]))
    return Mount(item.place, Kind.BIND if is_path else Kind.VOLUME, written, plain(source), "ro" in options)

"""The services and networks that compose files give together, and what kept some of it from being looked at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from muniment.errors import UsageError
from muniment.seal.lint.files import Assigned, beside, content_of, variables_in
from muniment.seal.lint.interpolation import interpolated
from muniment.seal.lint.merging import Merger, tables
from muniment.seal.lint.services import (
    Network,
    Service,
    Variable,
    Word,
    environment,
    labels,
    network,
    networks_of,
    ports,
    words,
)
from muniment.seal.lint.storage import Kind, Mount, Volume, mounts, volumes
from muniment.seal.lint.tree import (
    Entry,
    Fault,
    Items,
    Node,
    Place,
    Scalar,
    Source,
    Table,
    all_scalars,
    is_true_at,
    parse,
    scalars,
    weight,
)

_MAIN_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_LISTS = ("ports", "volumes", "cap_add", "cap_drop", "security_opt", "devices", "profiles")
_TABLES_OR_LISTS = ("networks", "environment", "labels")
_MOST_EXTENDS = 20
_MOST_SERVICES = 1000
_MOST_GIVEN = 200_000
"""Words of commands and variables from files, of all services together; long ones count for several."""
_OTHER = "Name a compose file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All that is looked at.

    Attributes:
        files: as they were named.
        sources: every file that was read as YAML, by its name.
        faults: what is wrong with the files as such.
    """

    files: tuple[str, ...]
    sources: Mapping[str, Source]
    services: Mapping[str, Service]
    networks: Mapping[str, Network]
    volumes: Mapping[str, Volume]
    faults: tuple[Fault, ...]

    def volumes_of(self, service: Service) -> Iterator[tuple[Mount, Volume]]:
        """The volumes that a service mounts and that are defined."""
        for mount in service.mounts:
            if mount.kind is Kind.VOLUME and mount.source in self.volumes:
                yield mount, self.volumes[mount.source]


def load(paths: Sequence[Path]) -> Project:
    """Read compose files and put them together, the later over the earlier.

    Raises:
        UsageError: one of them cannot be read, is no YAML, or none has services.
    """
    try:
        return _Loader(paths[0].parent).load(paths)
    except OverflowError:
        raise UsageError(f"{paths[0]} grows beyond all bounds when it is put together", _OTHER) from None


class _Loader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, Source] = {}
        self._documents: dict[str, tuple[Table, ...]] = {}
        self._faults: list[Fault] = []
        self._assigned: dict[Path, Mapping[str, Assigned] | None] = {}
        self._merger = Merger()
        self._left = _MOST_GIVEN
        assigned = (variables_in(folder / ".env") if beside(folder, ".env") else None) or {}
        self._variables = {name: one.text for name, one in assigned.items() if one.text is not None}

    def load(self, paths: Sequence[Path]) -> Project:
        whole = Table(Place(str(paths[0]), 1, 1))
        for path in paths:
            for document in self._read(path, str(path)):
                self._forgotten(whole, document)
                whole = self._merger.file(whole, self._extended(document, path))
        if len(paths) == 1:
            self._overlooked(paths[0])
        self._include(whole)
        self._unknown(whole)
        mounted = mounts(whole)
        services = {
            name: self._service(name, entry, table, mounted[name])
            for name, entry, table in tables(whole.get("services"))
        }
        if not services:
            raise UsageError(
                f"{paths[0]} has no services",
                'Name a compose file; in one of the first version, put "services:" before everything.',
            )
        return Project(
            files=tuple(map(str, paths)),
            sources=self._sources,
            services=services,
            networks={name: network(name, entry, table) for name, entry, table in tables(whole.get("networks"))},
            volumes=volumes(whole),
            faults=(*self._faults, *self._merger.faults),
        )

    def _read(self, path: Path, name: str) -> tuple[Table, ...]:
        """The documents of a file, each with variables put in."""
        if name not in self._documents:
            self._documents[name] = tuple(self._parsed(path, name))
        return self._documents[name]

    def _parsed(self, path: Path, name: str) -> Iterator[Table]:
        source = parse(name, content_of(path))
        self._sources[name] = source
        self._faults += source.faults
        for document in source.documents:
            if isinstance(document, Scalar) and document.empty:
                continue
            made, faults = interpolated(document, self._variables)
            self._faults += faults
            if not isinstance(made, Table):
                raise UsageError(f"{name} holds no table of services", _OTHER)
            services = made.get("services")
            if not isinstance(services, Table | None):
                raise UsageError(f'{name}: "services" is no table', _OTHER)
            if services and len(services.entries) > _MOST_SERVICES:
                raise UsageError(f"{name} has more than {_MOST_SERVICES:,} services", _OTHER)
            yield made

    def _forgotten(self, whole: Table, over: Table) -> None:
        """What Compose 1 loses: it takes a network as the last file has it, and puts nothing together."""
        networks = whole.get("networks")
        for name, entry, table in tables(over.get("networks")):
            before = networks.get(name) if isinstance(networks, Table) else None
            if is_true_at(before, "internal") and table.get("internal") is None:
                what = f'{name} is "internal: true" in an earlier file, and not here'
                self._faults.append(Fault("internal-forgotten", entry.place, what))

    def _overlooked(self, path: Path) -> None:
        """Compose takes a file in that nobody named."""
        if path.name in _MAIN_NAMES:
            for name in _OVERRIDES:
                if beside(path.parent, name):
                    what = f"Compose puts {name} over it by itself; name both to have both looked at"
                    self._faults.append(Fault("not-followed", Place(str(path), 1, 1), what))

    def _include(self, made: Table) -> None:
        node = made.get("include")
        for item in node.items if isinstance(node, Items) else scalars(node):
            self._faults.append(Fault("not-followed", item.place, "what is included was not looked at"))

    def _unknown(self, whole: Table) -> None:
        """What networks are hangs on who runs Compose."""
        for key in ("networks", "volumes"):
            for scalar in all_scalars(whole.get(key)):
                for name in sorted(scalar.unknown):
                    what = f"{name} has no value here; it was taken for empty"
                    self._faults.append(Fault("unknown-variable", scalar.place, what))

    def _extended(self, document: Table, path: Path) -> Table:
        services = document.get("services")
        if not isinstance(services, Table):
            return document
        self._faults += [
            Fault("malformed", entry.place, f'the service "{name}" is no table')
            for name, entry in services.entries.items()
            if not isinstance(entry.value, Table) and not (isinstance(entry.value, Scalar) and entry.value.empty)
        ]
        entries = {}
        for name, entry in services.entries.items():
            table = entry.value
            entries[name] = (
                Entry(entry.place, self._extend(table, services, path, _MOST_EXTENDS))
                if isinstance(table, Table)
                else entry
            )
        made = replace(services, entries=entries)
        return replace(document, entries={**document.entries, "services": Entry(services.place, made)})

    def _extend(self, service: Table, services: Table, path: Path, left: int) -> Table:
        """``service`` over the one that it extends."""
        extends = service.get("extends")
        if extends is None:
            return service
        found = self._base(extends, services, path)
        if found is None or left == 0:
            what = "it extends itself" if left == 0 else "the service that it extends was not found or not looked at"
            self._faults.append(Fault("not-followed", extends.place, what))
            return service
        base, others, where = found
        made = self._merger.service(self._extend(base, others, where, left - 1), service)
        return replace(made, entries={key: entry for key, entry in made.entries.items() if key != "extends"})

    def _base(self, extends: Node, services: Table, path: Path) -> tuple[Table, Table, Path] | None:
        """The service that is extended, those beside it, and their file."""
        name, file = extends, None
        if isinstance(extends, Table):
            name, file = extends.get("service") or extends, extends.get("file")
        if isinstance(file, Scalar) and not file.empty:
            other = beside(path.parent, file.text)
            if other is None:
                return None
            documents = self._read(other, str(other))
            services_there = documents[0].get("services") if documents else None
            services, path = services_there if isinstance(services_there, Table) else Table(file.place), other
        base = services.get(name.text) if isinstance(name, Scalar) else None
        return (base, services, path) if isinstance(base, Table) else None

    def _service(self, name: str, entry: Entry, table: Table, mounted: tuple[Mount, ...]) -> Service:
        self._check(table)
        return Service(
            name=name,
            place=entry.place,
            table=table,
            networks=networks_of(table, entry.place),
            ports=tuple(ports(table.get("ports"))),
            mounts=mounted,
            environment=self._environment(table),
            words=tuple(self._words(table)),
            profiles=tuple(one.text for one in scalars(table.get("profiles"))),
            labels=labels(table.get("labels")),
        )

    def _words(self, table: Table) -> Iterator[Word]:
        for word in words(table.get("entrypoint"), table.get("command")):
            self._count(weight(word.text))
            yield word

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise OverflowError

    def _check(self, table: Table) -> None:
        for key in (*_LISTS, *_TABLES_OR_LISTS):
            value = table.get(key)
            if isinstance(value, Items) or value is None or (isinstance(value, Scalar) and value.empty):
                continue
            if key in _LISTS or not isinstance(value, Table):
                kind = "a list" if key in _LISTS else "a table or a list"
                self._faults.append(Fault("malformed", value.place, f'"{key}" takes {kind}'))

    def _environment(self, table: Table) -> dict[str, Variable]:
        """What the files of variables give, and over it what stands in the compose file."""
        given: dict[str, Variable] = {}
        for place, name in _variable_files(table.get("env_file")):
            path = beside(self._folder, name)
            assigned = self._assigned_in(path) if path else None
            self._count(1 + len(assigned or ()))
            if assigned is None:
                self._faults.append(Fault("env-file-unread", place, "what it gives the container was not looked at"))
            else:
                given |= {key: Variable(one.place, one.text) for key, one in assigned.items()}
        return given | environment(table.get("environment"))

    def _assigned_in(self, path: Path) -> Mapping[str, Assigned] | None:
        if path not in self._assigned:
            self._assigned[path] = variables_in(path)
        return self._assigned[path]


def _variable_files(node: Node | None) -> Iterator[tuple[Place, str]]:
    for item in node.items if isinstance(node, Items) else (node,):
        path = item.get("path") if isinstance(item, Table) else item
        if isinstance(path, Scalar) and not path.empty:
            yield path.place, path.text

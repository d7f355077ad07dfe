"""What every service can reach, and by which path: networks, borrowed namespaces, the machine, other services."""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from muniment.seal.lint.project import Project
from muniment.seal.lint.services import Network, Service
from muniment.seal.lint.storage import Kind, Mount
from muniment.seal.lint.tree import Place, text_at
from muniment.seal.ruling import rules_containers

_MOST_SHOWN = 30
_NETWORK_DEVICE = re.compile("/dev/infiniband(/.*)?")
"""Programs send with it past the kernel, and past the network namespaces that it keeps."""
_SPACES = {"pid": "processes", "ipc": "shared memory"}
"""What a service may share with one other."""


class Way(StrEnum):
    """How a path leads out."""

    NETWORK = "network"
    """A network that Docker gives a way out."""
    HOST = "host"
    """The machine's own network."""
    CONTROL = "control"
    """Control over the machine, and so over its networks."""
    UNKNOWN = "unknown"
    """What it leads to is not in the file."""
    MACHINE = "machine"
    """This machine's own services, at the address of a network's bridge; no further by itself."""
    HOP = "hop"
    """Another service, which an attacker would have to take over first."""


class Out(StrEnum):
    """Whether a service reaches out, as its best path has it."""

    YES = "yes"
    UNKNOWN = "unknown"
    INDIRECT = "indirect"
    """Not by itself: this machine's services, or through another service."""
    NO = "no"


_DIRECT = {Way.NETWORK, Way.HOST, Way.CONTROL}
_BEST = (Way.NETWORK, Way.HOST, Way.CONTROL, Way.UNKNOWN, Way.MACHINE, Way.HOP)


@dataclass(frozen=True, slots=True)
class Path:
    """One way out of a service.

    Attributes:
        what: for people, like "network default".
        place: what in the file opens it.
    """

    way: Way
    what: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one service reaches.

    Attributes:
        holder: the service whose network namespace it uses; its own name if it has one of its own.
        networks: those it is on, its holder's included.
        cut_off: nobody reaches it from outside of its networks: it has none, or all are internal.
    """

    holder: str
    networks: Mapping[str, Network]
    paths: tuple[Path, ...]
    cut_off: bool

    @property
    def out(self) -> Out:
        ways = {path.way for path in self.paths}
        if ways & _DIRECT:
            return Out.YES
        if Way.UNKNOWN in ways:
            return Out.UNKNOWN
        return Out.INDIRECT if ways else Out.NO


def reaches(project: Project) -> dict[str, Reach]:
    """What each service reaches, by its name."""
    alone = {name: _alone(project, service) for name, service in project.services.items()}
    hops = _hops(project, alone)
    return {
        name: Reach(
            holder=reach.holder,
            networks=reach.networks,
            paths=(*reach.paths, *hops[name]) if reach.out in {Out.INDIRECT, Out.NO} else reach.paths,
            cut_off=reach.cut_off,
        )
        for name, reach in alone.items()
    }


def controls_docker(mount: Mount) -> bool:
    """Whether it lends a socket by which containers are made, or a folder above it."""
    return mount.kind is Kind.BIND and rules_containers(mount.source)


def _alone(project: Project, service: Service) -> Reach:
    """Without what it reaches through others."""
    holder, mode = _holder(project, service)
    place = service.place_of("network_mode")
    networks: dict[str, Network] = {}
    paths = [
        *_control(service),
        *_by_devices(service),
        *_by_volumes(project, service),
        *_by_logs(service),
        *_by_others(project, service),
    ]
    match mode.partition(":")[0]:
        case "":
            for name, where in holder.networks.items():
                found = project.networks.get(name)
                if found is None and name == "default":
                    found = Network(name=name, place=where)
                if found is not None:
                    networks[name] = found
                    paths += _of_network(found, where if holder is service else place)
                else:
                    paths.append(Path(Way.UNKNOWN, f"network {name}, which is not defined", where))
        case "none":
            pass
        case "host":
            paths.append(Path(Way.HOST, "the machine's own network", place))
        case "bridge" | "default":
            paths.append(Path(Way.NETWORK, "Docker's default bridge", place))
        case "container":
            paths.append(Path(Way.UNKNOWN, f"the networks of {mode.replace(':', ' ', 1)}", place))
        case _:
            paths.append(Path(Way.UNKNOWN, f'network_mode "{mode}"', place))
    cut_off = mode == "none" or (not mode and bool(networks) and all(map(_is_cut_off, networks.values())))
    cut_off = cut_off and len(networks) == (0 if mode else len(holder.networks))
    return Reach(holder=holder.name, networks=networks, paths=tuple(paths), cut_off=cut_off)


def _holder(project: Project, service: Service) -> tuple[Service, str]:
    """The service whose namespace it uses, and what that one's network mode is ("service:…" if it goes in a circle)."""
    seen = {service.name}
    holder = service
    while (mode := holder.network_mode).startswith("service:"):
        other = project.services.get(mode.removeprefix("service:"))
        if other is None or other.name in seen:
            return service, mode
        seen.add(other.name)
        holder = other
    return holder, mode


def _is_cut_off(network: Network) -> bool:
    return network.internal and not network.external and network.driver != "host"


def _of_network(network: Network, place: Place) -> Iterator[Path]:
    if network.driver == "host" or network.real_name == "host":
        yield Path(Way.HOST, f"network {network.name}, which is the machine's own", place)
    elif network.driver in {"null", "none"} or network.real_name == "none":
        return
    elif network.external:
        yield Path(Way.UNKNOWN, f"network {network.name}, which is made elsewhere", place)
    elif not network.internal:
        on = f" ({network.driver}: straight on the machine's own network)" if network.driver in _ON_LAN else ""
        yield Path(Way.NETWORK, f"network {network.name}{on}", place)
    elif network.driver in {"", "bridge", "default"} and not network.apart:
        yield Path(Way.MACHINE, f"this machine's services, at the bridge of {network.name}", place)


_ON_LAN = {"macvlan", "ipvlan"}


def _control(service: Service) -> Iterator[Path]:
    privileged = service.scalar("privileged")
    if privileged and privileged.is_true:
        yield Path(Way.CONTROL, "control over the machine (privileged)", privileged.place)
    for mount in service.mounts:
        if controls_docker(mount):
            yield Path(Way.CONTROL, f"control over Docker ({mount.written or mount.source})", mount.place)
    lent = service.scalar("use_api_socket")
    if lent and lent.is_true:
        yield Path(Way.CONTROL, "control over Docker (use_api_socket)", lent.place)


def _by_volumes(project: Project, service: Service) -> Iterator[Path]:
    for mount, volume in project.volumes_of(service):
        if volume.elsewhere:
            yield Path(Way.NETWORK, f"volume {mount.source}, kept on another machine", mount.place)
        if volume.disk:
            what = f"control over the machine (volume {mount.source} is its {volume.disk})"
            yield Path(Way.CONTROL, what, mount.place)


def _by_devices(service: Service) -> Iterator[Path]:
    for device, place in service.devices:
        if _NETWORK_DEVICE.fullmatch(device):
            yield Path(Way.NETWORK, f"the machine's network card ({device})", place)


def _by_logs(service: Service) -> Iterator[Path]:
    driver = service.logs_elsewhere
    if driver:
        yield Path(Way.NETWORK, f"its logs, which {driver.written} carries on", driver.place)


def _by_others(project: Project, service: Service) -> Iterator[Path]:
    """What it shares with containers of which the files say nothing."""
    for key, what in _SPACES.items():
        mode = service.scalar(key)
        kind, _, other = mode.text.partition(":") if mode else ("", "", "")
        if mode and (kind == "container" or (kind == "service" and other not in project.services)):
            yield Path(Way.UNKNOWN, f"the {what} of {kind} {other}", mode.place)
    for lender in service.texts("volumes_from"):
        if lender.text.startswith("container:"):
            name = lender.text.split(":")[1]
            yield Path(Way.UNKNOWN, f"the volumes of container {name}", lender.place)


@dataclass(frozen=True, slots=True)
class _Meeting:
    """What services have in common, and who they are."""

    what: str
    services: tuple[str, ...]


def _hops(project: Project, alone: Mapping[str, Reach]) -> dict[str, tuple[Path, ...]]:
    """The shortest chain of services from each that has no way out of its own to one that has."""
    meetings = list(_meetings(project, alone))
    of_service: dict[str, list[_Meeting]] = defaultdict(list)
    for meeting in meetings:
        for name in meeting.services:
            of_service[name].append(meeting)
    step: dict[str, tuple[str, str]] = {}
    queue = deque(name for name, reach in alone.items() if reach.out in {Out.YES, Out.UNKNOWN})
    seen = set(queue)
    done: set[int] = set()
    while queue:
        near = queue.popleft()
        for meeting in of_service[near]:
            if id(meeting) in done:
                continue
            done.add(id(meeting))
            for name in meeting.services:
                if name not in seen:
                    seen.add(name)
                    step[name] = near, meeting.what
                    queue.append(name)
    return {name: _chain(name, step, project, alone) for name in alone}


def _chain(
    name: str, step: Mapping[str, tuple[str, str]], project: Project, alone: Mapping[str, Reach]
) -> tuple[Path, ...]:
    if name not in step:
        return ()
    through = []
    at = name
    while at in step:
        near, what = step[at]
        through.append(f"{near} ({what})")
        at = near
    last = min(alone[at].paths, key=lambda path: _BEST.index(path.way)).what
    shown = through if len(through) <= _MOST_SHOWN else [*through[:_MOST_SHOWN], "…"]
    return (Path(Way.HOP, f"only through {', then '.join(shown)} to {last}", project.services[name].place),)


def _meetings(project: Project, alone: Mapping[str, Reach]) -> Iterator[_Meeting]:
    on: dict[str, list[str]] = defaultdict(list)
    mounted: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    held: dict[str, list[str]] = defaultdict(list)
    for name, service in project.services.items():
        held[alone[name].holder].append(name)
        for network in alone[name].networks:
            on[network].append(name)
        for mount in service.mounts:
            if mount.source and mount.kind is not Kind.OTHER:
                mounted[mount.source].append((name, mount.read_only))
    for network, names in on.items():
        yield _Meeting(f"network {network}", tuple(names))
    for source, users in mounted.items():
        if not all(read_only for _, read_only in users):
            yield _Meeting(f"volume {source}", tuple(dict.fromkeys(name for name, _ in users)))
    for names in held.values():
        yield _Meeting("its own network", tuple(names))
    yield from _in_spaces(project)


def _in_spaces(project: Project) -> Iterator[_Meeting]:
    for name, service in project.services.items():
        for key, what in _SPACES.items():
            kind, _, other = text_at(service.table, key).partition(":")
            if kind == "service" and other in project.services:
                yield _Meeting(f"its {what}", (name, other))

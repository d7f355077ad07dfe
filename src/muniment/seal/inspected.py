"""A container as Docker was told to make it and as it joined it to networks."""

from dataclasses import dataclass
from typing import Any

from muniment.seal.containers import container_from
from muniment.seal.ruling import rules_containers


@dataclass(frozen=True, slots=True)
class Joined:
    """A network that a container is on; "" for an address that it does not have.

    Attributes:
        addresses: the container's own.
        gateways: those that lead out of the network, which are this machine's if it is a bridge.
    """

    network: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What Docker says of a container.

    Attributes:
        service: which of the deployment's parts it is.
        image: the name that it was made of; ``image_id`` what that was.
        user: "" is root.
        networks: none if it has only itself.
        ports: what is published, and what was asked to be, like "127.0.0.1:8001->8001/tcp".
        binds: folders of this machine as (source, destination, whether they can be written to).
        mounts: as (kind, volume or folder of this machine, destination, whether they can be written to).
        places: where anything is mounted.
        host_spaces: namespaces that it shares with this machine or with another container, like "pid: host".
        started: when, as Docker writes times.
    """

    id: str
    service: str
    running: bool
    image: str
    image_id: str
    user: str
    networks: tuple[Joined, ...]
    ports: tuple[str, ...]
    publishes_all: bool
    read_only: bool
    privileged: bool
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    options: tuple[str, ...]
    host_spaces: tuple[str, ...]
    devices: tuple[str, ...]
    memory: int
    processes: int
    binds: tuple[tuple[str, str, bool], ...]
    mounts: tuple[tuple[str, str, str, bool], ...]
    places: tuple[str, ...]
    extra_hosts: tuple[str, ...]
    started: str

    @property
    def sockets(self) -> tuple[str, ...]:
        """Sockets by which it could rule over containers, and folders of them."""
        return tuple(source for source, _, _ in self.binds if rules_containers(source))


def inspected_from(told: Any) -> Inspected:
    """What ``docker inspect`` says of one container of a deployment. Raises KeyError for what says less."""
    host, config = told["HostConfig"], told["Config"]
    known = container_from(told)
    mounts = told.get("Mounts") or ()
    return Inspected(
        id=known.id,
        service=known.service,
        running=known.state == "running",
        image=known.image,
        image_id=known.image_id,
        user=config.get("User") or "",
        networks=_joined(told, known.networks),
        ports=tuple(dict.fromkeys((*known.ports, *_bindings(host)))),
        publishes_all=bool(host.get("PublishAllPorts")),
        read_only=bool(host.get("ReadonlyRootfs")),
        privileged=bool(host.get("Privileged")),
        added=tuple(host.get("CapAdd") or ()),
        dropped=tuple(host.get("CapDrop") or ()),
        options=tuple(host.get("SecurityOpt") or ()),
        host_spaces=_host_spaces(host),
        devices=tuple(str(device.get("PathOnHost")) for device in host.get("Devices") or ()),
        memory=host.get("Memory") or 0,
        processes=host.get("PidsLimit") or 0,
        binds=tuple((one["Source"], one["Destination"], bool(one["RW"])) for one in mounts if one["Type"] == "bind"),
        mounts=tuple(
            (one["Type"], one.get("Name") or one["Source"], one["Destination"], bool(one["RW"])) for one in mounts
        ),
        places=tuple(sorted({one["Destination"] for one in mounts} | set(host.get("Tmpfs") or ()))),
        extra_hosts=tuple(host.get("ExtraHosts") or ()),
        started=told["State"].get("StartedAt", ""),
    )


def _joined(told: Any, names: tuple[str, ...]) -> tuple[Joined, ...]:
    networks = told["NetworkSettings"].get("Networks") or {}
    return tuple(
        Joined(
            name,
            tuple(filter(None, (networks[name].get("IPAddress"), networks[name].get("GlobalIPv6Address")))),
            tuple(filter(None, (networks[name].get("Gateway"), networks[name].get("IPv6Gateway")))),
        )
        for name in names
    )


def _bindings(host: Any) -> list[str]:
    """What was asked to be published, which Docker does not do on internal networks."""
    return [
        f"{_host(binding.get('HostIp') or '0.0.0.0')}:{binding.get('HostPort')}->{inside}"  # noqa: S104 - as Docker has it
        for inside, bindings in sorted((host.get("PortBindings") or {}).items())
        for binding in bindings or ()
    ]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _host_spaces(host: Any) -> tuple[str, ...]:
    kinds = {"network": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode", "uts": "UTSMode", "user": "UsernsMode"}
    modes = {kind: str(host.get(key) or "") for kind, key in kinds.items()}
    return tuple(
        f"{kind}: {mode}" for kind, mode in modes.items() if mode == "host" or mode.startswith(("container:", "ns:"))
    )

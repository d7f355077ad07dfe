"""Probes, as they are ordered and as their answers come back; and the places that they are sent from."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from muniment.errors import DeployError
from muniment.seal.docker import Docker, run

LABEL = "muniment.verify"
"""What every container of the verifier's own bears, with its token."""
PYTHON = "/opt/muniment/bin/python"
"""In the server's image."""
_PROGRAM = Path(__file__).with_name("probe.py")
THIS_MACHINE = ("--network", "host", "--userns", "host")
"""For a container on this machine's own network, which is not to be had from within a user namespace of Docker's."""
ISOLATED = ("-I", "-S")
"""How Python is started: with nothing but its standard library."""
_WITHIN = 45.0
"""Seconds for a container to start, try all at once, and be gone; two or three, unless the machine has much to do."""

_Word = Annotated[str, Field(max_length=100)]
_Text = Annotated[str, Field(max_length=1 << 22)]


class ProbeFailed(Exception):
    """The probe did not run, or said nothing that can be understood; ``str()`` tells why."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to try.

    Attributes:
        id: of small letters, digits and hyphens, and no other's.
        kind: a connection, three datagrams, or a query for ``name``.
        address, port: where to.
    """

    id: str
    kind: Literal["tcp", "udp", "dns"]
    address: str
    port: int
    name: str = ""

    @property
    def shown(self) -> str:
        """For people: "TCP to 172.17.0.1:39151"."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind.upper()} to {host}:{self.port}"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Order(_Frozen):
    """What a probe program is to do.

    Attributes:
        token: what datagrams and connections bear.
        within: seconds for each probe.
        resolve: a name that every resolver of the place is asked for; "" for none.
        processes: whose facts are wanted.
        values, presence: variables of their environments of which the value is told, or whether they are set.
        enter: the process whose namespaces are entered; 0 to stay.
    """

    token: str
    probes: tuple[Probe, ...] = ()
    within: float = 2.0
    resolve: str = ""
    processes: Literal["all"] | tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    presence: tuple[str, ...] = ()
    enter: int = 0


class ProcessSeen(_Frozen):
    """A process as the kernel has it; None stands for what it did not tell.

    Attributes:
        status, mounts: /proc/PID/status and mountinfo.
        command: its arguments.
        environment: what was asked for of it.
        namespaces: "net", "user", "pid" and "mnt", like "net:[4026531840]".
    """

    pid: int
    status: _Text
    command: tuple[_Text, ...]
    environment: dict[_Word, _Text] | None
    mounts: _Text | None
    namespaces: dict[_Word, _Word | None]


class Seen(_Frozen):
    """What a probe program found.

    Attributes:
        outcomes: what came of each probe, by its id; of resolvers by "resolver ADDRESS".
        interfaces: the network interfaces' names.
        files: of /proc/net, by their names.
        resolvers: the addresses that names are asked of; None if no file could be read that names them.
        processes: those that were asked for and still ran.
    """

    outcomes: dict[_Word, _Word]
    interfaces: tuple[_Word, ...]
    files: dict[_Word, _Text | None]
    resolvers: tuple[_Word, ...] | None
    processes: tuple[ProcessSeen, ...]


class Place(Protocol):
    """Where a probe can be sent from."""

    def send(self, order: Order) -> Seen:
        """Try what is ordered there. Raises ProbeFailed."""


@dataclass(frozen=True, slots=True)
class InContainer:
    """The namespaces of a container, entered by another that lasts as long as the probe.

    Attributes:
        image: one with Muniment's Python.
        container: its id; "" for this machine's own network.
        user: as "uid:gid": the kernel tells the environment of a process only to its own user.
    """

    docker: Docker
    image: str
    container: str
    user: str

    def send(self, order: Order) -> Seen:
        """See :class:`Place`."""
        inside = f"container:{self.container}"
        spaces = ("--network", inside, "--pid", inside) if self.container else THIS_MACHINE
        arguments = bare_container(order.token, self.user, *spaces)
        program = (*arguments, "--entrypoint", PYTHON, self.image, *ISOLATED, "-c", _PROGRAM.read_text("utf-8"))
        return _sent((self.docker.program, *program), order)


@dataclass(frozen=True, slots=True)
class InProcess:
    """The user and network namespace of a process of this machine; its own namespace with 0."""

    pid: int = 0

    def send(self, order: Order) -> Seen:
        """See :class:`Place`."""
        entering = order.model_copy(update={"enter": self.pid})
        return _sent((sys.executable, *ISOLATED, str(_PROGRAM)), entering)


def bare_container(token: str, user: str, *options: str) -> tuple[str, ...]:
    """The arguments of docker for a container of the verifier's, which has no rights and leaves nothing."""
    return (
        *("run", "--rm", "--label", f"{LABEL}={token}", "--user", user, "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges:true", "--log-driver", "none", "--pids-limit", "256"),
        *options,
    )


def _sent(command: tuple[str, ...], order: Order) -> Seen:
    try:
        return Seen.model_validate_json(run((*command, order.model_dump_json()), within=_WITHIN))
    except DeployError as error:
        raise ProbeFailed(error.what) from None
    except ValidationError:
        raise ProbeFailed("it answered with something that cannot be understood") from None

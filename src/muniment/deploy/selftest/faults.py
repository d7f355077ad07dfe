"""Every way that is known to break a deployment, and the claims that have to be found broken then."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muniment.deploy.places import MODEL
from muniment.deploy.selftest.copy import WEIGHTS, Copy, Description, make_model, program_text
from muniment.seal import catalogue
from muniment.seal.claims import Claim

GATEWAY, SERVER = "gateway", "server"
_RESOLVERS, _RESOLVER = "10.231.77.0/28", "10.231.77.5"
"""A network for a resolver that leaks, and its address: engines name resolvers by address only."""

Change = Callable[[Description, Copy], None]
Meanwhile = Callable[[Copy], AbstractContextManager[object]]


def _unchanged(_: Description, __: Copy) -> None:
    """Leave the compose file as it is."""


def _nothing(_: Copy) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to break a deployment.

    Attributes:
        id: its name for programs.
        says: what is done, for people.
        breaks: the claims that have to be found broken.
        also: those that may be found broken with them, as they depend on the same.
        change: what is done to the compose file.
        meanwhile: what is done while it runs, and undone afterwards.
        needs_engine: it can be done where an engine has a container of its own.
    """

    id: str
    says: str
    breaks: tuple[Claim, ...]
    also: tuple[Claim, ...] = ()
    change: Change = _unchanged
    meanwhile: Meanwhile = _nothing
    needs_engine: bool = False


def _of(service: str, change: Callable[[dict[str, Any]], None]) -> Change:
    """A change of one service's description."""
    return lambda described, _: change(described["services"][service])


def _of_reader(change: Callable[[dict[str, Any], Copy], None]) -> Change:
    """A change of what reads documents."""
    return lambda described, made: change(described["services"][made.reader], made)


def _setting(service: str, **values: object) -> Change:
    return _of(service, lambda described: described.update(values))


def _reader_setting(**values: object) -> Change:
    return _of_reader(lambda described, _: described.update(values))


def _without(service: str, *names: str) -> Change:
    def remove(described: dict[str, Any]) -> None:
        for name in names:
            del described[name]

    return _of(service, remove)


def _environment(**values: str) -> Change:
    return _of_reader(lambda described, _: described["environment"].update(values))


def _argument(*words: str) -> Change:
    return _of_reader(lambda described, _: described["command"].extend(words))


def _join(described: Description, service: str, network: str) -> None:
    """Put a service on a network, beside those that it is on."""
    found = described["services"][service]
    found.pop("network_mode", None)
    found["networks"] = [*found.get("networks", ()), network]


def _join_outside(described: Description, made: Copy) -> None:
    _join(described, made.reader, "default")


def _join_server(described: Description, _: Copy) -> None:
    _join(described, SERVER, "default")


def _join_inside(described: Description, made: Copy) -> None:
    """A network without a way out, which this machine is on."""
    described["networks"]["beside"] = {"internal": True}
    _join(described, made.reader, "beside")


def _join_resolver(described: Description, made: Copy) -> None:
    """A network without a way out, but with a resolver."""
    described["networks"]["resolving"] = {"internal": True, "ipam": {"config": [{"subnet": _RESOLVERS}]}}
    _join(described, made.reader, "resolving")
    described["services"][made.reader]["dns"] = [_RESOLVER]


@contextmanager
def _leaking(made: Copy) -> Iterator[None]:
    """A resolver on that network that asks by the gateway's."""
    networks = [f"{made.plan.project}_{name}" for name in ("resolving", "default")]
    with made.beside("--network", networks[0], "--ip", _RESOLVER, program=program_text("resolver.py")) as resolver:
        made.docker.ask("network", "connect", networks[1], resolver)
        yield


def _engine_port(described: Description, made: Copy) -> None:
    _join_outside(described, made)
    described["services"][made.reader]["ports"] = ["127.0.0.1::8000"]


def _host_network(described: Description, made: Copy) -> None:
    found = described["services"][made.reader]
    found.pop("networks", None)
    found["network_mode"] = "host"


def _second_port(described: Description, _: Copy) -> None:
    described["services"][GATEWAY]["ports"].append("127.0.0.1::8002")


def _open_port(described: Description, made: Copy) -> None:
    described["services"][GATEWAY]["ports"] = [f"0.0.0.0:{made.plan.port}:8001"]


def _root(described: dict[str, Any], _: Copy) -> None:
    """With the capabilities, or root could write to nothing that the engine's own user has."""
    described["user"] = "0:10000"
    del described["cap_drop"]


def _host_folder(described: Description, made: Copy) -> None:
    place = made.place / "written"
    place.mkdir(exist_ok=True)
    mount = {"type": "bind", "source": str(place), "target": "/written"}
    described["services"][SERVER]["volumes"].append(mount)


def _foreign_folder(described: Description, made: Copy) -> None:
    place = made.place / "sockets"
    place.mkdir(exist_ok=True)
    mount = {"type": "bind", "source": str(place), "target": "/sockets", "read_only": True}
    described["services"][made.reader]["volumes"].append(mount)


def _foreign_volume(described: Description, made: Copy) -> None:
    mount = {"type": "volume", "source": "server-socket", "target": "/run/muniment/server"}
    described["services"][made.reader]["volumes"].append(mount)


def _docker_socket(described: Description, _: Copy) -> None:
    mount = {"type": "bind", "source": "/var/run/docker.sock", "target": "/var/run/docker.sock", "read_only": True}
    described["services"][SERVER]["volumes"].append(mount)


def _lasting_volume(described: Description, made: Copy) -> None:
    described["volumes"]["kept"] = {}
    described["services"][made.reader]["volumes"].append({"type": "volume", "source": "kept", "target": "/kept"})


def _model_mount(described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in described["volumes"] if one["target"] == MODEL)
    return found


def _writable_model(described: dict[str, Any], _: Copy) -> None:
    _model_mount(described)["read_only"] = False


def _other_model(described: dict[str, Any], made: Copy) -> None:
    place = made.place / "other-model"
    if not place.exists():
        make_model(place, "muniment/other")
    _model_mount(described)["source"] = str(place)


def _other_image(described: Description, made: Copy) -> None:
    image = made.docker.ask_json("inspect", made.container(GATEWAY))[0]["Image"]
    tag = f"{made.plan.project}:other"
    made.docker.ask("tag", image, tag)
    described["services"][GATEWAY]["image"] = tag


def _extra_route(described: Description, made: Copy) -> None:
    """One of an engine's own routes, answered by the gateway."""
    program = "/opt/muniment/gateway/nginx.conf"
    before = "        location / {"
    told = made.docker.ask("exec", made.container(GATEWAY), "cat", program)
    place = made.place / "nginx.conf"
    place.write_text(told.replace(before, f"        location = /version {{ return 200; }}\n{before}", 1))
    place.chmod(0o644)
    mount = {"type": "bind", "source": str(place), "target": program, "read_only": True}
    described["services"][GATEWAY]["volumes"].append(mount)


@contextmanager
def _changed_model(made: Copy) -> Iterator[None]:
    weights = _model_folder(made) / WEIGHTS
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        yield
    finally:
        weights.write_bytes(content)


@contextmanager
def _more_in_model(made: Copy) -> Iterator[None]:
    more = _model_folder(made) / "modeling.py"
    more.write_text("")
    try:
        yield
    finally:
        more.unlink()


def _model_folder(made: Copy) -> Path:
    assert made.engine is not None, "such faults need an engine"  # noqa: S101
    return Path(made.engine.folder)


def _sidecar(made: Copy) -> AbstractContextManager[object]:
    return made.beside("--network", f"container:{made.container(made.reader)}")


def _sharing(made: Copy) -> AbstractContextManager[object]:
    return made.beside("--network", "none", "--volume", f"{made.plan.project}_server-socket:/shared")


def _unplanned(made: Copy) -> AbstractContextManager[object]:
    return _of_project(made, "spy")


def _second_server(made: Copy) -> AbstractContextManager[object]:
    return _of_project(made, SERVER)


def _of_project(made: Copy, service: str) -> AbstractContextManager[object]:
    """A container that Compose takes for one of the copy's."""
    labels = {
        "com.docker.compose.project": made.plan.project,
        "com.docker.compose.service": service,
        "com.docker.compose.oneoff": "False",
    }
    return made.beside("--network", "none", *(f"--label={name}={value}" for name, value in labels.items()))


_REACHES = (catalogue.NO_INTERNET, catalogue.NO_HOST)
_FOLLOWING = (
    *(catalogue.NO_NAMES, catalogue.NO_NEIGHBOUR, catalogue.NO_TELEMETRY, catalogue.SERVER_SEALED),
    catalogue.AS_PLANNED,
)
_PRIVILEGE = (catalogue.NO_PRIVILEGE,)
_TRACE = (catalogue.NO_TRACE,)
_TELEMETRY = (catalogue.NO_TELEMETRY,)
_MODEL = (catalogue.VERIFIED_MODEL,)

_NETWORKS = (
    Fault(
        id="network-joined",
        says="What reads is put on the gateway's network",
        breaks=_REACHES,
        also=_FOLLOWING,
        change=_join_outside,
    ),
    Fault(
        id="server-joined",
        says="The server is put on the gateway's network",
        breaks=(catalogue.SERVER_SEALED,),
        also=(catalogue.AS_PLANNED,),
        change=_join_server,
        needs_engine=True,
    ),
    Fault(
        id="internal-network-joined",
        says="What reads is put on a network without a way out, which this machine is on",
        breaks=(catalogue.NO_HOST,),
        also=(*_FOLLOWING, catalogue.NO_INTERNET),
        change=_join_inside,
    ),
    Fault(
        id="resolver-leak",
        says="What reads is given a resolver that asks outside, on a network without a way out",
        breaks=(catalogue.NO_NAMES,),
        also=(*_REACHES, *_FOLLOWING),
        change=_join_resolver,
        meanwhile=_leaking,
    ),
    Fault(
        id="host-network",
        says="What reads has this machine's network",
        breaks=(*_REACHES, catalogue.NO_PRIVILEGE),
        also=_FOLLOWING,
        change=_host_network,
    ),
    Fault(
        id="sidecar",
        says="Another container is put into the network namespace of what reads",
        breaks=(catalogue.NO_NEIGHBOUR,),
        meanwhile=_sidecar,
    ),
)
_SHARED = (
    Fault(
        id="volume-shared",
        says="Another container shares the way to the server",
        breaks=(catalogue.NO_NEIGHBOUR,),
        meanwhile=_sharing,
    ),
)
_PORTS = (
    Fault(
        id="port-published",
        says="What reads publishes a port",
        breaks=(catalogue.NO_PORT,),
        also=(*_REACHES, *_FOLLOWING),
        change=_engine_port,
    ),
    Fault(
        id="second-port", says="The gateway publishes a second port", breaks=(catalogue.NO_PORT,), change=_second_port
    ),
    Fault(
        id="port-for-all", says="The gateway listens for all machines", breaks=(catalogue.NO_PORT,), change=_open_port
    ),
)
_MOUNTS = (
    Fault(
        id="foreign-folder",
        says="What reads may look into a folder of this machine, where sockets may lie",
        breaks=(catalogue.AS_PLANNED,),
        change=_foreign_folder,
    ),
    Fault(
        id="foreign-volume",
        says="What reads shares the gateway's way to the server",
        breaks=(catalogue.AS_PLANNED,),
        change=_foreign_volume,
        needs_engine=True,
    ),
)
_PRIVILEGES = (
    Fault(
        id="capability-added",
        says="What reads may send raw packets",
        breaks=_PRIVILEGE,
        change=_reader_setting(cap_add=["NET_RAW"]),
    ),
    Fault(
        id="capabilities-kept",
        says="The gateway keeps Docker's capabilities",
        breaks=_PRIVILEGE,
        change=_without(GATEWAY, "cap_drop"),
    ),
    Fault(
        id="privileged",
        says="The server is privileged",
        breaks=_PRIVILEGE,
        also=_TRACE,
        change=_setting(SERVER, privileged=True),
    ),
    Fault(
        id="root",
        says="The engine is root, with Docker's capabilities",
        breaks=_PRIVILEGE,
        change=_of_reader(_root),
        needs_engine=True,
    ),
    Fault(
        id="new-privileges",
        says="The gateway's processes may gain privileges",
        breaks=_PRIVILEGE,
        change=_without(GATEWAY, "security_opt"),
    ),
    Fault(
        id="no-filter",
        says="What reads may call all of the kernel",
        breaks=_PRIVILEGE,
        change=_reader_setting(security_opt=["no-new-privileges:true", "seccomp=unconfined"]),
    ),
    Fault(
        id="host-processes",
        says="The gateway sees this machine's processes",
        breaks=_PRIVILEGE,
        also=_TRACE,
        change=_setting(GATEWAY, pid="host"),
    ),
    Fault(
        id="host-memory",
        says="The server shares memory with this machine's processes",
        breaks=_PRIVILEGE,
        change=_setting(SERVER, ipc="host"),
    ),
    Fault(
        id="docker-socket",
        says="The server is given Docker's socket",
        breaks=_PRIVILEGE,
        also=(*_TRACE, catalogue.AS_PLANNED),
        change=_docker_socket,
    ),
    Fault(
        id="device",
        says="What reads is given a device",
        breaks=_PRIVILEGE,
        change=_reader_setting(devices=["/dev/null:/dev/given"]),
    ),
    Fault(
        id="host-name",
        says="The server is given an address by a name",
        breaks=_PRIVILEGE,
        change=_setting(SERVER, extra_hosts=["elsewhere:192.0.2.1"]),
    ),
    Fault(
        id="unbounded-memory",
        says="The gateway may take all of the memory",
        breaks=_PRIVILEGE,
        change=_without(GATEWAY, "mem_limit", "memswap_limit"),
    ),
    Fault(
        id="unbounded-processes",
        says="The server may start any number of processes",
        breaks=_PRIVILEGE,
        change=_without(SERVER, "pids_limit"),
    ),
)
_TRACES = (
    Fault(
        id="writable-root",
        says="What reads may write to its own files",
        breaks=_TRACE,
        change=_reader_setting(read_only=False),
    ),
    Fault(
        id="host-folder",
        says="The server may write to a folder of this machine",
        breaks=_TRACE,
        also=(catalogue.AS_PLANNED,),
        change=_host_folder,
    ),
    Fault(
        id="lasting-volume",
        says="What reads may write to a volume that lasts",
        breaks=_TRACE,
        also=(catalogue.AS_PLANNED,),
        change=_lasting_volume,
    ),
)
_ENGINES = (
    Fault(
        id="proxy",
        says="The engine is told of a proxy",
        breaks=_TELEMETRY,
        also=_MODEL,
        change=_environment(HTTPS_PROXY="http://proxy.invalid:3128"),
        needs_engine=True,
    ),
    Fault(
        id="telemetry",
        says="The engine may tell its makers how it is used",
        breaks=_TELEMETRY,
        change=_environment(VLLM_NO_USAGE_STATS="0"),
        needs_engine=True,
    ),
    Fault(
        id="tracking",
        says="The engine is not told to leave off tracking",
        breaks=_TELEMETRY,
        change=_environment(DO_NOT_TRACK=""),
        needs_engine=True,
    ),
    Fault(
        id="online",
        says="The engine looks for models on their hub",
        breaks=_MODEL,
        also=_TELEMETRY,
        change=_environment(HF_HUB_OFFLINE="0"),
        needs_engine=True,
    ),
    Fault(
        id="remote-code",
        says="The engine runs code that the model brings",
        breaks=_MODEL,
        change=_argument("--trust-remote-code"),
        needs_engine=True,
    ),
    Fault(
        id="pickles",
        says="The engine loads weights of any form",
        breaks=_MODEL,
        change=_argument("--load-format", "auto"),
        needs_engine=True,
    ),
    Fault(
        id="adapters",
        says="The engine loads more than the model",
        breaks=_MODEL,
        change=_argument("--enable-lora"),
        needs_engine=True,
    ),
    Fault(
        id="model-changed",
        says="A bit of the model's weights is another",
        breaks=_MODEL,
        meanwhile=_changed_model,
        needs_engine=True,
    ),
    Fault(
        id="model-grown",
        says="A program is put beside the model's weights",
        breaks=_MODEL,
        meanwhile=_more_in_model,
        needs_engine=True,
    ),
    Fault(
        id="model-writable",
        says="The engine may write to the model",
        breaks=_MODEL,
        also=(*_TRACE, catalogue.AS_PLANNED),
        change=_of_reader(_writable_model),
        needs_engine=True,
    ),
    Fault(
        id="other-model",
        says="The engine is given another model",
        breaks=_MODEL,
        also=(catalogue.AS_PLANNED,),
        change=_of_reader(_other_model),
        needs_engine=True,
    ),
    Fault(
        id="content-logged",
        says="The engine logs what it is sent",
        breaks=(catalogue.NO_CONTENT_LOGGED,),
        change=_environment(TALKATIVE="1"),
        needs_engine=True,
    ),
)
_OTHERS = (
    Fault(
        id="unplanned-container",
        says="A container that was not planned belongs to it",
        breaks=(catalogue.AS_PLANNED,),
        meanwhile=_unplanned,
    ),
    Fault(
        id="second-server",
        says="A second server belongs to it",
        breaks=(catalogue.AS_PLANNED,),
        meanwhile=_second_server,
    ),
    Fault(
        id="other-image",
        says="The gateway runs an image of another name",
        breaks=(catalogue.AS_PLANNED,),
        change=_other_image,
    ),
    Fault(
        id="extra-route",
        says="The gateway answers on a route that it should not have",
        breaks=(catalogue.ALLOWED_ROUTES,),
        also=(catalogue.AS_PLANNED,),
        change=_extra_route,
    ),
)

FAULTS = (*_NETWORKS, *_SHARED, *_PORTS, *_MOUNTS, *_PRIVILEGES, *_TRACES, *_ENGINES, *_OTHERS)
"""All of them, in the order in which they are tried."""


def faults_for(made: Copy) -> tuple[Fault, ...]:
    """Those that can be done to such a deployment."""
    return tuple(fault for fault in FAULTS if made.engine is not None or not fault.needs_engine)

"""A plan as a compose file: what each container may reach, and with what rights."""

import re
from typing import Any

import yaml

from muniment.deploy.engines import engine_service
from muniment.deploy.hardening import (
    DATA,
    hardened,
    health,
    internal_network,
    literal,
    memory_volume,
    place_in,
    published,
)
from muniment.deploy.images import GATEWAY, SERVER, Image
from muniment.deploy.monitoring.services import with_monitoring
from muniment.deploy.places import (
    ENGINE_IDENTITY,
    EVIDENCE,
    EVIDENCE_FOLDER,
    EVIDENCE_KEY,
    SERVER_IDENTITY,
    SERVER_SOCKET,
    engine_address,
)
from muniment.deploy.settings import EngineKind, Plan, Topology
from muniment.seal.evidence.keys import PUBLIC_NAME

_MEBI = 1 << 20
_GATEWAY_PORT = 8001
_ENGINES = "muniment.engines"
_CERTIFICATES = "/etc/muniment/tls"
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9.]")

Service = dict[str, Any]


def compose_file(plan: Plan) -> str:
    """The whole file, as docker compose takes it from a folder of its own; the same for the same plan."""
    return yaml.dump(document(plan), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Puts into quotes what Compose's newer YAML has another word for: 1e3 and 0o7 are numbers to it, and it ends lines
    at other characters."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _LIKE_A_NUMBER.match(text) or not text.isprintable() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def document(plan: Plan) -> dict[str, Any]:
    """What the file says, as YAML's types."""
    engines = {engine.service: engine_service(plan, engine) for engine in plan.engines}
    services = {"gateway": _gateway(plan), "server": _server(plan), **engines}
    made = {"services": services, "networks": _networks(plan), "volumes": _volumes(plan)}
    return with_monitoring(made, isolated=plan.isolated_gateway) if plan.monitoring else made


def tagged(image: Image, plan: Plan) -> str:
    """The image as this version of Muniment has it."""
    return f"{image.name}:{plan.version}"


def _gateway(plan: Plan) -> Service:
    """The only container that can be reached, and the only one on a network with a way out. It opens no document."""
    networks = ["default", "internal"] if plan.topology is Topology.INTERNAL else ["default"]
    certificates = [place_in(plan.tls, _CERTIFICATES)] if plan.tls else []
    return hardened(
        {
            "image": tagged(GATEWAY, plan),
            "networks": networks,
            "ports": [published(plan.address, plan.port, _GATEWAY_PORT)],
            "volumes": [_shared("server-socket", "/run/muniment/server"), *certificates],
            **({"environment": {"MUNIMENT_TLS": _CERTIFICATES}} if plan.tls else {}),
            "tmpfs": ["/tmp:size=64m,mode=1777"],  # noqa: S108 - in the container
            "healthcheck": health(["CMD", "/opt/muniment/gateway/health.sh"], start=30),
        },
        memory=1024 * _MEBI,
        processes=64,
    )


def _server(plan: Plan) -> Service:
    """Where documents are opened: in workers that shut themselves off once more."""
    engines = [argument for engine in plan.engines for argument in ("--engine", engine_address(plan, engine))]
    asked = ["--profile", literal(plan.profile)] if plan.kind is not EngineKind.EMBEDDED else []
    sockets = [_shared(f"{engine.service}-socket", f"/run/muniment/{engine.service}") for engine in plan.engines]
    return hardened(
        {
            "image": tagged(SERVER, plan),
            # Its addresses stay when an engine gets another model: what changes here has Compose make it anew, and
            # after the engines, so that it asks none that is about to go.
            **({"depends_on": [engine.service for engine in plan.engines]} if plan.engines else {}),
            "labels": {_ENGINES: " ".join(literal(f"{engine.service}={engine.model}") for engine in plan.engines)},
            "command": [
                *("serve", "--socket", SERVER_SOCKET),
                *engines,
                *asked,
                *(["--name", "gateway"] if plan.topology is Topology.INTERNAL else []),
                *("--lifetime", f"{plan.lifetime:.15g}"),
                *_sealing(plan),
                # On a network, the container's own seccomp profile keeps workers from leaving it.
                *(["--require-sandbox"] if plan.topology is Topology.AIRGAP else []),
            ],
            **_apart(plan),
            "volumes": [
                {"type": "volume", "source": "data", "target": DATA},
                _shared("server-socket", "/run/muniment/server"),
                *(sockets if plan.topology is Topology.AIRGAP else []),
                *(_EVIDENCE if plan.seal else []),
            ],
            "tmpfs": ["/tmp:size=1g,mode=1777"],  # noqa: S108 - in the container
            "shm_size": 512 * _MEBI,
            "healthcheck": health(
                ["CMD", "/opt/muniment/bin/python", "/opt/muniment/health.py", SERVER_SOCKET], start=60
            ),
        },
        memory=8192 * _MEBI,
        processes=512,
    )


def _sealing(plan: Plan) -> list[str]:
    """What the server is told of the seal."""
    if plan.seal is None:
        return []
    evidence = ("--evidence", EVIDENCE, "--evidence-key", EVIDENCE_KEY, "--deployment", plan.project)
    return ["--seal", plan.seal.value, *evidence, *(["--airgap"] if plan.topology is Topology.AIRGAP else [])]


_EVIDENCE = [
    place_in(f"./{EVIDENCE_FOLDER}", EVIDENCE),
    place_in(f"./{PUBLIC_NAME}", EVIDENCE_KEY),
]
"""Beside the compose file. The folder as a whole, since a report is put into it in the place of the one before."""


def _apart(plan: Plan) -> Service:
    if plan.topology is Topology.INTERNAL:
        return {"networks": ["internal"]}
    return {"network_mode": "none"}


def _networks(plan: Plan) -> dict[str, Any]:
    if plan.topology is Topology.INTERNAL:
        return {"default": {}, "internal": internal_network(isolated=plan.isolated_gateway)}
    return {"default": {}}


def _volumes(plan: Plan) -> dict[str, Any]:
    made: dict[str, Any] = {"data": {}, "server-socket": memory_volume(SERVER_IDENTITY)}
    if plan.topology is Topology.AIRGAP:
        made |= {f"{engine.service}-socket": memory_volume(ENGINE_IDENTITY) for engine in plan.engines}
    return made


def _shared(volume: str, target: str) -> dict[str, str]:
    return {"type": "volume", "source": volume, "target": target}

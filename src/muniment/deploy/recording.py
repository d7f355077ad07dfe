"""What was observed of a deployment, as evidence that can be signed and handed out."""

import hashlib
import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from muniment.deploy import readiness
from muniment.deploy.advisories import AS_OF, holes_in
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.gpus import find_gpus
from muniment.deploy.proven import Observed, findings
from muniment.deploy.proving import observe
from muniment.deploy.proving_engines import OFFLINE, QUIET
from muniment.deploy.readiness import Readiness
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.models import Manifest
from muniment.seal import catalogue, proving_processes
from muniment.seal.claims import merged
from muniment.seal.docker import Docker, version
from muniment.seal.evidence.record import (
    Advisories,
    Canary,
    Composition,
    Evidence,
    Image,
    Machine,
    ModelFile,
    ModelRecord,
    Network,
    Setting,
    Socket,
    Unknown,
    this_verifier,
)
from muniment.seal.kernel import listening, receiving

_LISTENING: dict[Literal["tcp", "udp"], Callable[[str, str], tuple[str, ...]]] = {"tcp": listening, "udp": receiving}
_MODES: dict[Literal["ipv4", "ipv6"], str] = {
    "ipv4": "com.docker.network.bridge.gateway_mode_ipv4",
    "ipv6": "com.docker.network.bridge.gateway_mode_ipv6",
}


def gather(folder: DeploymentFolder, docker: Docker) -> Evidence:
    """Look at a deployment as it runs now, and at workers beside it on this machine, and record all that is seen.

    Raises:
        DeployError: it does not run, or Docker does not answer.
    """
    begun = datetime.now(UTC)
    observed = observe(folder, docker)
    processes = proving_processes.find()
    beside = proving_processes.prove(processes) if processes else ()
    ready = readiness.ask(observed.plan)
    composition, missing = _composition(folder, observed.plan)
    networks, hidden = _networks(observed)
    return Evidence(
        nonce=secrets.token_hex(32),
        begun=begun,
        findings=merged(findings(observed), beside),
        deployment=observed.plan.project,
        verifier=this_verifier(),
        machine=_machine(observed),
        images=tuple(_images(observed)),
        composition=composition,
        networks=networks,
        sockets=tuple(_sockets(observed)),
        settings=tuple(_settings(observed)),
        advisories=Advisories(engine=docker.engine, as_of=AS_OF, known=holes_in(version(docker.engine))),
        models=tuple(_models(observed)),
        canary=tuple(Canary(model=model, read=not problem, seen=problem) for model, problem in ready.models),
        unknown=(*missing, *hidden, *_unknown(observed), *_unread(observed.plan, ready)),
        ended=datetime.now(UTC),
    )


def _machine(observed: Observed) -> Machine:
    kernel = None
    with suppress(DeployError):  # of the machine that Docker runs on, which may be another than this one
        kernel = observed.docker.ask("info", "--format", "{{.KernelVersion}}").strip() or None
    driver = next((gpu.driver for gpu in find_gpus()), None)
    return Machine(name=platform.node() or None, kernel=kernel, engine=observed.docker.engine, gpu_driver=driver)


def _images(observed: Observed) -> Iterator[Image]:
    for service, one in observed.containers.items():
        running, pinned = (text.removeprefix("sha256:") for text in (one.image_id, observed.images.get(service, "")))
        yield Image(service=service, name=one.image, running=running, pinned=pinned or None)


def _composition(folder: DeploymentFolder, plan: Plan) -> tuple[Composition | None, tuple[Unknown, ...]]:
    """The compose file, and what is not known of it. What others put into it may be secret, and is not handed out."""
    try:
        content = folder.compose.read_bytes()
    except OSError:
        return None, (Unknown(what="The compose file", why="it cannot be read"),)
    digest, text = hashlib.sha256(content).hexdigest(), folder.compose_text(plan)
    if content != text.encode():
        why = "it is not as muniment up wrote it for this plan, or another version did"
        return Composition(sha256=digest, effective=""), (Unknown(what="What the compose file says", why=why),)
    return Composition(sha256=digest, effective=text), ()


def _networks(observed: Observed) -> tuple[tuple[Network, ...], tuple[Unknown, ...]]:
    """Those that anything is on, and what is not known of them: one may be gone by now."""
    joined = {
        name: [
            service for service, one in observed.containers.items() if name in {each.network for each in one.networks}
        ]
        for name in sorted({each.network for one in observed.containers.values() for each in one.networks})
    }
    found, hidden = [], []
    for name, services in joined.items():
        try:
            found.append(_network(name, services, observed.docker.ask_json("network", "inspect", name)[0]))
        except DeployError as error:
            hidden.append(Unknown(what=f"The network {name}", why=error.what))
    return tuple(found), tuple(hidden)


def _network(name: str, services: Sequence[str], told: Any) -> Network:
    options = told.get("Options") or {}
    return Network(
        name=name,
        internal=bool(told.get("Internal")),
        gateway_modes=tuple((family, options[key]) for family, key in _MODES.items() if options.get(key)),
        services=tuple(services),
    )


def _sockets(observed: Observed) -> Iterator[Socket]:
    for service, seen in observed.reached.seen.items():
        if service in observed.containers:
            for protocol, tell in _LISTENING.items():
                for address in tell(seen.files.get(protocol) or "", seen.files.get(f"{protocol}6") or ""):
                    yield Socket(subject=service, protocol=protocol, address=address)


def _settings(observed: Observed) -> Iterator[Setting]:
    """Of the first process of each engine, from which its others have them."""
    for engine in observed.plan.engines:
        seen = observed.reached.seen.get(engine.service)
        first = next((one for one in seen.processes if one.pid == 1), None) if seen else None
        if first is not None and first.environment is not None:
            for name in (*OFFLINE, *QUIET):
                yield Setting(subject=engine.service, name=name, value=first.environment.get(name))


def _models(observed: Observed) -> Iterator[ModelRecord]:
    """Of what was read, by the manifest that lay beside it. That there was none is told among the findings."""
    for read in observed.models.values():
        if read.manifest is not None:
            yield _model(read.manifest, read.found)


def _model(manifest: Manifest, found: Mapping[str, str]) -> ModelRecord:
    files = tuple(
        ModelFile(name=one.name, size=one.size, sha256=one.sha256, found=found.get(one.name)) for one in manifest.files
    )
    return ModelRecord(name=manifest.name, manifest=hashlib.sha256(manifest.to_bytes()).hexdigest(), files=files)


def _unknown(observed: Observed) -> Iterator[Unknown]:
    if catalogue.NO_CONTENT_LOGGED.id not in observed.gathered:
        yield Unknown(what=catalogue.NO_CONTENT_LOGGED.says, why="documents are refused, so that none was read")
    for service, why in observed.failures.items():
        yield Unknown(what=f"What {service} sees", why=why)
    yield Unknown(what="Unix sockets", why="they were not looked at")


def _unread(plan: Plan, ready: Readiness) -> Iterator[Unknown]:
    """The models of which nothing tells whether they read the canary page."""
    if ready.problem:
        yield Unknown(what="The canary page", why=ready.problem)
    told = {model for model, _ in ready.models}
    for model in sorted({engine.model for engine in plan.engines} - told):
        yield Unknown(what=f"Whether {model} reads the canary page", why="the service does not tell")
    if not (plan.engines or ready.models or ready.problem):  # the embedded engine, whose models the plan does not name
        yield Unknown(what="The canary page", why="the service tells of no model")

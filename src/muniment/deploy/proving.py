"""Shows of a deployment that runs what each claim about it is worth, and leaves nothing behind."""

import os
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muniment.deploy.compose import document
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.frontdoor import routes_checks
from muniment.deploy.marking import Marked, log_checks, read_marked
from muniment.deploy.proven import GATEWAY, GATEWAY_PORT, SERVER, Observed, findings
from muniment.deploy.proving_engines import OFFLINE, PROXIES, QUIET, read_files
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.seal import catalogue
from muniment.seal.claims import Check, Finding, fact, unknown
from muniment.seal.containers import companions, inspected_project, sharers
from muniment.seal.docker import Docker
from muniment.seal.inspected import Inspected, inspected_from
from muniment.seal.listening import Listener, container_command, listener
from muniment.seal.probing import LABEL, InContainer, Order, Place, ProbeFailed
from muniment.seal.proving_processes import send_all
from muniment.seal.reach import NAME, Neighbour, Reached, aims, probes
from muniment.seal.traces import changes

_HERE = "here"
_WATCHING = frozenset({"prometheus", "grafana"})
_NOBODY = "65534:65534"
_HASHING = 15.0
_READING = 15.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Where what is tried should work; the deployment's own places unless a test has reason to break them.

    Attributes:
        gateway: instead of the gateway's network, which leads out.
        listening: whether the verifier listens at all.
    """

    gateway: Place | None = None
    listening: bool = True


def prove(folder: DeploymentFolder, docker: Docker, controls: Controls | None = None) -> tuple[Finding, ...]:
    """Look at a deployment as it runs now, and judge it.

    Raises:
        DeployError: it does not run, or Docker does not answer.
    """
    return findings(observe(folder, docker, controls))


def observe(folder: DeploymentFolder, docker: Docker, controls: Controls | None = None) -> Observed:
    """Look at a deployment as it runs now.

    Raises:
        DeployError: it does not run, or Docker does not answer.
    """
    given = controls or Controls()
    plan, images = folder.load(), folder.images()
    token = f"{plan.project}-{secrets.token_hex(8)}"
    found = map(inspected_from, inspected_project(docker, plan.project))
    # Of two of a service, the one that was brought up comes first: the server's image runs the verifier's programs too.
    containers = _by_service(sorted(found, key=lambda one: one.image_id != images.get(one.service)))
    server = containers.get(SERVER)
    if server is None:
        raise DeployError("The deployment does not run: there is no container of server", "Run muniment up first.")
    began = time.time()
    with _cleared(docker, token), ThreadPoolExecutor() as pool:
        beside = _beside(plan, folder.path, images, docker, containers, pool)
        reading = {
            engine.service: pool.submit(read_files, engine.service, containers.get(engine.service), _HASHING)
            for engine in plan.engines
        }
        marking = pool.submit(read_marked, plan, _READING)
        reached, failures = _reach(docker, containers, token, given)
        gathered = {name: [check for one in futures for check in one.result()] for name, futures in beside.items()}
        if not (marked := marking.result()).is_refused:
            gathered[catalogue.NO_CONTENT_LOGGED.id] = _logged(docker, containers, marked, began)
    return Observed(
        plan=plan,
        images=images,
        docker=docker,
        containers=containers,
        reached=reached,
        failures=failures,
        gathered=gathered,
        models={service: future.result() for service, future in reading.items()},
    )


def _by_service(found: Iterable[Inspected]) -> dict[str, Inspected]:
    """The containers by what they are called in checks: of several of one service, the later ones by their ids too."""
    named: dict[str, Inspected] = {}
    for one in found:
        name = one.service if one.service not in named else f"{one.service} {one.id[:12]}"
        named[name] = replace(one, service=name)
    return named


@contextmanager
def _cleared(docker: Docker, token: str) -> Iterator[None]:
    """See that none of the verifier's containers is left, however the block ends."""
    try:
        yield
    finally:
        with suppress(DeployError):
            left = docker.ask("ps", "--all", "--quiet", "--filter", f"label={LABEL}={token}").split()
            if left:
                docker.ask("rm", "--force", *left)


def _beside(
    plan: Plan,
    folder: Path,
    images: Mapping[str, str],
    docker: Docker,
    containers: Mapping[str, Inspected],
    pool: ThreadPoolExecutor,
) -> dict[str, list["Future[list[Check]]"]]:
    """What is looked at while the probes are under way, by claim."""
    return {
        catalogue.ALLOWED_ROUTES.id: [pool.submit(routes_checks, plan)],
        catalogue.NO_TRACE.id: [pool.submit(_changed, docker, one) for one in containers.values()],
        catalogue.NO_NEIGHBOUR.id: [
            pool.submit(_alone, docker, one, {one.id for one in containers.values()}) for one in containers.values()
        ],
        catalogue.AS_PLANNED.id: [pool.submit(_as_planned, plan, folder, images, containers)],
    }


def _changed(docker: Docker, container: Inspected) -> list[Check]:
    try:
        return [changes(container, docker.ask("diff", container.id))]
    except DeployError as error:
        return [unknown(container.service, "engine", "changed files", error.what)]


def _alone(docker: Docker, container: Inspected, ours: Collection[str]) -> list[Check]:
    """Whether no other container has been put into its namespaces, or has its volumes. The verifier's do not count."""
    volumes = [source for kind, source, _, _ in container.mounts if kind == "volume"]
    try:
        inside = companions(docker, container.id, LABEL)
        users = {one: name for volume in volumes for one, name in sharers(docker, volume).items() if one not in ours}
    except DeployError as error:
        return [unknown(container.service, "engine", "containers in its namespaces", error.what)]
    told = {"containers in its namespaces": inside, "other containers with its volumes": tuple(users.values())}
    return [
        fact(container.service, "engine", what, ", ".join(names) or "none", is_well=not names)
        for what, names in told.items()
    ]


def _logged(docker: Docker, containers: Mapping[str, Inspected], marked: Marked, since: float) -> list[Check]:
    ours = [one for name, one in containers.items() if name not in _WATCHING]
    return log_checks(docker, ours, marked, since)


def _as_planned(
    plan: Plan, folder: Path, images: Mapping[str, str], containers: Mapping[str, Inspected]
) -> list[Check]:
    """Whether there is every container of the plan and no other, each with its image, its networks and its mounts."""
    odd = sorted(set(containers) ^ set(plan.services))
    shown = ", ".join(odd) or "those that were planned"
    found = [fact("deployment", "engine", "containers", shown, is_well=not odd)]
    services = document(plan)["services"]
    for one in (containers[service] for service in plan.services if service in containers):
        found.append(_image(one, services[one.service]["image"], images.get(one.service, "")))
        networks = {f"{plan.project}_{name}" for name in services[one.service].get("networks", ())}
        shown = ", ".join(joined.network for joined in one.networks) or "none"
        is_well = {joined.network for joined in one.networks} == networks
        found.append(fact(one.service, "engine", "networks", shown, is_well=is_well))
        found.append(_mounts(one, plan.project, folder, services[one.service].get("volumes", ())))
    return found


def _mounts(container: Inspected, project: str, folder: Path, planned: Iterable[Mapping[str, Any]]) -> Check:
    """Whether volumes and folders of this machine lie in it as planned: a socket in one leads out without a network."""
    wanted = {
        (
            one["type"],
            f"{project}_{one['source']}" if one["type"] == "volume" else _real(folder, one["source"]),
            one["target"],
            not one.get("read_only", False),
        )
        for one in planned
    }
    real = {
        (kind, _real(folder, source) if kind == "bind" else source, *rest) for kind, source, *rest in container.mounts
    }
    odd = sorted(f"{source} at {place}" for _, source, place, _ in real ^ wanted)
    return fact(container.service, "engine", "mounts", ", ".join(odd) or "those that were planned", is_well=not odd)


def _real(folder: Path, source: str) -> str:
    """A folder as the kernel has it; relative ones are the deployment's own."""
    return os.path.realpath(folder / source.replace("$$", "$"))


def _image(container: Inspected, name: str, kept: str) -> Check:
    """Whether it runs what the name stood for when the deployment was brought up."""
    shown = f"{container.image} ({container.image_id.removeprefix('sha256:')[:12]})"
    if container.image == name and not kept:
        return unknown(container.service, "engine", "image", f"{shown}; nobody kept which it was brought up with")
    is_well = container.image == name and container.image_id == kept
    return fact(container.service, "engine", "image", shown, is_well=is_well)


def _reach(
    docker: Docker, containers: Mapping[str, Inspected], token: str, controls: Controls
) -> tuple[Reached, dict[str, str]]:
    """Send every probe, and count what arrives."""
    image = containers[SERVER].image_id
    command = container_command(docker, image, _NOBODY, token)
    places = {name: InContainer(docker, image, one.id, one.user or "0:0") for name, one in containers.items()}
    sent: dict[str, Place] = {name: place for name, place in places.items() if name not in _WATCHING}
    if controls.gateway is not None:
        sent[GATEWAY] = controls.gateway
    gateways = [address for one in containers.values() for joined in one.networks for address in joined.gateways]
    if not controls.listening:
        return _send(containers, sent, token, gateways, None)
    try:
        with listener(command, token) as heard:
            if any(":" in address for address in heard.listening.addresses):
                sent[_HERE] = InContainer(docker, image, "", _NOBODY)
            return _send(containers, sent, token, gateways, heard)
    except ProbeFailed:
        return _send(containers, sent, token, gateways, None)


def _send(
    containers: Mapping[str, Inspected],
    places: dict[str, Place],
    token: str,
    gateways: list[str],
    heard: Listener | None,
) -> tuple[Reached, dict[str, str]]:
    neighbours = [
        Neighbour(name, address, GATEWAY_PORT)
        for name, one in containers.items()
        if name == GATEWAY
        for joined in one.networks
        for address in joined.addresses
    ]
    tried = aims(heard.listening if heard else None, gateways, neighbours, loopback=False)

    def order(sender: str) -> Order:
        return Order(
            token=token,
            probes=probes(sender, token, tried),
            resolve=NAME,
            processes=() if sender == _HERE else "all",
            values=(*OFFLINE, *QUIET),
            presence=PROXIES,
        )

    seen, failures = send_all(places, order)
    arrived = heard.arrived() if heard else frozenset()
    return Reached(tried, seen, arrived, (GATEWAY,), (_HERE,)), failures

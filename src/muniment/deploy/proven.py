"""From what was seen of a deployment to what is found of each claim about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from muniment.deploy.advisories import holes_in
from muniment.deploy.hardening import DATA
from muniment.deploy.monitoring.services import GRAFANA_ADDRESS, GRAFANA_PORT
from muniment.deploy.proving_engines import (
    OFFLINE,
    QUIET,
    FilesRead,
    argument_checks,
    environment_checks,
    mount_checks,
)
from muniment.deploy.settings import Plan, Topology
from muniment.errors import DeployError
from muniment.seal import catalogue
from muniment.seal.claims import Check, Claim, Finding, fact, unknown, worst
from muniment.seal.docker import Docker, version
from muniment.seal.inspected import Inspected
from muniment.seal.privileges import made_without, run_without
from muniment.seal.probing import Seen
from muniment.seal.reach import Reached, open_doors
from muniment.seal.traces import lasting_places, root_file_system

GATEWAY, SERVER = "gateway", "server"
GATEWAY_PORT = 8001
_KEPT = {SERVER: (DATA,)}
"""Where what lasts is meant to be written: documents, for their lifetime."""
_LEAK = "CVE-2024-29018"


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Everything that was seen, before it is judged.

    Attributes:
        images: what the deployment was brought up with, by service: their ids; nothing if nobody kept them.
        containers: by service; of several of one service, the later ones have names of their own.
        reached: what probes found, and what arrived.
        failures: why a probe was not sent, by the container's name.
        gathered: checks that take no probe, by their claims' ids; none of logs while documents are refused until the
            seal is known to hold, as it would never be if that had to be shown first.
        models: what was read of the engines' models, by their services.
    """

    plan: Plan
    images: Mapping[str, str]
    docker: Docker
    containers: Mapping[str, Inspected]
    reached: Reached
    failures: Mapping[str, str]
    gathered: Mapping[str, list[Check]]
    models: Mapping[str, FilesRead]

    @property
    def readers(self) -> tuple[str, ...]:
        """What reads documents: the engines, or the server where it is one itself."""
        return tuple(engine.service for engine in self.plan.engines) or (SERVER,)

    @property
    def sealed(self) -> tuple[str, ...]:
        """What should reach nothing."""
        return tuple(dict.fromkeys((*self.readers, SERVER)))

    def seen(self, service: str, judge: Callable[[str, Seen], list[Check]]) -> list[Check]:
        """What is judged of what a probe saw in a container; or that it saw nothing, and why."""
        if service not in self.containers:
            return [unknown(service, "engine", "its container", "there is none")]
        if service not in self.reached.seen:
            return [unknown(service, "probe", "the probe", self.failures.get(service, "it was not sent"))]
        return judge(service, self.reached.seen[service])


def findings(observed: Observed) -> tuple[Finding, ...]:
    """Every claim that such a deployment is under, with all that was looked at for it."""
    made: list[tuple[Claim, list[Check]]] = [
        (catalogue.NO_INTERNET, _of_readers(observed, _internet)),
        (catalogue.NO_HOST, _of_readers(observed, _host)),
        (
            catalogue.NO_NEIGHBOUR,
            _of_readers(observed, _neighbours) + observed.gathered[catalogue.NO_NEIGHBOUR.id],
        ),
        (catalogue.NO_NAMES, _of_readers(observed, _names)),
        (catalogue.NO_PORT, _ports(observed)),
        (catalogue.NO_PRIVILEGE, _privileges(observed)),
        (catalogue.NO_TRACE, _traces(observed)),
        (catalogue.NO_TELEMETRY, _telemetry(observed)),
        (catalogue.VERIFIED_MODEL, _models(observed)),
        (catalogue.AS_PLANNED, observed.gathered[catalogue.AS_PLANNED.id]),
        (catalogue.ALLOWED_ROUTES, observed.gathered[catalogue.ALLOWED_ROUTES.id]),
        (catalogue.SERVER_SEALED, _server(observed)),
        (catalogue.NO_CONTENT_LOGGED, observed.gathered.get(catalogue.NO_CONTENT_LOGGED.id, [])),
    ]
    # The embedded engine has its models in its image; there is nothing to load from anywhere.
    without = set() if observed.plan.engines else {catalogue.VERIFIED_MODEL.id}
    without |= {catalogue.NO_CONTENT_LOGGED.id} - observed.gathered.keys()
    return tuple(Finding(claim=claim, checks=tuple(checks)) for claim, checks in made if claim.id not in without)


def _of_readers(observed: Observed, checks: Callable[[Observed, str], list[Check]]) -> list[Check]:
    return [check for service in observed.readers for check in checks(observed, service)]


def _internet(observed: Observed, service: str) -> list[Check]:
    return observed.seen(service, lambda name, _: observed.reached.internet(name, name)) + _unheard(observed, service)


def _host(observed: Observed, service: str) -> list[Check]:
    return observed.seen(service, lambda name, _: observed.reached.host(name, name)) + _unheard(observed, service)


def _unheard(observed: Observed, service: str) -> list[Check]:
    """That the verifier's own listener did not run, if it did not."""
    return [] if observed.reached.is_heard else [unknown(service, "probe", "the verifier's listener", "it did not run")]


def _neighbours(observed: Observed, service: str) -> list[Check]:
    """Others on its networks, and the gateway's address on a network that it is not on."""

    def judged(name: str, seen: Seen) -> list[Check]:
        container = observed.containers[name]
        ours = {one.id for one in observed.containers.values()}
        found = [_strangers(observed.docker, name, [joined.network for joined in container.networks], ours)]
        if observed.plan.topology is Topology.AIRGAP:
            found.append(open_doors(seen, name))
        own = {joined.network for joined in container.networks}
        return found + observed.reached.neighbours(name, name, _gateway_addresses(observed, own))

    return observed.seen(service, judged)


def _gateway_addresses(observed: Observed, shared: set[str]) -> list[str]:
    """The gateway's addresses that should not be reached: those on networks that are not shared."""
    gateway = observed.containers.get(GATEWAY)
    joined = gateway.networks if gateway else ()
    is_apart = observed.plan.topology is Topology.AIRGAP
    return [address for one in joined if is_apart or one.network not in shared for address in one.addresses]


def _strangers(docker: Docker, subject: str, networks: Sequence[str], ours: set[str]) -> Check:
    """The containers on a container's networks that are not of the deployment."""
    what = "strangers on its networks"
    try:
        told = [docker.ask_json("network", "inspect", network)[0].get("Containers") or {} for network in networks]
    except DeployError as error:
        return unknown(subject, "engine", what, error.what)
    names = [str(one.get("Name", "?")) for there in told for container, one in there.items() if container not in ours]
    return fact(subject, "engine", what, ", ".join(names) or "none", is_well=not names)


def _names(observed: Observed, service: str) -> list[Check]:
    found = observed.seen(service, lambda name, _: observed.reached.names(name, name)) + _unheard(observed, service)
    engine = version(observed.docker.engine)
    if observed.plan.topology is Topology.INTERNAL and any(hole.startswith(_LEAK) for hole in holes_in(engine)):
        what = f"Docker Engine {observed.docker.engine}"
        found.append(unknown(service, "engine", what, f"{_LEAK}: outside names leak out of internal networks"))
    return found


def _ports(observed: Observed) -> list[Check]:
    plan = observed.plan
    allowed = {
        GATEWAY: {f"{_shown(plan.address)}:{plan.port}->{GATEWAY_PORT}/tcp"},
        "grafana": {f"{GRAFANA_ADDRESS}:{GRAFANA_PORT}->{GRAFANA_PORT}/tcp"},
    }
    found = []
    for service, one in observed.containers.items():
        shown = ", ".join(one.ports) or ("all" if one.publishes_all else "none")
        is_well = set(one.ports) <= allowed.get(service, set()) and not one.publishes_all
        found.append(fact(service, "engine", "published ports", shown, is_well=is_well))
    return found


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _privileges(observed: Observed) -> list[Check]:
    found = [check for one in observed.containers.values() for check in made_without(one)]
    for service in (GATEWAY, *observed.sealed):
        found += observed.seen(service, lambda name, seen: run_without(name, seen.processes, contained=True))
    return found


def _traces(observed: Observed) -> list[Check]:
    found = [root_file_system(one) for one in observed.containers.values()]
    for service in (GATEWAY, *observed.sealed):
        found += observed.seen(service, lambda name, seen: [lasting_places(name, seen.processes, _KEPT.get(name, ()))])
    return found + observed.gathered[catalogue.NO_TRACE.id]


def _telemetry(observed: Observed) -> list[Check]:
    engines = {engine.service for engine in observed.plan.engines}

    def judged(name: str, seen: Seen) -> list[Check]:
        return environment_checks(name, seen.processes, OFFLINE | QUIET if name in engines else {})

    found = [check for service in observed.sealed for check in observed.seen(service, judged)]
    verdict = worst(check.verdict for service in observed.readers for check in _internet(observed, service))
    ways = Check(
        subject=", ".join(observed.readers),
        method="probe",
        what="a way out",
        seen=f"{catalogue.NO_INTERNET.id} {verdict}",
        verdict=verdict,
    )
    return [*found, ways]


def _models(observed: Observed) -> list[Check]:
    engines = {engine.service: engine for engine in observed.plan.engines}

    def judged(name: str, seen: Seen) -> list[Check]:
        return [
            *argument_checks(name, seen.processes),
            *environment_checks(name, seen.processes, OFFLINE),
            *mount_checks(observed.containers[name], engines[name], seen.processes),
        ]

    found = [check for service in engines for check in observed.seen(service, judged)]
    return found + [one.check for one in observed.models.values()]


def _server(observed: Observed) -> list[Check]:
    every = (check for checks in (_internet, _host, _names) for check in checks(observed, SERVER))
    return list(dict.fromkeys(every))

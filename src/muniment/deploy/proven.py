"""From what was seen of a deployment to what is found of each claim about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from muniment.deploy.advisories import holes_in
from muniment.deploy.hardening import DATA
from muniment.deploy.monitoring.services import GRAFANA_ADDRESS, GRAFANA_PORT
from muniment.deploy.proving_engines import OFFLINE, QUIET, argument_checks, environment_checks, mount_checks
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
class Evidence:
    """Everything that was seen, before it is judged."""

    plan: Plan
    docker: Docker
    containers: Mapping[str, Inspected]
    reached: Reached
    failures: Mapping[str, str]
    gathered: Mapping[str, list[Check]]

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


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """Every claim that such a deployment is under, with all that was looked at for it."""
    made: list[tuple[Claim, list[Check]]] = [
        (catalogue.NO_INTERNET, _of_readers(evidence, _internet)),
        (catalogue.NO_HOST, _of_readers(evidence, _host)),
        (
            catalogue.NO_NEIGHBOUR,
            _of_readers(evidence, _neighbours) + evidence.gathered[catalogue.NO_NEIGHBOUR.id],
        ),
        (catalogue.NO_NAMES, _of_readers(evidence, _names)),
        (catalogue.NO_PORT, _ports(evidence)),
        (catalogue.NO_PRIVILEGE, _privileges(evidence)),
        (catalogue.NO_TRACE, _traces(evidence)),
        (catalogue.NO_TELEMETRY, _telemetry(evidence)),
        (catalogue.VERIFIED_MODEL, _models(evidence)),
        (catalogue.AS_PLANNED, evidence.gathered[catalogue.AS_PLANNED.id]),
        (catalogue.ALLOWED_ROUTES, evidence.gathered[catalogue.ALLOWED_ROUTES.id]),
        (catalogue.SERVER_SEALED, _server(evidence)),
        (catalogue.NO_CONTENT_LOGGED, evidence.gathered[catalogue.NO_CONTENT_LOGGED.id]),
    ]
    # The embedded engine has its models in its image; there is nothing to load from anywhere.
    without = set() if evidence.plan.engines else {catalogue.VERIFIED_MODEL.id}
    return tuple(Finding(claim=claim, checks=tuple(checks)) for claim, checks in made if claim.id not in without)


def _of_readers(evidence: Evidence, checks: Callable[[Evidence, str], list[Check]]) -> list[Check]:
    return [check for service in evidence.readers for check in checks(evidence, service)]


def _internet(evidence: Evidence, service: str) -> list[Check]:
    return evidence.seen(service, lambda name, _: evidence.reached.internet(name, name)) + _unheard(evidence, service)


def _host(evidence: Evidence, service: str) -> list[Check]:
    return evidence.seen(service, lambda name, _: evidence.reached.host(name, name)) + _unheard(evidence, service)


def _unheard(evidence: Evidence, service: str) -> list[Check]:
    """That the verifier's own listener did not run, if it did not."""
    return [] if evidence.reached.is_heard else [unknown(service, "probe", "the verifier's listener", "it did not run")]


def _neighbours(evidence: Evidence, service: str) -> list[Check]:
    """Others on its networks, and the gateway's address on a network that it is not on."""

    def judged(name: str, seen: Seen) -> list[Check]:
        container = evidence.containers[name]
        ours = {one.id for one in evidence.containers.values()}
        found = [_strangers(evidence.docker, name, [joined.network for joined in container.networks], ours)]
        if evidence.plan.topology is Topology.AIRGAP:
            found.append(open_doors(seen, name))
        own = {joined.network for joined in container.networks}
        return found + evidence.reached.neighbours(name, name, _gateway_addresses(evidence, own))

    return evidence.seen(service, judged)


def _gateway_addresses(evidence: Evidence, shared: set[str]) -> list[str]:
    """The gateway's addresses that should not be reached: those on networks that are not shared."""
    gateway = evidence.containers.get(GATEWAY)
    joined = gateway.networks if gateway else ()
    is_apart = evidence.plan.topology is Topology.AIRGAP
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


def _names(evidence: Evidence, service: str) -> list[Check]:
    found = evidence.seen(service, lambda name, _: evidence.reached.names(name, name)) + _unheard(evidence, service)
    engine = version(evidence.docker.engine)
    if evidence.plan.topology is Topology.INTERNAL and any(hole.startswith(_LEAK) for hole in holes_in(engine)):
        what = f"Docker Engine {evidence.docker.engine}"
        found.append(unknown(service, "engine", what, f"{_LEAK}: outside names leak out of internal networks"))
    return found


def _ports(evidence: Evidence) -> list[Check]:
    plan = evidence.plan
    allowed = {
        GATEWAY: {f"{_shown(plan.address)}:{plan.port}->{GATEWAY_PORT}/tcp"},
        "grafana": {f"{GRAFANA_ADDRESS}:{GRAFANA_PORT}->{GRAFANA_PORT}/tcp"},
    }
    found = []
    for service, one in evidence.containers.items():
        shown = ", ".join(one.ports) or ("all" if one.publishes_all else "none")
        is_well = set(one.ports) <= allowed.get(service, set()) and not one.publishes_all
        found.append(fact(service, "engine", "published ports", shown, is_well=is_well))
    return found


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _privileges(evidence: Evidence) -> list[Check]:
    found = [check for one in evidence.containers.values() for check in made_without(one)]
    for service in (GATEWAY, *evidence.sealed):
        found += evidence.seen(service, lambda name, seen: run_without(name, seen.processes, contained=True))
    return found


def _traces(evidence: Evidence) -> list[Check]:
    found = [root_file_system(one) for one in evidence.containers.values()]
    for service in (GATEWAY, *evidence.sealed):
        found += evidence.seen(service, lambda name, seen: [lasting_places(name, seen.processes, _KEPT.get(name, ()))])
    return found + evidence.gathered[catalogue.NO_TRACE.id]


def _telemetry(evidence: Evidence) -> list[Check]:
    engines = {engine.service for engine in evidence.plan.engines}

    def judged(name: str, seen: Seen) -> list[Check]:
        return environment_checks(name, seen.processes, OFFLINE | QUIET if name in engines else {})

    found = [check for service in evidence.sealed for check in evidence.seen(service, judged)]
    verdict = worst(check.verdict for service in evidence.readers for check in _internet(evidence, service))
    ways = Check(
        subject=", ".join(evidence.readers),
        method="probe",
        what="a way out",
        seen=f"{catalogue.NO_INTERNET.id} {verdict}",
        verdict=verdict,
    )
    return [*found, ways]


def _models(evidence: Evidence) -> list[Check]:
    engines = {engine.service: engine for engine in evidence.plan.engines}

    def judged(name: str, seen: Seen) -> list[Check]:
        return [
            *argument_checks(name, seen.processes),
            *environment_checks(name, seen.processes, OFFLINE),
            *mount_checks(evidence.containers[name], engines[name], seen.processes),
        ]

    found = [check for service in engines for check in evidence.seen(service, judged)]
    return found + evidence.gathered[catalogue.VERIFIED_MODEL.id]


def _server(evidence: Evidence) -> list[Check]:
    every = (check for checks in (_internet, _host, _names) for check in checks(evidence, SERVER))
    return list(dict.fromkeys(every))

"""From what was seen of a deployment to claims: one thing is changed at a time, and its own claim is broken by it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from muniment.deploy.proven import Observed, findings
from muniment.deploy.proving_engines import OFFLINE, QUIET, FilesRead
from muniment.deploy.settings import EngineKind, Plan, Topology
from muniment.models import FileEntry, Manifest
from muniment.seal import catalogue
from muniment.seal.claims import Check, Verdict, fact
from muniment.seal.docker import Docker, find_engine
from muniment.seal.inspected import Inspected, inspected_from
from muniment.seal.listening import Listening
from muniment.seal.probing import ProcessSeen, Seen
from muniment.seal.reach import Neighbour, Reached, aims
from tests.deploy.fake_docker import FakeDocker, inspected
from tests.deploy.plans import ENGINE, PLAN, plan_of
from tests.deploy.test_proving_engines import COMMAND
from tests.seal.test_kernel import FIB_TRIE, ROUTE, STATUS, TCP
from tests.seal.test_reach import HEAD

HARDENED = {
    "ReadonlyRootfs": True,
    "Privileged": False,
    "CapAdd": None,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges:true"],
    "PidMode": "",
    "IpcMode": "private",
    "Devices": [],
    "Memory": 1 << 30,
    "PidsLimit": 64,
    "PortBindings": {},
    "Tmpfs": {"/tmp": ""},
}
MOUNTINFO = (
    "218 130 0:77 / / ro - overlay overlay rw\n236 218 0:89 / /tmp rw - tmpfs tmpfs rw\n"
    "242 218 254:0 /m /models/served ro - ext4 /dev/vda rw\n"
)
DATA = "241 218 254:0 /v /var/lib/muniment rw - ext4 /dev/vda rw\n"
RIGHTS = STATUS.replace("a80425fb", "00000000")
OLD, NEW = "20.10.24", "28.3.3"
HEARD = Listening(port=40_000, names_port=40_001, files={"fib_trie": FIB_TRIE, "resolv.conf": "nameserver 10.0.0.53\n"})
MANIFEST = Manifest(
    ENGINE.model, None, (FileEntry("config.json", 1_234, "5" * 64), FileEntry("model.safetensors", 7_000, "6" * 64))
)
FOUND = {entry.name: entry.sha256 for entry in MANIFEST.files}
MODEL = {"Type": "bind", "Source": ENGINE.folder, "Destination": "/models/served", "RW": False}


def container(service: str, **host: Any) -> Inspected:
    told = inspected(service, mode="none", networks=["none"])
    if service == "gateway":
        ports = {"8001/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8001"}]}
        told = inspected(service, ports=ports)
        told["NetworkSettings"]["Networks"]["deeds_default"] = {"IPAddress": "172.20.0.2", "Gateway": "172.20.0.1"}
        host = {"PortBindings": ports, **host}
    told["HostConfig"] |= HARDENED | host
    told["Config"]["User"] = "10001:10000"
    told["Mounts"] = [MODEL] if service.startswith("engine") else []
    return inspected_from(told)


def process(service: str, **changed: Any) -> ProcessSeen:
    engine = service.startswith("engine")
    made = ProcessSeen(
        pid=1,
        status=RIGHTS,
        command=tuple(COMMAND) if engine else (),
        environment=OFFLINE | QUIET if engine else {},
        mounts=MOUNTINFO + (DATA if service == "server" else ""),
        namespaces={},
    )
    return made.model_copy(update=changed)


TRIED = aims(HEARD, [], [Neighbour("gateway", "172.20.0.2", 8001)], loopback=False)


def seen(service: str, *processes: ProcessSeen, **changed: Any) -> Seen:
    outcome = "answered" if service == "gateway" else "ENETUNREACH"
    resolver = {"resolver 10.0.0.53": "NOERROR" if service == "gateway" else outcome}
    made = Seen(
        outcomes={f"{service}-{number}": outcome for number in range(len(TRIED))} | resolver,
        interfaces=("lo",),
        files={"route": ROUTE if service == "gateway" else HEAD, "tcp": TCP.splitlines()[0]},
        resolvers=("10.0.0.53",),
        processes=processes or (process(service),),
    )
    return made.model_copy(update=changed)


def observed(plan: Plan = PLAN, engine: str = NEW, **changed: Any) -> Observed:
    """Of a deployment that is sealed, but for what is changed."""
    services = plan.services
    arrived = frozenset((aim.kind, f"gateway-{n}") for n, aim in enumerate(TRIED) if aim.role == "listener")
    holds = [fact("somebody", "request", "whatever", "well", is_well=True)]
    gathered = {
        claim.id: holds
        for claim in (
            *(catalogue.ALLOWED_ROUTES, catalogue.AS_PLANNED, catalogue.NO_CONTENT_LOGGED, catalogue.NO_TRACE),
            catalogue.NO_NEIGHBOUR,
        )
    }
    made = Observed(
        plan=plan,
        images={},
        docker=Docker("/nowhere/docker", (), engine, ""),
        containers={service: container(service) for service in services},
        reached=Reached(TRIED, {service: seen(service) for service in services}, arrived, ("gateway",), ("here",)),
        failures={},
        gathered=gathered,
        models={engine.service: FilesRead(manifest=MANIFEST, found=FOUND, check=holds[0]) for engine in plan.engines},
    )
    return replace(made, **changed)


def verdicts(found: Observed) -> dict[str, Verdict]:
    return {finding.claim.id: finding.verdict for finding in findings(found)}


def broken(found: Observed) -> set[str]:
    return {claim for claim, verdict in verdicts(found).items() if verdict is Verdict.BROKEN}


def with_container(service: str, **host: Any) -> Observed:
    made = observed()
    return replace(made, containers={**made.containers, service: container(service, **host)})


def with_seen(service: str, found: Seen, made: Observed | None = None) -> Observed:
    made = made or observed()
    return replace(made, reached=replace(made.reached, seen={**made.reached.seen, service: found}))


def test_a_sealed_one_holds_on_every_claim() -> None:
    found = verdicts(observed())
    assert set(found.values()) == {Verdict.HOLDS}
    assert len(found) == 13


def test_so_does_one_on_an_old_docker() -> None:
    assert set(verdicts(observed(engine=OLD)).values()) == {Verdict.HOLDS}


def test_with_the_embedded_engine_the_server_is_what_reads() -> None:
    plan = plan_of(EngineKind.EMBEDDED, Topology.AIRGAP)
    found = verdicts(observed(plan))
    assert set(found.values()) == {Verdict.HOLDS}
    assert "verified-model" not in found


@pytest.mark.parametrize(
    ("given", "claim"),
    [
        ({"Privileged": True}, "no-privilege"),
        ({"CapAdd": ["NET_ADMIN"]}, "no-privilege"),
        ({"CapDrop": []}, "no-privilege"),
        ({"SecurityOpt": []}, "no-privilege"),
        ({"SecurityOpt": ["no-new-privileges:true", "seccomp=unconfined"]}, "no-privilege"),
        ({"PidMode": "host"}, "no-privilege"),
        ({"IpcMode": "host"}, "no-privilege"),
        ({"IpcMode": "container:other"}, "no-privilege"),
        ({"Devices": [{"PathOnHost": "/dev/vda"}]}, "no-privilege"),
        ({"Memory": 0}, "no-privilege"),
        ({"PidsLimit": None}, "no-privilege"),
        ({"ExtraHosts": ["host.docker.internal:host-gateway"]}, "no-privilege"),
        ({"ReadonlyRootfs": False}, "no-trace"),
        ({"PortBindings": {"8000/tcp": [{"HostIp": "", "HostPort": "8000"}]}}, "no-port"),
        ({"PublishAllPorts": True}, "no-port"),
    ],
)
@pytest.mark.parametrize("service", ["engine-1", "server"])
def test_what_a_container_is_given(service: str, given: dict[str, Any], claim: str) -> None:
    assert broken(with_container(service, **given)) == {claim}


def test_a_gateway_at_another_address_than_planned() -> None:
    everywhere = {"8001/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8001"}]}
    assert broken(with_container("gateway", PortBindings=everywhere)) == {"no-port"}


@pytest.mark.parametrize(
    ("changed", "claims"),
    [
        ({"status": STATUS}, {"no-privilege"}),
        ({"status": RIGHTS.replace("10001", "0")}, {"no-privilege"}),
        ({"status": RIGHTS.replace("Seccomp:\t2", "Seccomp:\t0")}, {"no-privilege"}),
        ({"status": RIGHTS.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")}, {"no-privilege"}),
        ({"mounts": MOUNTINFO + DATA}, {"no-trace"}),
        ({"environment": OFFLINE}, {"no-telemetry"}),
        ({"environment": QUIET}, {"no-telemetry", "verified-model"}),
        ({"command": ("vllm", "--model", "somebody/else")}, {"verified-model"}),
    ],
)
def test_what_the_kernel_says_of_an_engine(changed: dict[str, Any], claims: set[str]) -> None:
    assert broken(with_seen("engine-1", seen("engine-1", process("engine-1", **changed)))) == claims


def test_any_process_of_a_container_counts() -> None:
    other = process("server", pid=9, status=STATUS)
    assert broken(with_seen("server", seen("server", process("server"), other))) == {"no-privilege"}


def reaching(service: str, reaches: Callable[[Any], bool]) -> Seen:
    outcomes = {f"{service}-{n}": "answered" if reaches(aim) else "ENETUNREACH" for n, aim in enumerate(TRIED)}
    return seen(service, outcomes=outcomes | {"resolver 10.0.0.53": "ENETUNREACH"})


@pytest.mark.parametrize(
    ("reaches", "claims"),
    [
        (lambda aim: aim.address == "169.254.169.254", {"no-internet", "no-telemetry"}),
        (lambda aim: aim.address == "192.0.2.1", {"no-internet", "no-telemetry"}),
        (lambda aim: aim.role == "neighbour", {"no-neighbour"}),
        (lambda aim: aim.role == "way" and aim.kind == "dns", {"no-names", "no-internet", "no-telemetry"}),
        (lambda aim: aim.role == "listener" and aim.kind == "udp", {"no-internet", "no-host", "no-telemetry"}),
    ],
)
def test_what_an_engine_reaches(reaches: Callable[[Any], bool], claims: set[str]) -> None:
    assert broken(with_seen("engine-1", reaching("engine-1", reaches))) == claims


def test_what_the_server_reaches_is_its_own_claim() -> None:
    found = with_seen("server", reaching("server", lambda aim: aim.role == "listener"))
    assert broken(found) == {"server-sealed"}


def test_names_that_its_own_resolver_finds() -> None:
    found = seen("engine-1")
    found = found.model_copy(update={"outcomes": found.outcomes | {"resolver 10.0.0.53": "NOERROR"}})
    assert broken(with_seen("engine-1", found)) == {"no-names"}


def test_a_socket_that_takes_connections_where_there_should_be_no_network() -> None:
    line = "   0: 00000000:1F40 00000000:0000 0A 0:0 0:0 0 10003 0 1 1\n"
    found = seen("engine-1", files={"route": HEAD, "tcp": TCP.splitlines()[0] + "\n" + line})
    assert broken(with_seen("engine-1", found)) == {"no-neighbour"}


class TestStrangers:
    NETWORK = "deeds_internal"

    def joined(self) -> Observed:
        made = observed(plan_of(EngineKind.VLLM, Topology.INTERNAL))
        told = inspected("engine-1", networks=[self.NETWORK], id="id-of-engine-1")
        told["HostConfig"] |= HARDENED
        told["Config"]["User"] = "10003:10000"
        engine = inspected_from(told | {"Mounts": [MODEL]})
        return replace(made, docker=find_engine(), containers={**made.containers, "engine-1": engine})

    def test_those_of_the_deployment_are_none(self, fake: FakeDocker) -> None:
        there = {"id-of-engine-1": {"Name": "deeds_engine-1_1"}, "id-of-gateway": {"Name": "deeds_gateway_1"}}
        fake.says(f"network inspect {self.NETWORK}", json.dumps([{"Containers": there}]))
        assert verdicts(self.joined())["no-neighbour"] is Verdict.HOLDS

    def test_any_other_is_named(self, fake: FakeDocker) -> None:
        there = {"id-of-engine-1": {"Name": "deeds_engine-1_1"}, "0123": {"Name": "spy"}}
        fake.says(f"network inspect {self.NETWORK}", json.dumps([{"Containers": there}]))
        (found,) = [one for one in findings(self.joined()) if one.claim.id == "no-neighbour"]
        assert found.verdict is Verdict.BROKEN
        assert "spy" in [check.seen for check in found.checks]

    def test_a_network_that_cannot_be_looked_at_proves_nothing(self, fake: FakeDocker) -> None:
        fake.says(f"network inspect {self.NETWORK}", err="Error: No such network", code=1)
        assert verdicts(self.joined())["no-neighbour"] is Verdict.UNPROVEN


def test_a_known_leak_leaves_names_unproven_where_there_is_a_network() -> None:
    plan = plan_of(EngineKind.VLLM, Topology.INTERNAL)
    assert verdicts(observed(plan, OLD))["no-names"] is Verdict.UNPROVEN
    assert verdicts(observed(plan, NEW))["no-names"] is Verdict.HOLDS


PROBED = {
    *("no-internet", "no-host", "no-neighbour", "no-names", "no-privilege", "no-trace", "no-telemetry"),
    "verified-model",
}


def test_an_engine_that_could_not_be_probed_proves_nothing() -> None:
    made = observed()
    left = {service: one for service, one in made.reached.seen.items() if service != "engine-1"}
    found = replace(made, reached=replace(made.reached, seen=left), failures={"engine-1": "it is not running"})
    assert {claim for claim, verdict in verdicts(found).items() if verdict is Verdict.UNPROVEN} == PROBED


def test_an_engine_that_is_not_there_proves_nothing() -> None:
    made = observed()
    there = {service: one for service, one in made.containers.items() if service != "engine-1"}
    assert verdicts(replace(made, containers=there))["no-host"] is Verdict.UNPROVEN


@pytest.mark.parametrize("sabotage", ["no control", "no listener"])
def test_without_its_control_no_claim_about_reaching_holds(sabotage: str) -> None:
    made = observed()
    if sabotage == "no control":
        left = {service: one for service, one in made.reached.seen.items() if service != "gateway"}
        reached = replace(made.reached, seen=left, arrived=frozenset())
    else:
        tried = aims(None, [], [], loopback=False)
        reached = replace(made.reached, aims=tried, arrived=frozenset())
    found = verdicts(replace(made, reached=reached))
    for claim in ("no-internet", "no-host", "no-names", "server-sealed"):
        assert found[claim] is Verdict.UNPROVEN, claim
    assert Verdict.BROKEN not in found.values()


def test_while_documents_are_refused_nothing_is_claimed_of_logs() -> None:
    """Else it could never be shown, and they would be refused for ever."""
    made = observed()
    gathered = {name: checks for name, checks in made.gathered.items() if name != catalogue.NO_CONTENT_LOGGED.id}
    found = verdicts(replace(made, gathered=gathered))
    assert found.keys() == verdicts(made).keys() - {catalogue.NO_CONTENT_LOGGED.id}


def test_every_finding_names_who_was_looked_at() -> None:
    checks: list[Check] = [check for finding in findings(observed()) for check in finding.checks]
    assert all(check.subject and check.what and check.seen for check in checks)

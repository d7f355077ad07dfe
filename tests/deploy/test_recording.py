"""What was seen of a deployment is recorded as it was seen, and what was not is told as not known."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from muniment.deploy import recording
from muniment.deploy.advisories import AS_OF
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.gpus import Gpu
from muniment.deploy.proven import Observed, findings
from muniment.deploy.proving_engines import OFFLINE, QUIET, FilesRead
from muniment.deploy.readiness import Readiness
from muniment.deploy.settings import EngineKind, Topology
from muniment.seal.catalogue import NO_INTERNET
from muniment.seal.claims import Finding, Verdict, fact, unknown
from muniment.seal.docker import find_engine
from muniment.seal.evidence.archive import REPORT_NAME, check, publish
from muniment.seal.evidence.record import Canary, Evidence, Image, Network, Setting, Socket, Unknown
from muniment.seal.inspected import inspected_from
from muniment.seal.processes import Running
from tests.deploy.fake_docker import IMAGE, FakeDocker, inspected
from tests.deploy.plans import ENGINE, PLAN, plan_of
from tests.deploy.test_proven import MANIFEST, observed, process, seen, with_seen
from tests.seal.evidence.making import KEY, trusting
from tests.seal.test_kernel import TCP, UDP

DIGEST = IMAGE.removeprefix("sha256:")
READS = Readiness(ready=True, reads=True, models=((ENGINE.model, ""),))
NO_SOCKETS = Unknown(what="Unix sockets", why="they were not looked at")

Recorded = Callable[..., Evidence]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeploymentFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = DeploymentFolder(PLAN.project)
    made.save(PLAN)
    return made


@pytest.fixture
def docker(fake: FakeDocker) -> FakeDocker:
    """It knows the gateway's network, and another."""
    fake.says("info --format {{.KernelVersion}}", "6.1.0-28-amd64\n")
    fake.says("network inspect deeds_other", json.dumps([{"Internal": True, "Options": None}]))
    modes = {"com.docker.network.bridge.gateway_mode_ipv4": "nat"}
    fake.says("network inspect deeds_default", json.dumps([{"Internal": False, "Options": modes}]))
    return fake


@pytest.fixture
def recorded(folder: DeploymentFolder, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Recorded:  # noqa: ARG001 - it has to be there
    """What is recorded where this is observed, the service says this of itself, and nothing runs beside it."""
    monkeypatch.setattr("muniment.seal.proving_processes.find", lambda: ())
    monkeypatch.setattr(recording, "find_gpus", lambda: ())

    def record(found: Observed | None = None, ready: Readiness = READS) -> Evidence:
        found = replace(found or observed(), docker=find_engine())
        monkeypatch.setattr(recording, "observe", lambda *_: found)
        monkeypatch.setattr("muniment.deploy.readiness.ask", lambda _: ready)
        return recording.gather(folder, find_engine())

    return record


def test_the_findings_are_those_that_a_look_gives(recorded: Recorded) -> None:
    told = recorded()
    assert told.findings == findings(observed())
    assert told.verdict is Verdict.HOLDS
    assert told.deployment == "muniment"


def test_it_began_before_the_look_and_ended_after_it(recorded: Recorded) -> None:
    before = datetime.now(UTC)
    told = recorded()
    assert before <= told.begun <= told.ended <= datetime.now(UTC)


def test_no_two_are_alike(recorded: Recorded) -> None:
    assert recorded().nonce != recorded().nonce


def test_what_runs_beside_is_looked_at_before_it_ends(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Running(7, "worker", "net:[1]")
    looked: list[datetime] = []

    def prove(processes: tuple[Running, ...]) -> tuple[Finding, ...]:
        assert processes == (worker,)
        looked.append(datetime.now(UTC))
        return (Finding(claim=NO_INTERNET, checks=(unknown(worker.name, "probe", "the probe", "it ended"),)),)

    monkeypatch.setattr("muniment.seal.proving_processes.find", lambda: (worker,))
    monkeypatch.setattr("muniment.seal.proving_processes.prove", prove)
    told = recorded()
    assert told.begun <= looked[0] <= told.ended
    (finding,) = [one for one in told.findings if one.claim == NO_INTERNET]
    assert finding.verdict is Verdict.UNPROVEN
    assert {check.subject for check in finding.checks} >= {"engine-1", "worker 7"}


class TestMachine:
    def test_what_it_is(self, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
        gpu = Gpu(number=0, name="NVIDIA L4", memory=1, used=0, driver="570.86")
        monkeypatch.setattr(recording, "find_gpus", lambda: (gpu,))
        machine = recorded().machine
        assert (machine.kernel, machine.engine, machine.gpu_driver) == ("6.1.0-28-amd64", "28.3.3", "570.86")

    def test_what_is_not_told_is_absent(self, recorded: Recorded, docker: FakeDocker) -> None:
        docker.says("info --format {{.KernelVersion}}", err="Error", code=1)
        machine = recorded().machine
        assert (machine.kernel, machine.gpu_driver) == (None, None)


class TestImages:
    def test_each_with_what_it_was_brought_up_with(self, recorded: Recorded) -> None:
        kept = {"gateway": IMAGE, "server": "sha256:" + "9" * 64}
        assert sorted(recorded(replace(observed(), images=kept)).images, key=lambda one: one.service) == [
            Image(service="engine-1", name="localhost/muniment/engine-1:1.2.3", running=DIGEST, pinned=None),
            Image(service="gateway", name="localhost/muniment/gateway:1.2.3", running=DIGEST, pinned=DIGEST),
            Image(service="server", name="localhost/muniment/server:1.2.3", running=DIGEST, pinned="9" * 64),
        ]


class TestComposeFile:
    def test_as_it_was_written_it_is_shown(self, recorded: Recorded, folder: DeploymentFolder) -> None:
        composition = recorded().composition
        assert composition is not None
        assert composition.effective == folder.compose.read_text()
        assert composition.sha256 == hashlib.sha256(folder.compose.read_bytes()).hexdigest()

    @pytest.mark.parametrize("more", [b"# token: 1234\n", b"\xff", b"\r\n"])
    def test_what_else_stands_in_it_is_not_handed_out(
        self, recorded: Recorded, folder: DeploymentFolder, more: bytes
    ) -> None:
        folder.compose.write_bytes(content := folder.compose.read_bytes() + more)
        told = recorded()
        assert told.composition is not None
        assert (told.composition.sha256, told.composition.effective) == (hashlib.sha256(content).hexdigest(), "")
        assert "What the compose file says" in {one.what for one in told.unknown}

    def test_one_that_is_gone_is_not_known(self, recorded: Recorded, folder: DeploymentFolder) -> None:
        folder.compose.unlink()
        told = recorded()
        assert told.composition is None
        assert Unknown(what="The compose file", why="it cannot be read") in told.unknown


class TestNetworks:
    def test_each_with_who_is_on_it_and_how_this_machine_is(self, recorded: Recorded) -> None:
        made = observed()
        joined = inspected_from(inspected("server", networks=["deeds_default", "deeds_other"]))
        assert recorded(replace(made, containers={**made.containers, "server": joined})).networks == (
            Network(
                name="deeds_default", internal=False, gateway_modes=(("ipv4", "nat"),), services=("gateway", "server")
            ),
            Network(name="deeds_other", internal=True, services=("server",)),
        )

    def test_one_without_a_way_out(self, recorded: Recorded, docker: FakeDocker) -> None:
        family = "com.docker.network.bridge.gateway_mode_ipv"
        modes = {f"{family}4": "isolated", f"{family}6": "isolated", "com.docker.network.driver.mtu": "1500"}
        docker.says("network inspect deeds_default", json.dumps([{"Internal": True, "Options": modes}]))
        network = recorded().networks[0]
        assert network.internal
        assert network.gateway_modes == (("ipv4", "isolated"), ("ipv6", "isolated"))

    def test_one_that_is_gone_is_told_and_the_others_are_there(self, recorded: Recorded, docker: FakeDocker) -> None:
        made = observed()
        joined = inspected_from(inspected("server", networks=["deeds_default", "deeds_other"]))
        docker.says("network inspect deeds_other", err="Error: No such network: deeds_other", code=1)
        told = recorded(replace(made, containers={**made.containers, "server": joined}))
        assert [one.name for one in told.networks] == ["deeds_default"]
        assert "The network deeds_other" in {one.what for one in told.unknown}


class TestSockets:
    def test_what_takes_connections_and_what_takes_datagrams(self, recorded: Recorded) -> None:
        found = seen("gateway")
        found = found.model_copy(update={"files": {**found.files, "tcp": TCP, "tcp6": None, "udp": UDP, "udp6": ""}})
        assert recorded(with_seen("gateway", found)).sockets == (
            Socket(subject="gateway", protocol="tcp", address="0.0.0.0:8000"),
            Socket(subject="gateway", protocol="udp", address="0.0.0.0:53"),
        )

    def test_those_that_nobody_looked_at_are_told(self, recorded: Recorded) -> None:
        assert recorded().unknown == (NO_SOCKETS,)

    def test_the_verifiers_own_place_is_none_of_the_deployments(self, recorded: Recorded) -> None:
        here = seen("here", files={"tcp": TCP})
        assert recorded(with_seen("here", here)).sockets == ()


class TestSettings:
    def test_as_the_first_process_has_them(self, recorded: Recorded) -> None:
        has = process("engine-1", environment={"HF_HUB_OFFLINE": "0"})
        other = process("engine-1", pid=7)
        settings = recorded(with_seen("engine-1", seen("engine-1", other, has))).settings
        assert settings == tuple(
            Setting(subject="engine-1", name=name, value={"HF_HUB_OFFLINE": "0"}.get(name))
            for name in (*OFFLINE, *QUIET)
        )

    def test_those_that_the_kernel_does_not_tell_are_absent(self, recorded: Recorded) -> None:
        assert recorded(with_seen("engine-1", seen("engine-1", process("engine-1", environment=None)))).settings == ()


@pytest.mark.parametrize(("engine", "known"), [("28.3.3", 0), ("20.10.24", 3)])
def test_what_is_publicly_known_against_the_engine(
    recorded: Recorded, docker: FakeDocker, engine: str, known: int
) -> None:
    docker.says("version --format*", f"{engine}\n")
    advisories = recorded().advisories
    assert advisories is not None
    assert (advisories.engine, advisories.as_of, len(advisories.known)) == (engine, AS_OF, known)


class TestModels:
    def found(self, **found: str) -> Observed:
        check = fact("engine-1", "file", "its files", "whatever", is_well=False)
        return replace(observed(), models={"engine-1": FilesRead(manifest=MANIFEST, found=found, check=check)})

    def test_every_file_with_what_it_was_found_to_be(self, recorded: Recorded) -> None:
        (model,) = recorded().models
        assert (model.name, model.manifest) == (MANIFEST.name, hashlib.sha256(MANIFEST.to_bytes()).hexdigest())
        assert [(one.name, one.size, one.sha256, one.found) for one in model.files] == [
            ("config.json", 1_234, "5" * 64, "5" * 64),
            ("model.safetensors", 7_000, "6" * 64, "6" * 64),
        ]

    def test_one_that_was_changed_beside_one_that_was_not_read(self, recorded: Recorded) -> None:
        (model,) = recorded(self.found(**{"config.json": "0" * 64})).models
        assert [one.found for one in model.files] == ["0" * 64, None]

    def test_it_is_called_what_the_manifest_says_that_was_read(self, recorded: Recorded) -> None:
        other = replace(MANIFEST, name="somebody/else")
        read = replace(observed().models["engine-1"], manifest=other)
        assert [one.name for one in recorded(replace(observed(), models={"engine-1": read})).models] == [other.name]

    def test_of_one_without_a_manifest_nothing_is_told_but_the_finding(self, recorded: Recorded) -> None:
        check = fact("engine-1", "file", "the model's files", "there is no manifest", is_well=False)
        told = recorded(replace(observed(), models={"engine-1": FilesRead(manifest=None, found={}, check=check)}))
        assert told.models == ()
        assert check in [one for finding in told.findings for one in finding.checks]


class TestCanary:
    def test_a_model_that_reads(self, recorded: Recorded) -> None:
        assert recorded().canary == (Canary(model=ENGINE.model, read=True),)

    def test_one_that_does_not(self, recorded: Recorded) -> None:
        ready = Readiness(ready=False, models=((ENGINE.model, "no answer yet"),))
        assert recorded(ready=ready).canary == (Canary(model=ENGINE.model, read=False, seen="no answer yet"),)

    @pytest.mark.parametrize("models", [(), (("somebody/else", ""),)])
    def test_one_of_which_nothing_is_told_is_not_known_to_read(
        self, recorded: Recorded, models: tuple[tuple[str, str], ...]
    ) -> None:
        told = recorded(ready=Readiness(ready=True, reads=True, models=models))
        assert ENGINE.model not in {one.model for one in told.canary}
        assert f"Whether {ENGINE.model} reads the canary page" in {one.what for one in told.unknown}

    def test_a_service_that_does_not_answer_tells_of_none(self, recorded: Recorded) -> None:
        told = recorded(ready=Readiness(ready=False, problem="it does not answer"))
        assert told.canary == ()
        assert Unknown(what="The canary page", why="it does not answer") in told.unknown

    @pytest.mark.parametrize("models", [(), (("embedded", ""),)])
    def test_the_embedded_engines_models_are_those_that_the_service_tells(
        self, recorded: Recorded, models: tuple[tuple[str, str], ...]
    ) -> None:
        found = observed(plan_of(EngineKind.EMBEDDED, Topology.AIRGAP))
        told = recorded(found, Readiness(ready=True, reads=True, models=models))
        assert [one.model for one in told.canary] == [model for model, _ in models]
        assert ("The canary page" in {one.what for one in told.unknown}) == (not models)


def test_what_could_not_be_probed_is_told_with_why(recorded: Recorded) -> None:
    made = observed()
    left = {service: one for service, one in made.reached.seen.items() if service != "engine-1"}
    failures = {"engine-1": "it is not running"}
    told = recorded(replace(made, reached=replace(made.reached, seen=left), failures=failures))
    assert Unknown(what="What engine-1 sees", why="it is not running") in told.unknown


def test_what_is_recorded_can_be_signed_and_checked(recorded: Recorded, tmp_path: Path) -> None:
    told = recorded(with_seen("gateway", seen("gateway", files={"tcp": TCP, "udp": UDP})))
    signed = publish(told, tmp_path, KEY)
    assert check(tmp_path / REPORT_NAME, trusting(KEY)) == signed
    assert signed.report.evidence == told


def test_a_container_too_many_is_recorded_too(recorded: Recorded) -> None:
    stranger: dict[str, Any] = inspected("spy", networks=["deeds_default"])
    made = observed()
    found = replace(made, containers={**made.containers, "spy": inspected_from(stranger)})
    told = recorded(found)
    assert "spy" in {image.service for image in told.images}
    assert "spy" in {service for network in told.networks for service in network.services}

"""The doctor looks at a machine, and each finding says what to do about it."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.deploy.doctor import Finding, Grade, Machine, examine
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.gpus import Gpu
from muniment.deploy.planning import DEFAULT_MODEL, TINY_NAME, Order
from muniment.deploy.settings import EngineKind, Topology
from muniment.errors import DeployError
from muniment.models import Store
from muniment.seal.docker import Docker, find_docker
from tests.deploy.fake_docker import FakeDocker, all_well, inspected
from tests.deploy.plans import ENGINE, PLAN
from tests.deploy.stores import store_with

_H100 = Gpu(number=0, name="NVIDIA H100 80GB HBM3", memory=80 << 30, used=0, driver="580.65.06")
_VLLM = Order(project="deeds", kind=EngineKind.VLLM)
_EMBEDDED = Order(project="deeds", kind=EngineKind.EMBEDDED)
_INFO_JSON, _ROOT = "info --format {{json .}}", "info --format {{.DockerRootDir}}"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_with(tmp_path / "store", DEFAULT_MODEL, TINY_NAME)


@pytest.fixture
def docker(fake: FakeDocker, tmp_path: Path) -> FakeDocker:
    """On a disk with room, with the container toolkit."""
    fake.says(_ROOT, f"{tmp_path}\n")
    fake.says(_INFO_JSON, json.dumps({"Runtimes": {"runc": {}, "nvidia": {}}}))
    return fake


@pytest.fixture
def machine(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One on which all is well."""
    assert docker.path.exists()
    monkeypatch.setenv("XDG_STATE_HOME", str(docker.path.parent / "state"))
    monkeypatch.setattr("muniment.deploy.doctor._DISK", dict.fromkeys(EngineKind, 1))
    return Machine(docker=find_docker, gpus=lambda: (_H100,), memory=lambda: 64 << 30, port=lambda *_: "")


def found(order: Order, store: Store, machine: Machine, *, holds_port: bool = False) -> dict[str, Finding]:
    """By what was looked at."""
    findings = examine(order, store, holds_port=holds_port, machine=machine)
    assert len({finding.what for finding in findings}) == len(findings)
    assert all(finding.remedy for finding in findings if finding.grade is Grade.PROBLEM)
    return {finding.what: finding for finding in findings}


def fails(error: Exception) -> Callable[..., Docker]:
    def failing(*_: object) -> Docker:
        raise error

    return failing


def test_a_machine_on_which_all_is_well(store: Store, machine: Machine, tmp_path: Path) -> None:
    findings = found(_VLLM, store, machine)
    assert {finding.grade for finding in findings.values()} == {Grade.OK}
    assert list(findings) == ["Docker", "disk", "container toolkit", "memory", "GPU 0", "model", "port"]
    told = {what: finding.found for what, finding in findings.items()}
    assert told["Docker"] == "Engine 28.3.3, Compose 2.39.1"
    assert told["disk"].endswith(f"GiB free in {tmp_path}")
    assert told["memory"] == "64 GiB of memory"
    assert told["GPU 0"] == "NVIDIA H100 80GB HBM3, 86 GB, driver 580.65.06"
    assert told["model"] == f"{DEFAULT_MODEL}: 20480 tokens, 256 pages at once"
    assert told["port"] == "127.0.0.1:8001 is free"


def test_the_embedded_engine_is_asked_less_of(store: Store, machine: Machine) -> None:
    findings = found(_EMBEDDED, store, replace(machine, gpus=lambda: ()))
    assert list(findings) == ["Docker", "disk", "memory", "model", "port"]
    assert findings["model"].found == "the embedded engine has its own"


def test_an_engine_on_the_processor_needs_no_gpu(store: Store, machine: Machine) -> None:
    findings = found(replace(_EMBEDDED, kind=EngineKind.VLLM_CPU), store, replace(machine, gpus=lambda: ()))
    assert findings["model"] == Finding(Grade.OK, "model", "tiny: its own tokens, 2 pages at once")


def test_without_docker_the_rest_is_looked_at_all_the_same(store: Store, machine: Machine) -> None:
    missing = DeployError("Docker is not installed", "Install Docker.")
    findings = found(_VLLM, store, replace(machine, docker=fails(missing)))
    assert findings["Docker"] == Finding(Grade.PROBLEM, "Docker", "Docker is not installed", "Install Docker.")
    assert list(findings) == ["Docker", "memory", "GPU 0", "model", "port"]


@pytest.mark.parametrize("error", [OSError(5, "broken"), ValueError("unrecognized configuration name")])
def test_a_check_that_fails_hides_no_other(store: Store, machine: Machine, error: Exception) -> None:
    findings = found(_VLLM, store, replace(machine, memory=fails(error), port=fails(error)))  # type: ignore[arg-type]
    assert findings["memory"].grade is findings["port"].grade is Grade.WARNING
    assert findings["memory"].found == f"it could not be looked at ({type(error).__name__})"
    assert findings["model"].grade is Grade.OK


def test_an_order_that_contradicts_itself_is_a_finding(store: Store, machine: Machine) -> None:
    findings = found(replace(_EMBEDDED, models=("acme/Reader",)), store, machine)
    assert findings["model"] == Finding(
        Grade.PROBLEM, "model", "The embedded engine takes no model and no replicas", "Leave them out."
    )
    assert findings["port"].grade is Grade.OK


def test_an_engine_with_holes_is_a_warning(store: Store, machine: Machine, docker: FakeDocker) -> None:
    docker.says("version --format*", "20.10.24\n")
    finding = found(_VLLM, store, machine)["Docker"]
    assert finding.grade is Grade.WARNING
    assert "Engine 20.10.24" in finding.found
    assert "CVE-2024-29018" in finding.found
    assert finding.remedy.endswith("In the airgap it concerns the gateway's network alone.")


@pytest.mark.parametrize("topology", list(Topology))
def test_an_engine_whose_published_ports_others_reach_is_a_warning(
    store: Store, machine: Machine, docker: FakeDocker, topology: Topology
) -> None:
    docker.says("version --format*", "27.5.1\n")
    finding = found(replace(_VLLM, topology=topology), store, machine)["Docker"]
    assert finding.grade is Grade.WARNING
    assert "others on the same network segment reach ports meant for this machine" in finding.found


def test_the_internal_topology_depends_on_the_engine(store: Store, machine: Machine, docker: FakeDocker) -> None:
    docker.says("version --format*", "27.5.1\n")
    findings = found(replace(_VLLM, topology=Topology.INTERNAL), store, machine)
    assert "airgap" not in findings["Docker"].remedy
    assert findings["internal network"].grade is Grade.WARNING
    assert findings["internal network"].found.startswith("an Engine before 28 cannot keep containers")
    assert "--topology airgap" in findings["internal network"].remedy
    docker.says("version --format*", "28.3.3\n")
    assert "internal network" not in found(replace(_VLLM, topology=Topology.INTERNAL), store, machine)


def test_an_engine_of_no_known_version_is_not_called_sound(store: Store, machine: Machine, docker: FakeDocker) -> None:
    docker.says("version --format*", "dev\n")
    assert found(_VLLM, store, machine)["Docker"].grade is Grade.WARNING


@pytest.mark.parametrize(
    "info",
    [
        {"Runtimes": {"runc": {}, "nvidia": {"path": "nvidia-container-runtime"}}},
        {"Runtimes": {"runc": {}}, "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}]},
    ],
)
def test_the_toolkit_is_known_by_either_sign(
    store: Store, machine: Machine, docker: FakeDocker, info: dict[str, object]
) -> None:
    docker.says(_INFO_JSON, json.dumps(info))
    assert found(_VLLM, store, machine)["container toolkit"].grade is Grade.OK


@pytest.mark.parametrize(
    "info",
    [
        {"Runtimes": {"runc": {}}},
        {"Runtimes": None, "DiscoveredDevices": None},
        {"DiscoveredDevices": [{"Source": "cdi", "ID": "intel.com/gpu=0"}, "?"]},
        [],
        None,
    ],
)
def test_without_the_toolkit_it_is_said_how_to_get_it(
    store: Store, machine: Machine, docker: FakeDocker, info: object
) -> None:
    docker.says(_INFO_JSON, json.dumps(info))
    finding = found(_VLLM, store, machine)["container toolkit"]
    assert finding.grade is Grade.PROBLEM
    assert "nvidia-ctk runtime configure" in finding.remedy


def test_a_docker_that_does_not_tell_of_its_toolkit_is_a_finding_of_its_own(
    store: Store, machine: Machine, docker: FakeDocker
) -> None:
    docker.says(_INFO_JSON, err="Cannot connect to the Docker daemon. Is the docker daemon running?", code=1)
    findings = found(_VLLM, store, machine)
    assert findings["container toolkit"].found == "Docker is not running"
    assert findings["disk"].grade is Grade.OK
    assert findings["model"].grade is Grade.OK


def test_without_a_gpu_there_is_nothing_to_plan_with(store: Store, machine: Machine) -> None:
    findings = found(_VLLM, store, replace(machine, gpus=lambda: ()))
    assert findings["GPU"].grade is Grade.PROBLEM
    assert findings["model"].grade is Grade.WARNING


@pytest.mark.parametrize(
    ("driver", "grade"),
    [("580.65.06", Grade.OK), ("581", Grade.OK), ("575.57.08", Grade.PROBLEM), ("[N/A]", Grade.OK)],
)
def test_the_driver_must_be_as_new_as_vllm_needs_it(store: Store, machine: Machine, driver: str, grade: Grade) -> None:
    finding = found(_VLLM, store, replace(machine, gpus=lambda: (replace(_H100, driver=driver),)))["GPU 0"]
    assert finding.grade is grade
    assert ("Install driver 580 or newer" in finding.remedy) is (grade is Grade.PROBLEM)


def used(machine: Machine, gigabytes: int) -> Machine:
    """One on whose GPU so much is in use."""
    return replace(machine, gpus=lambda: (replace(_H100, used=gigabytes * 10**9),))


def test_a_gpu_that_others_use_is_a_warning(store: Store, machine: Machine) -> None:
    assert found(_VLLM, store, used(machine, 8))["GPU 0"].grade is Grade.OK
    finding = found(_VLLM, store, used(machine, 9))["GPU 0"]
    assert finding.grade is Grade.WARNING
    assert finding.found.endswith("; 9.0 GB of it are in use, and its engines take 77.3 GB")
    assert "nvidia-smi" in finding.remedy
    assert found(replace(_VLLM, gpu_memory=70 * 10**9), store, used(machine, 9))["GPU 0"].grade is Grade.OK


def test_all_engines_on_a_gpu_count_together(store: Store, machine: Machine) -> None:
    assert found(replace(_VLLM, replicas=2), store, used(machine, 9))["GPU 0"].grade is Grade.WARNING


@pytest.mark.parametrize(
    ("state", "share", "grade"),
    [("running", 0.9, Grade.OK), ("running", 0.5, Grade.WARNING), ("exited", 0.9, Grade.WARNING)],
)
def test_what_its_own_engines_have_is_not_in_its_way(
    store: Store, machine: Machine, docker: FakeDocker, state: str, share: float, grade: Grade
) -> None:
    size = replace(ENGINE.size, memory_share=share)
    DeploymentFolder("deeds").save(replace(PLAN, engines=(replace(ENGINE, size=size),)))
    docker.runs(*all_well()[:2], inspected("engine-1", state=state))
    assert found(_VLLM, store, used(machine, 79))["GPU 0"].grade is grade


def test_the_engines_of_another_gpu_are_not_its_own(store: Store, machine: Machine, docker: FakeDocker) -> None:
    DeploymentFolder("deeds").save(replace(PLAN, engines=(replace(ENGINE, gpu=1),)))
    docker.runs(*all_well())
    assert found(_VLLM, store, used(machine, 79))["GPU 0"].grade is Grade.WARNING


@pytest.mark.parametrize(
    ("order", "gibibytes", "grade"),
    [
        # The gateway's 1, the server's 8, and the engine's 12 and its model's 7.
        (_VLLM, 28, Grade.OK),
        (_VLLM, 27, Grade.OK),
        (_VLLM, 26, Grade.WARNING),
        (replace(_VLLM, monitoring=True), 27, Grade.WARNING),
        (replace(_VLLM, replicas=2), 28, Grade.WARNING),
        (replace(_EMBEDDED, kind=EngineKind.VLLM_CPU, models=(DEFAULT_MODEL,)), 26, Grade.WARNING),
        (_EMBEDDED, 9, Grade.OK),
        (_EMBEDDED, 8, Grade.WARNING),
    ],
)
def test_less_memory_than_its_containers_may_take_is_a_warning(
    store: Store, machine: Machine, order: Order, gibibytes: int, grade: Grade
) -> None:
    finding = found(order, store, replace(machine, memory=lambda: gibibytes << 30))["memory"]
    assert (finding.grade, finding.found) == (grade, f"{gibibytes} GiB of memory")
    assert bool(finding.remedy) is (grade is Grade.WARNING)
    assert ("smaller model" in finding.remedy) is (grade is Grade.WARNING and order.kind is not EngineKind.EMBEDDED)


def test_how_much_memory_is_enough_cannot_be_told_of_a_model_that_is_not_there(store: Store, machine: Machine) -> None:
    finding = found(replace(_VLLM, models=("acme/Absent",)), store, machine)["memory"]
    assert finding.grade is Grade.WARNING
    assert finding.found == "64 GiB of memory; whether that is enough cannot be told without the model"


def test_little_room_on_dockers_disk_is_a_warning(
    store: Store, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.doctor._DISK", dict.fromkeys(EngineKind, 1 << 60))
    finding = found(_VLLM, store, machine)["disk"]
    assert finding.grade is Grade.WARNING
    assert "docker system df" in finding.remedy


def test_a_disk_that_cannot_be_seen_is_not_told_of(store: Store, machine: Machine, docker: FakeDocker) -> None:
    docker.says(_ROOT, "/nowhere/in/a/virtual/machine\n")
    assert "disk" not in found(_VLLM, store, machine)


@pytest.mark.parametrize(
    ("order", "gigabytes", "what", "todo"),
    [
        (replace(_VLLM, models=("acme/Absent",)), 80, "There is no model acme/Absent", "Pull or import it first"),
        (_VLLM, 8, "The model does not fit", "a GPU of 12 GB or more"),
    ],
)
def test_a_model_that_cannot_be_served_is_a_problem(
    store: Store, machine: Machine, order: Order, gigabytes: int, what: str, todo: str
) -> None:
    card = replace(_H100, memory=gigabytes << 30)
    finding = found(order, store, replace(machine, gpus=lambda: (card,)))["model"]
    assert finding.grade is Grade.PROBLEM
    assert finding.found.startswith(what)
    assert todo in finding.remedy


def test_a_port_that_somebody_has_is_a_problem(store: Store, machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        findings = found(replace(_VLLM, port=port), store, replace(machine, port=Machine().port))
    assert findings["port"].grade is Grade.PROBLEM
    assert findings["port"].found == f"127.0.0.1:{port} cannot be listened on: address already in use"
    assert "--port" in findings["port"].remedy


def test_a_port_that_the_deployment_has_is_its_own(store: Store, machine: Machine) -> None:
    taken = replace(machine, port=lambda *_: "taken")
    assert found(_VLLM, store, taken, holds_port=True)["port"] == Finding(
        Grade.OK, "port", "127.0.0.1:8001 is the deployment's own"
    )

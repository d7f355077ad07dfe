"""How a deployment stands, seen from outside of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.deploy.deployment import Deployment
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.status import status_of
from muniment.errors import DeployError
from muniment.seal.docker import find_docker
from tests.deploy.fake_docker import FakeDocker, FakeProgram, all_well, inspected
from tests.deploy.front import Front, front
from tests.deploy.plans import PLAN


@pytest.fixture
def gateway() -> Iterator[Front]:
    with front(json.dumps({"status": "ready"})) as server:
        yield server


@pytest.fixture
def deployment(
    fake: FakeDocker, folder_of_programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateway: Front
) -> Deployment:
    """One that reads, on the first of two GPUs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    lines = "".join(f"{number}, NVIDIA L4, 23034, 20000, 580.65.06\n" for number in range(2))
    FakeProgram(folder_of_programs, "nvidia-smi").says("*", lines)
    folder = DeploymentFolder("deeds")
    folder.save(replace(PLAN, project="deeds", port=gateway.port))
    fake.runs(*all_well(gateway.port))
    return Deployment(find_docker(), folder)


def test_one_that_reads_is_well(deployment: Deployment, gateway: Front) -> None:
    found = status_of(deployment)
    assert found.is_well
    assert found.as_json() == {
        "deployment": "deeds",
        "well": True,
        "address": f"http://127.0.0.1:{gateway.port}",
        "seal": "unproven",
        "seal_problem": "",
        "refuses_documents": False,
        "topology": "airgap",
        "engine": "vllm",
        "models": ["nanonets/Nanonets-OCR2-3B"],
        "services": [
            {
                "service": name,
                "state": "running",
                "health": "healthy",
                "code": 0,
                "restarts": 0,
                "networks": ("deeds_default",) if name == "gateway" else (),
                "ports": (f"127.0.0.1:{gateway.port}->8001/tcp",) if name == "gateway" else (),
                "image": f"localhost/muniment/{name}:1.2.3",
            }
            for name in ("engine-1", "gateway", "server")
        ],
        "missing": [],
        "networks": [{"name": "deeds_default", "internal": False}],
        "canary": {"ready": True, "models": {}, "problem": ""},
        "gpus": [
            {"number": 0, "name": "NVIDIA L4", "memory": 23_034 << 20, "used": 20_000 << 20, "driver": "580.65.06"}
        ],
    }
    json.dumps(found.as_json())


def test_a_part_that_is_missing_is_named(deployment: Deployment, fake: FakeDocker, gateway: Front) -> None:
    fake.runs(*all_well(gateway.port)[:2])
    found = status_of(deployment)
    assert (found.is_well, found.missing) == (False, ("engine-1",))


def test_a_part_that_does_not_run_is_not_well(deployment: Deployment, fake: FakeDocker, gateway: Front) -> None:
    fake.runs(*all_well(gateway.port)[:2], inspected("engine-1", state="exited", code=137))
    assert not status_of(deployment).is_well


def test_one_that_does_not_read_is_not_well(deployment: Deployment, gateway: Front) -> None:
    gateway.status = 503
    assert not status_of(deployment).is_well


def test_one_without_a_gpu_tells_of_none(deployment: Deployment, gateway: Front) -> None:
    deployment.folder.save(replace(PLAN, port=gateway.port, engines=()))
    assert status_of(deployment).gpus == ()


def test_one_that_was_never_brought_up_has_no_status(deployment: Deployment) -> None:
    deployment.folder.remove()
    with pytest.raises(DeployError, match="There is no deployment"):
        status_of(deployment)

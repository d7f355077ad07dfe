"""What `muniment up --monitoring` has Docker do."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.deploy.deployment import Deployment
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring import services, setup
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.seal.docker import find_docker
from tests.deploy.fake_docker import FakeDocker, all_well, inspected
from tests.deploy.front import Front, front
from tests.deploy.plans import plan as planned

IMAGES = (services.PROMETHEUS_IMAGE, services.GRAFANA_IMAGE)


@pytest.fixture
def gateway() -> Iterator[Front]:
    """What answers that a page was read."""
    with front(json.dumps({"status": "ready"})) as server:
        yield server


@pytest.fixture
def plan(gateway: Front, monkeypatch: pytest.MonkeyPatch) -> Plan:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr("muniment.deploy.deployment.GRAFANA_PORT", free.getsockname()[1])
    return planned(port=gateway.port, monitoring=True)


@pytest.fixture
def deployment(fake: FakeDocker, gateway: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """One without keys that runs already; of images, Muniment's own are there."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", "a password of the test's")
    monkeypatch.setattr("muniment.deploy.readiness._LOOK_EVERY", 0.0)
    fake.says("compose -p deeds*", "")
    fake.has("localhost/muniment/gateway:1.2.3", "localhost/muniment/server:1.2.3")
    fake.says("build*", "")
    fake.says("exec id-of-server muniment key list --json", "")
    fake.runs(*all_well(gateway.port, engines=0), *(inspected(name) for name in ("prometheus", "grafana")))
    return Deployment(find_docker(), DeploymentFolder("deeds"))


def test_images_that_are_not_there_are_fetched_and_no_others(
    deployment: Deployment, fake: FakeDocker, plan: Plan
) -> None:
    fake.has(IMAGES[0])
    fake.says("pull*", "")
    told: list[str] = []
    deployment.prepare(plan, told.append)
    assert [call for call in fake.calls if call.startswith("pull")] == [f"pull --quiet {IMAGES[1]}"]
    assert told[-1] == f"Fetching {IMAGES[1]}"


def test_without_a_password_nothing_is_built_or_fetched(
    deployment: Deployment, fake: FakeDocker, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUNIMENT_GRAFANA_PASSWORD")
    with pytest.raises(DeployError, match="MUNIMENT_GRAFANA_PASSWORD"):
        deployment.prepare(plan, lambda _: None)
    assert not [call for call in fake.calls if call.startswith(("build", "pull"))]


def test_that_somebody_else_has_grafanas_port_is_said_before(
    deployment: Deployment, fake: FakeDocker, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("muniment.deploy.deployment.GRAFANA_PORT", taken.getsockname()[1])
        with pytest.raises(DeployError, match="cannot be listened on"):
            deployment.prepare(plan, lambda _: None)
    assert not [call for call in fake.calls if call.startswith(("build", "pull"))]


def test_prometheus_reads_its_settings_anew(deployment: Deployment, fake: FakeDocker, plan: Plan) -> None:
    assert deployment.up(plan, lambda _: None).ready
    assert (deployment.folder.path / "monitoring" / "prometheus" / "prometheus.yaml").exists()
    assert fake.calls[-1].endswith("kill -s HUP prometheus")


def test_without_monitoring_nobody_is_asked_for_keys(deployment: Deployment, fake: FakeDocker, plan: Plan) -> None:
    assert deployment.up(planned(port=plan.port), lambda _: None).ready
    assert not (deployment.folder.path / "monitoring").exists()
    assert not [call for call in fake.calls if call.startswith("exec") or "HUP" in call]


def test_a_key_that_cannot_be_made_is_told_and_no_half_of_it_is_shown(
    deployment: Deployment, fake: FakeDocker, plan: Plan
) -> None:
    listed = json.dumps([{"name": "reports", "state": "in force"}])
    fake.says("exec id-of-server muniment key list --json", listed)
    fake.says(f"exec id-of-server muniment key add {setup.KEY_NAME}", "mun_", err="the disk is full", code=1)
    with pytest.raises(DeployError, match="the disk is full"):
        deployment.up(plan, lambda _: None)
    assert not setup.has_key(deployment.folder)

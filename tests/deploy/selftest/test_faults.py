"""What the faults do to a deployment's description, and that none of them is like another."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.deploy.compose import document
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.selftest.copy import Copy, make_model
from muniment.deploy.selftest.faults import FAULTS, Fault, faults_for
from muniment.deploy.settings import EngineKind, Topology
from muniment.models import Manifest
from muniment.seal import catalogue
from muniment.seal.claims import Claim
from muniment.seal.docker import Docker
from tests.deploy.plans import plan_of

WHILE_IT_RUNS = {"sidecar", "volume-shared", "unplanned-container", "second-server", "model-changed", "model-grown"}
CLAIMS = {one.id for one in vars(catalogue).values() if isinstance(one, Claim)}


class NoDocker(Docker):
    """One that says the same of everything: a container made of an image, and a gateway's configuration."""

    def ask(self, *arguments: str) -> str:
        if arguments[0] == "exec":
            return (Path(__file__).parents[3] / "deploy/gateway/nginx.conf").read_text()
        return '[{"Image": "sha256:1"}]' if arguments[0] == "inspect" else "id\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = DeploymentFolder("deeds")
    folder.make()
    plan = plan_of(EngineKind.VLLM, Topology.AIRGAP)
    return Copy(plan, NoDocker("docker", ("docker", "compose"), "28.3.3", "2.39.1"), folder, document(plan))


def described(made: Copy, fault: Fault) -> dict[str, Any]:
    changed = copy.deepcopy(dict(made.described))
    fault.change(changed, made)
    return changed


def test_there_are_enough_of_them_each_with_a_name_of_its_own() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 25


def test_every_claim_is_broken_by_one_of_them_alone() -> None:
    """So that a claim that nobody can break any more is noticed."""
    assert {claim.id for fault in FAULTS for claim in fault.breaks} == CLAIMS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_changes_something(fault: Fault, made: Copy) -> None:
    is_changed = described(made, fault) != made.described
    assert is_changed != (
        fault.id in {"sidecar", "volume-shared", "unplanned-container", "second-server", "model-changed", "model-grown"}
    )


def test_no_two_change_the_same(made: Copy) -> None:
    changed = [described(made, fault) for fault in FAULTS]
    changed = [one for one in changed if one != made.described]
    assert all(changed.count(one) == 1 for one in changed)


def test_without_an_engine_there_are_fewer(made: Copy) -> None:
    embedded = Copy(plan_of(EngineKind.EMBEDDED, Topology.AIRGAP), made.docker, made.folder, {})
    assert embedded.reader == "server"
    assert 25 <= len(faults_for(embedded)) < len(faults_for(made)) == len(FAULTS)


@pytest.mark.parametrize("name", ["model-changed", "model-grown"])
def test_a_models_files_are_as_they_were_when_it_is_over(name: str, made: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    make_model(folder, "tiny")
    plan = replace(made.plan, engines=(replace(made.plan.engines[0], folder=str(folder)),))
    manifest = Manifest.of_folder(folder)
    fault = next(one for one in FAULTS if one.id == name)
    with fault.meanwhile(replace(made, plan=plan)):
        assert manifest.verify(folder)
    assert not manifest.verify(folder)

"""Whether a deployment's containers are what was planned."""

from dataclasses import replace
from pathlib import Path

import pytest

from muniment.deploy.compose import document
from muniment.deploy.proving import _by_service, _mounts
from muniment.deploy.settings import EngineKind, Topology
from muniment.seal.claims import Verdict
from muniment.seal.inspected import Inspected, inspected_from
from tests.deploy.fake_docker import inspected
from tests.deploy.plans import plan_of

FOLDER = Path("/state/deeds")
PLAN = replace(plan_of(EngineKind.VLLM, Topology.AIRGAP), project="deeds")
PLANNED = document(PLAN)["services"]["engine-1"]["volumes"]
SOCKET = ("volume", "deeds_engine-1-socket", "/run/muniment/engine-1", True)
MODEL = ("bind", PLAN.engines[0].folder, "/models/served", False)


def engine(*mounts: tuple[str, str, str, bool]) -> Inspected:
    return replace(inspected_from(inspected("engine-1")), mounts=mounts)


def test_mounts_as_they_were_planned() -> None:
    assert _mounts(engine(MODEL, SOCKET), "deeds", FOLDER, PLANNED).verdict is Verdict.HOLDS


def test_the_deployments_own_folders_are_named_from_its_place() -> None:
    server = document(PLAN)["services"]["server"]["volumes"]
    own = [one["source"] for one in server if one["type"] == "bind"]
    assert own, "evidence is handed to it"
    mounts = tuple(
        ("bind", str(FOLDER / one["source"]), one["target"], False)
        if one["type"] == "bind"
        else ("volume", f"deeds_{one['source']}", one["target"], True)
        for one in server
    )
    assert _mounts(engine(*mounts), "deeds", FOLDER, server).verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    "mounts",
    [
        (MODEL,),
        (MODEL, SOCKET, ("bind", "/run/user/1000", "/x", False)),
        (MODEL, SOCKET, ("volume", "deeds_server-socket", "/run/muniment/server", True)),
        (("bind", "/elsewhere", "/models/served", False), SOCKET),
        ((*MODEL[:3], True), SOCKET),
        (MODEL, ("volume", "others_engine-1-socket", "/run/muniment/engine-1", True)),
    ],
    ids=["missing", "a folder more", "a volume more", "another folder", "writable", "another volume"],
)
def test_other_mounts_are_told(mounts: tuple[tuple[str, str, str, bool], ...]) -> None:
    assert _mounts(engine(*mounts), "deeds", FOLDER, PLANNED).verdict is Verdict.BROKEN


def test_of_several_containers_of_a_service_none_is_overlooked() -> None:
    found = [inspected_from(inspected("server", id=name)) for name in ("a" * 64, "b" * 64)]
    assert list(_by_service(found)) == ["server", f"server {'b' * 12}"]

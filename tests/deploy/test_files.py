"""A deployment's folder is its owner's alone, and what is in it is whole or said to be not."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from muniment.deploy.compose import document
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.settings import EngineKind, Topology
from muniment.errors import DeployError, OutputError, UsageError
from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.keys import signing_key
from tests.deploy.fake_docker import IMAGE
from tests.deploy.plans import PLAN, plan_of
from tests.processes import AS_ANY_USER, python
from tests.seal.evidence.making import NOON, evidence


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def folder(state: Path) -> DeploymentFolder:
    made = DeploymentFolder("deeds")
    assert made.path == state / "muniment" / "deployments" / "deeds"
    return made


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["muniment", "a", "9-b_c", "x" * 40])
def test_names_that_docker_takes_are_taken(state: Path, name: str) -> None:
    assert DeploymentFolder(name).path == state / "muniment" / "deployments" / name


@pytest.mark.parametrize("name", ["", "A", "..", "a/b", "-a", "_a", "a b", "a\n", "ä", "x" * 41, "a.b"])
def test_others_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as told:
        DeploymentFolder(name)
    assert told.value.hint == "Use small letters, digits, - and _, 40 at most."


@given(st.text())
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        path = DeploymentFolder(name).path
    except UsageError:
        return
    assert path.parent.name == "deployments"
    assert path.resolve().parent == path.parent.resolve()


@pytest.mark.parametrize("kind", list(EngineKind))
@pytest.mark.parametrize("topology", list(Topology))
def test_a_plan_comes_back_as_it_was(folder: DeploymentFolder, kind: EngineKind, topology: Topology) -> None:
    plan = replace(plan_of(kind, topology, 2, tls="/x $y/ü"), profile="漢", lifetime=0.1)
    folder.save(plan)
    assert folder.load() == plan
    assert yaml.safe_load(folder.compose.read_text(encoding="utf-8")) == document(plan)
    assert folder.compose.read_text(encoding="utf-8").startswith("# Written by `muniment up`")


def test_only_its_owner_may_look_whatever_the_umask(folder: DeploymentFolder, umask: int) -> None:
    folder.save(PLAN)
    for made in (folder.path, folder.path.parent, folder.path.parent.parent):
        assert mode(made) == 0o700, oct(umask)
    assert {path.name: mode(path) for path in folder.path.iterdir()} == {"plan.json": 0o600, "compose.yaml": 0o600}


def test_evidence_and_its_public_key_are_readable_as_mounts_and_the_secret_key_is_not(
    folder: DeploymentFolder, umask: int
) -> None:
    folder.see_to_evidence()
    assert mode(folder.path) == 0o700, oct(umask)
    assert {path.name: mode(path) for path in folder.path.iterdir()} == {
        "evidence": 0o755,
        "evidence-key.pem": 0o600,
        "evidence-public-key.pem": 0o644,
    }
    key = signing_key(folder.path)
    publish(evidence(deployment="deeds"), folder.evidence, key, lambda: NOON + timedelta(seconds=5))
    assert mode(folder.evidence / "report.json") == 0o644


def test_the_key_of_evidence_and_the_reports_stay(folder: DeploymentFolder) -> None:
    folder.see_to_evidence()
    (folder.evidence / "report.json").write_text("the newest")
    public = (folder.path / "evidence-public-key.pem").read_bytes()
    folder.see_to_evidence()
    assert (folder.path / "evidence-public-key.pem").read_bytes() == public
    assert (folder.evidence / "report.json").read_text() == "the newest"


def test_a_place_of_evidence_that_cannot_be_made_is_said(folder: DeploymentFolder) -> None:
    folder.make()
    folder.evidence.write_text("")
    with pytest.raises(OutputError, match="evidence"):
        folder.see_to_evidence()


def test_a_folder_that_was_opened_to_others_is_closed_again(folder: DeploymentFolder) -> None:
    folder.path.mkdir(parents=True, mode=0o755)
    folder.save(PLAN)
    assert mode(folder.path) == 0o700


def test_an_older_plan_is_replaced(folder: DeploymentFolder) -> None:
    folder.save(PLAN)
    folder.save(replace(PLAN, port=9000))
    assert folder.load().port == 9000


def test_what_is_tried_has_its_file_in_place(folder: DeploymentFolder) -> None:
    folder.save(PLAN)
    tried = replace(PLAN, port=9000)
    with folder.trying(tried):
        assert yaml.safe_load(folder.compose.read_text(encoding="utf-8")) == document(tried)
        assert folder.load() == PLAN


@pytest.mark.parametrize("error", [DeployError("Docker refuses"), KeyboardInterrupt()])
def test_what_is_tried_in_vain_leaves_the_file_before(folder: DeploymentFolder, error: BaseException) -> None:
    folder.save(PLAN)
    before = folder.compose.read_bytes()
    with pytest.raises(type(error)), folder.trying(replace(PLAN, port=9000)):
        raise error
    assert folder.compose.read_bytes() == before
    assert folder.load() == PLAN


def test_what_is_tried_first_can_be_taken_down_though_it_was_in_vain(folder: DeploymentFolder) -> None:
    with pytest.raises(DeployError, match="Docker refuses"), folder.trying(PLAN):
        raise DeployError("Docker refuses")
    folder.check()
    assert yaml.safe_load(folder.compose.read_text(encoding="utf-8")) == document(PLAN)
    with pytest.raises(DeployError, match="never came up"):
        folder.load()


def test_a_compose_file_that_cannot_be_read_is_said(folder: DeploymentFolder) -> None:
    folder.compose.mkdir(parents=True)
    with pytest.raises(DeployError, match=r"compose\.yaml cannot be read: Is a directory"):
        folder.check()


def test_without_a_plan_there_is_no_deployment(folder: DeploymentFolder) -> None:
    with pytest.raises(DeployError) as told:
        folder.load()
    assert str(told.value) == 'There is no deployment named "deeds". Bring one up first: muniment up.'


@pytest.mark.parametrize("kept", [0, 1, 20, -2])
def test_a_torn_plan_is_said_to_be_none(folder: DeploymentFolder, kept: int) -> None:
    folder.save(PLAN)
    file = folder.path / "plan.json"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DeployError) as told:
        folder.load()
    assert str(told.value) == f"{file} is not a plan of this version of Muniment. Bring it up anew."


@pytest.mark.parametrize("place", ["plan", "engine", "size"])
def test_a_plan_that_says_more_than_this_version_knows_is_not_half_read(folder: DeploymentFolder, place: str) -> None:
    folder.save(PLAN)
    file = folder.path / "plan.json"
    told = json.loads(file.read_text())
    inner = {"plan": told, "engine": told["engines"][0], "size": told["engines"][0]["size"]}
    inner[place]["of_tomorrow"] = True
    file.write_text(json.dumps(told))
    with pytest.raises(DeployError, match="not a plan of this version"):
        folder.load()


def test_a_plan_that_cannot_be_read_is_said(folder: DeploymentFolder) -> None:
    (folder.path / "plan.json").mkdir(parents=True)
    with pytest.raises(DeployError, match="cannot be read: Is a directory"):
        folder.load()


def test_removing_takes_everything(folder: DeploymentFolder) -> None:
    folder.save(PLAN)
    folder.tls.mkdir()
    (folder.tls / "key.pem").touch()
    folder.remove()
    assert not folder.path.exists()
    folder.remove()


def test_removing_follows_no_links(folder: DeploymentFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "deed").touch()
    folder.save(PLAN)
    (folder.path / "folder").symlink_to(outside)
    (folder.path / "file").symlink_to(outside / "deed")
    (folder.path / "nowhere").symlink_to(tmp_path / "nowhere")
    folder.remove()
    assert not folder.path.exists()
    assert (outside / "deed").exists()


def test_a_link_in_the_folders_place_is_not_followed(folder: DeploymentFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder.path.parent.mkdir(parents=True)
    folder.path.symlink_to(outside)
    with pytest.raises(OutputError):
        folder.remove()
    assert outside.exists()


def test_a_file_in_the_folders_place_is_said(folder: DeploymentFolder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.touch()
    with pytest.raises(OutputError) as told:
        folder.save(PLAN)
    assert str(folder.path) in told.value.what
    assert "XDG_STATE_HOME" in told.value.hint


def test_a_folder_that_cannot_be_written_is_said(state: Path) -> None:
    state.mkdir(mode=0o500)
    code = (
        "from muniment.deploy.files import DeploymentFolder; from tests.deploy.plans import PLAN\n"
        "from muniment.errors import OutputError\n"
        f"{AS_ANY_USER}"
        "try:\n    DeploymentFolder('deeds').save(PLAN)\nexcept OutputError as error:\n    print(error)"
    )
    told = python(code)
    assert "cannot be written: permission denied" in told
    assert "XDG_STATE_HOME" in told


def test_a_relative_folder_for_states_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert DeploymentFolder("deeds").path == tmp_path / ".local/state/muniment/deployments/deeds"


def test_a_user_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(OutputError, match="XDG_STATE_HOME"):
        DeploymentFolder("deeds")


def test_the_images_that_it_was_brought_up_with_are_kept(folder: DeploymentFolder) -> None:
    assert folder.images() == {}
    folder.make()
    folder.keep_images({"server": IMAGE})
    assert folder.images() == {"server": IMAGE}


@pytest.mark.parametrize("content", ["[]", '{"server": "sha256:0123"}', '{"server": 1}', "{", "\0"])
def test_what_cannot_have_been_kept_of_images_is_nothing(folder: DeploymentFolder, content: str) -> None:
    folder.make()
    (folder.path / "images.json").write_text(content)
    assert folder.images() == {}

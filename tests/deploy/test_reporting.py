"""What was seen of a deployment is signed with its own key, and put where it is asked for."""

import os
from pathlib import Path

import pytest

from muniment.deploy import reporting
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.reporting import publish_report
from muniment.errors import DeployError, EvidenceError, OutputError
from muniment.seal.evidence.archive import check
from muniment.seal.evidence.keys import PUBLIC_NAME, SECRET_NAME, public_key, signing_key, trust
from muniment.seal.evidence.record import Evidence
from tests.deploy.fake_docker import FakeDocker
from tests.deploy.plans import PLAN
from tests.seal.evidence.making import evidence


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeDocker) -> DeploymentFolder:  # noqa: ARG001
    """A deployment of which little is seen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(reporting, "gather", lambda *_: evidence())
    made = DeploymentFolder("muniment")
    made.save(PLAN)
    return made


def test_it_is_signed_with_the_deployments_key_and_chained(folder: DeploymentFolder, tmp_path: Path) -> None:
    first, second = (publish_report("muniment", tmp_path / "reports") for _ in range(2))
    key = public_key(folder.path / PUBLIC_NAME)
    assert first.fingerprint == key.fingerprint == signing_key(folder.path).public.fingerprint
    assert second.report.previous == first.link
    assert check(tmp_path / "reports" / "report.json", trust(key.fingerprint)) == second
    assert first.report.evidence == evidence()


@pytest.mark.usefixtures("folder")
def test_without_a_deployment_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="There is no deployment named"):
        publish_report("other", tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_with_a_damaged_key_nobody_looks(
    folder: DeploymentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(*_: object) -> Evidence:
        raise AssertionError("there is nothing to sign it with")

    monkeypatch.setattr(reporting, "gather", gather)
    folder.make()
    os.close(os.open(folder.path / SECRET_NAME, os.O_CREAT | os.O_WRONLY, 0o600))
    with pytest.raises(EvidenceError, match="is damaged"):
        publish_report("muniment", tmp_path / "reports")


@pytest.mark.usefixtures("folder")
def test_a_folder_with_anothers_reports_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(EvidenceError, match="is not to be believed"):
        publish_report("muniment", tmp_path)
    assert (tmp_path / "report.json").read_text() == "{}"


@pytest.mark.usefixtures("folder")
def test_where_it_cannot_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(OutputError, match="--report"):
        publish_report("muniment", tmp_path / "reports")

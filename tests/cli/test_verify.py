"""``muniment verify``: what it shows, and how it ends, whatever was found."""

import json
from pathlib import Path

import pytest

from muniment.cli.ending import run
from muniment.cli.verify_report import finding_lines
from muniment.deploy.files import DeploymentFolder
from muniment.seal.catalogue import NO_HOST, NO_INTERNET, NO_PORT
from muniment.seal.claims import Check, Finding, Verdict, fact, unknown
from tests.deploy.conftest import fake, folder_of_programs
from tests.deploy.fake_docker import FakeDocker, all_well
from tests.deploy.plans import PLAN

__all__ = ["fake", "folder_of_programs"]

HOLDS = Finding(claim=NO_PORT, checks=(fact("engine-1", "engine", "published ports", "none", is_well=True),))
UNPROVEN = Finding(claim=NO_INTERNET, checks=(unknown("engine-1", "probe", "the probe", "it did not run"),))
ARRIVED = Check(
    subject="engine-1",
    method="probe",
    what="TCP to 172.17.0.1:40000",
    seen="answered, arrived",
    control="answered, arrived",
    verdict=Verdict.BROKEN,
)
BROKEN = Finding(claim=NO_HOST, checks=(ARRIVED,))


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Finding]:
    """What is found of a deployment. There are no other processes."""
    findings: list[Finding] = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("muniment.seal.proving_processes.find", lambda: ())
    monkeypatch.setattr("muniment.deploy.proving.prove", lambda *_: tuple(findings))
    return findings


@pytest.fixture
def deployed(fake: FakeDocker) -> None:
    """A deployment whose containers run."""
    DeploymentFolder("muniment").save(PLAN)
    fake.runs(*all_well(), project="muniment")


@pytest.mark.parametrize(
    ("findings", "code"),
    [([HOLDS], 0), ([HOLDS, UNPROVEN], 8), ([UNPROVEN, BROKEN, HOLDS], 7)],
    ids=["holds", "unproven", "broken"],
)
@pytest.mark.usefixtures("deployed")
def test_it_ends_by_the_worst(
    found: list[Finding], findings: list[Finding], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    found += findings
    assert run(["verify"]) == code
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][: len(findings)] == [
        f"{one.verdict.value:8}  {one.claim.id.ljust(max(len(o.claim.id) for o in findings))}  {one.claim.says}"
        for one in findings
    ]


@pytest.mark.usefixtures("deployed")
def test_programs_get_every_check(found: list[Finding], capfd: pytest.CaptureFixture[str]) -> None:
    found += [HOLDS, BROKEN]
    assert run(["verify", "--json"]) == 7
    told = json.loads(capfd.readouterr().out)
    assert told["verdict"] == "broken"
    assert [(claim["id"], claim["verdict"]) for claim in told["claims"]] == [
        ("no-port", "holds"),
        ("no-host", "broken"),
    ]
    assert told["claims"][1]["checks"] == [ARRIVED.model_dump(mode="json")]


def test_what_does_not_hold_is_shown_with_its_control_and_what_to_do() -> None:
    told = finding_lines([HOLDS, BROKEN], verbose=False)
    assert "TCP to 172.17.0.1:40000: answered, arrived [control: answered, arrived]" in told
    assert f"-> {NO_HOST.mend}" in told
    assert "published ports" not in told
    assert told.endswith("2 claims: 1 holds, 1 broken (2 checks)\n")
    assert "published ports: none" in finding_lines([HOLDS], verbose=True)


def test_where_nothing_runs_it_says_what_to_start(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["verify"]) == 6
    told = capfd.readouterr().err
    for command in ("muniment up", "muniment serve", "muniment ocr"):
        assert command in told


def test_a_deployment_that_is_down_is_nothing_that_runs(fake: FakeDocker, capfd: pytest.CaptureFixture[str]) -> None:
    DeploymentFolder("muniment").save(PLAN)
    fake.runs(project="muniment")
    assert run(["verify"]) == 6
    assert "muniment up" in capfd.readouterr().err


def test_a_name_that_is_none_is_not_answered_with_what_else_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("muniment.seal.proving_processes.find", lambda: (object(),))
    monkeypatch.setattr("muniment.seal.proving_processes.prove", lambda _: (HOLDS,))
    assert run(["verify", "--name", "muniemnt"]) == 6
    told = capfd.readouterr()
    assert told.out == ""
    assert 'no deployment named "muniemnt"' in told.err
    assert run(["verify"]) == 0

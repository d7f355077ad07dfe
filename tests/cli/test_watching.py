"""``muniment verify --watch``: it goes on over whatever passes, and tells every change once."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from muniment.cli import watching
from muniment.cli.ending import run
from muniment.deploy.files import DeploymentFolder
from muniment.errors import DeployError, EvidenceError, MunimentError, OutputError
from muniment.seal.claims import Verdict
from muniment.seal.evidence.archive import HISTORY
from muniment.seal.evidence.keys import SECRET_NAME
from muniment.seal.evidence.record import Evidence
from tests.cli.conftest import started
from tests.deploy.conftest import fake, folder_of_programs
from tests.deploy.fake_docker import FakeDocker
from tests.deploy.plans import PLAN
from tests.seal.evidence.making import evidence, finding

__all__ = ["fake", "folder_of_programs"]

Watched = Callable[..., int]

HOLDS = evidence()
BROKEN = evidence(findings=(finding(Verdict.BROKEN),))
DOWN = DeployError("The deployment does not run", "Run muniment up first.")
FULL = OutputError("/reports cannot be written: no space is left", "Make room.")
BUSY = EvidenceError("Another process has been writing to /reports for 30 seconds", "See what it waits for.")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeDocker) -> DeploymentFolder:  # noqa: ARG001
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = DeploymentFolder("muniment")
    made.save(PLAN)
    return made


@pytest.fixture
def watched(folder: DeploymentFolder, monkeypatch: pytest.MonkeyPatch) -> Watched:  # noqa: ARG001 - it is watched
    """Watches until all of this was seen, one a round, and then gets a Ctrl-C; the command's end."""

    def watch(*rounds: Evidence | MunimentError, options: tuple[str, ...] = ()) -> int:
        left: Iterator[Evidence | MunimentError] = iter(rounds)
        done: list[float] = []

        def gather(*_: object) -> Evidence:
            found = next(left)
            if isinstance(found, MunimentError):
                raise found
            return found

        def sleep(seconds: float) -> None:
            done.append(seconds)
            if len(done) == len(rounds):
                raise KeyboardInterrupt

        monkeypatch.setattr("muniment.deploy.reporting.gather", gather)
        monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
        code = run(["verify", "--watch", *options])
        assert all(0 <= seconds <= watching._EVERY for seconds in done)
        return code

    return watch


def told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """What was told of the rounds: between where the reports are and that it was stopped."""
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert lines[0].startswith("Looking every 5 minutes; reports are in ")
    assert lines[-1] == "muniment: stopped."
    return lines[1:-1]


def count(folder: DeploymentFolder) -> int:
    return len(list((folder.evidence / HISTORY).iterdir()))


def test_one_round_writes_one_report_where_the_server_looks_for_it(
    watched: Watched, folder: DeploymentFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    assert watched(HOLDS) == 130
    assert told(capfd) == ["holds"]
    assert count(folder) == 1
    assert (folder.evidence / "report.json").is_file()


def test_reports_may_be_written_elsewhere(watched: Watched, folder: DeploymentFolder, tmp_path: Path) -> None:
    assert watched(HOLDS, HOLDS, options=("--report", str(tmp_path / "reports"))) == 130
    assert len(list((tmp_path / "reports" / HISTORY).iterdir())) == 2
    assert not folder.evidence.exists()


def test_a_change_is_told_once_and_every_round_is_reported(
    watched: Watched, folder: DeploymentFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    watched(HOLDS, HOLDS, BROKEN, BROKEN, HOLDS)
    assert told(capfd) == ["holds", "broken: no-internet broken", "holds"]
    assert count(folder) == 5


@pytest.mark.parametrize("error", [DOWN, FULL, BUSY], ids=lambda error: type(error).__name__)
def test_what_may_pass_is_told_once_and_gone_over(
    watched: Watched, folder: DeploymentFolder, error: MunimentError, capfd: pytest.CaptureFixture[str]
) -> None:
    watched(HOLDS, error, error, HOLDS)
    assert told(capfd) == ["holds", f"muniment: {error}", "holds"]
    assert count(folder) == 2


def test_reports_that_are_not_to_be_believed_are_waited_out(
    watched: Watched, folder: DeploymentFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    """Somebody may put the right one back."""
    folder.see_to_evidence()
    (folder.evidence / "report.json").write_text("{}")
    watched(HOLDS, HOLDS)
    (line,) = told(capfd)
    assert "is not to be believed" in line
    assert count(folder) == 0


def test_without_a_key_that_can_be_used_it_ends(
    watched: Watched, folder: DeploymentFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    os.close(os.open(folder.path / SECRET_NAME, os.O_CREAT | os.O_WRONLY, 0o600))
    assert watched(HOLDS) == 5
    assert "is damaged" in capfd.readouterr().err


def test_without_a_deployment_it_does_not_begin(watched: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    assert watched(options=("--name", "other")) == 6
    assert "There is no deployment named" in capfd.readouterr().err


@pytest.mark.usefixtures("folder")
def test_ctrl_c_ends_it_while_it_waits(fake: FakeDocker) -> None:
    fake.runs(project="muniment")
    process = started("verify", "--watch")
    try:
        assert process.stderr is not None
        lines = [process.stderr.readline().decode() for _ in range(2)]
        assert lines[1].startswith("muniment: The deployment does not run")
        process.send_signal(signal.SIGINT)
        ended = process.communicate(timeout=60)[1].decode()
    finally:
        process.kill()
    assert ended.splitlines()[-1] == "muniment: stopped."
    assert process.returncode == 130

"""``muniment verify`` with reports: written, and checked by whoever gets them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muniment.cli.ending import run
from muniment.deploy.files import DeploymentFolder
from muniment.seal.claims import Verdict
from muniment.seal.evidence.archive import HISTORY, REPORT_NAME, publish
from muniment.seal.evidence.keys import PUBLIC_NAME
from tests.deploy.conftest import fake, folder_of_programs
from tests.deploy.fake_docker import FakeDocker
from tests.deploy.plans import PLAN
from tests.seal.evidence.making import KEY, OTHER_KEY, evidence, finding, published

__all__ = ["fake", "folder_of_programs"]

FINGERPRINT = KEY.public.fingerprint


class TestReport:
    @pytest.fixture(autouse=True)
    def deployed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake: FakeDocker) -> None:  # noqa: ARG002
        """A deployment, of which one claim is broken and one holds."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        DeploymentFolder("muniment").save(PLAN)
        found = evidence(findings=(finding(Verdict.HOLDS), finding(Verdict.BROKEN)))
        monkeypatch.setattr("muniment.deploy.reporting.gather", lambda *_: found)

    def test_it_is_written_told_and_can_be_checked(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        reports = tmp_path / "reports"
        assert run(["verify", "--report", str(reports)]) == 7
        out, err = capfd.readouterr()
        assert out.startswith("holds     no-internet")
        assert f"Report 1 is in {reports}: report.html, report.md and report.json." in err
        (fingerprint,) = re.findall("signed with the key (.*)[.]", err)
        assert {path.name for path in reports.iterdir()} == {
            *("report.html", "report.md", REPORT_NAME, PUBLIC_NAME, HISTORY)
        }
        assert run(["verify", "--check", str(reports / REPORT_NAME), "--key", fingerprint]) == 7

    def test_one_after_the_other_they_are_a_chain(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        reports = tmp_path / "reports"
        assert [run(["verify", "--report", str(reports)]) for _ in range(3)] == [7, 7, 7]
        capfd.readouterr()
        assert run(["verify", "--check", str(reports), "--key", str(reports / PUBLIC_NAME)]) == 7
        assert "holds 3 reports from number 1 to 3, with 0 faults" in capfd.readouterr().out

    def test_where_it_cannot_be_written_it_says_so(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "file").touch()
        assert run(["verify", "--report", str(tmp_path / "file" / "reports")]) == 4
        assert "Traceback" not in capfd.readouterr().err


class TestCheck:
    @pytest.fixture
    def reports(self, tmp_path: Path) -> Path:
        published(tmp_path / "reports", 3)
        return tmp_path / "reports"

    @pytest.mark.parametrize(
        ("verdict", "code"), [(Verdict.HOLDS, 0), (Verdict.BROKEN, 7), (Verdict.UNPROVEN, 8)], ids=str
    )
    def test_a_fresh_one_tells_its_verdict_first(
        self, tmp_path: Path, verdict: Verdict, code: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        begun = datetime.now(UTC) - timedelta(seconds=10)
        publish(evidence(begun, findings=(finding(verdict),)), tmp_path, KEY)
        for key in (FINGERPRINT, str(tmp_path / PUBLIC_NAME)):
            assert run(["verify", "--check", str(tmp_path / REPORT_NAME), "--key", key]) == code
            lines = capfd.readouterr().out.splitlines()
            assert verdict.value in lines[0]
            assert any(FINGERPRINT in line for line in lines)

    @pytest.mark.parametrize("place", ["", REPORT_NAME], ids=["folder", "file"])
    def test_a_stale_one_says_so_first_and_ends_by_its_verdict(
        self, reports: Path, place: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["verify", "--check", str(reports / place), "--key", FINGERPRINT]) == 0
        first = capfd.readouterr().out.splitlines()[0]
        assert first == "Stale: this tells how things stood, and not how they stand."

    @pytest.mark.parametrize("place", ["", REPORT_NAME], ids=["folder", "file"])
    def test_one_that_was_signed_with_another_key_is_not_believed(
        self, reports: Path, tmp_path: Path, place: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "other.pem").write_bytes(OTHER_KEY.public.to_pem())
        for key in (OTHER_KEY.public.fingerprint, str(tmp_path / "other.pem")):
            assert run(["verify", "--check", str(reports / place), "--key", key]) == 5
            out, err = capfd.readouterr()
            assert "holds:" not in out
            assert err.splitlines()[-1].startswith("muniment: ")

    def test_one_that_was_changed_is_not_believed(self, reports: Path, capfd: pytest.CaptureFixture[str]) -> None:
        file = reports / REPORT_NAME
        file.write_bytes(file.read_bytes().replace(b"A", b"B", 1))
        assert run(["verify", "--check", str(file), "--key", FINGERPRINT]) == 5
        assert "is not to be believed" in capfd.readouterr().err

    def test_one_that_is_missing_is_told(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        assert run(["verify", "--check", str(tmp_path / "none.json"), "--key", FINGERPRINT]) == 5
        assert "none.json cannot be read" in capfd.readouterr().err

    @pytest.mark.parametrize("more", [["--watch"], ["--report", "x"], ["--self-test"]], ids=str)
    def test_it_wants_a_key_and_nothing_else(self, reports: Path, more: list[str]) -> None:
        assert run(["verify", "--check", str(reports)]) == 2
        assert run(["verify", "--key", FINGERPRINT]) == 2
        assert run(["verify", "--check", str(reports), "--key", FINGERPRINT, *more]) == 2

    def test_what_is_no_key_is_told(self, reports: Path, capfd: pytest.CaptureFixture[str]) -> None:
        assert run(["verify", "--check", str(reports), "--key", str(reports / REPORT_NAME)]) == 5
        assert "is no such key" in capfd.readouterr().err


class TestChain:
    def test_a_whole_one_is_counted(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        published(tmp_path, 4)
        assert run(["verify", "--check", str(tmp_path), "--key", FINGERPRINT]) == 0
        lines = capfd.readouterr().out.splitlines()
        assert (
            lines[-1] == f"{tmp_path} holds 4 reports from number 1 to 4, with 0 faults: each follows the one before."
        )
        assert any(line.startswith("Report 4 of the deployment") for line in lines)

    @pytest.mark.parametrize("wrong", ["missing", "changed", "newest"])
    def test_one_with_a_fault_is_told_with_all_of_them(
        self, tmp_path: Path, wrong: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        published(tmp_path, 4)
        second = sorted((tmp_path / HISTORY).iterdir())[1]
        if wrong == "missing":
            second.unlink()
        else:
            file = second if wrong == "changed" else tmp_path / REPORT_NAME
            file.write_bytes(file.read_bytes().replace(b"A", b"B", 1))
        assert run(["verify", "--check", str(tmp_path), "--key", FINGERPRINT]) == 5
        out, err = capfd.readouterr()
        assert "  ✗ " in out
        assert "1 fault" in out or "2 faults" in out
        assert "Report 4 of the deployment" not in out
        assert err.splitlines()[-1] == (
            f"muniment: The reports in {tmp_path} are not a whole chain. "
            "Hold them against a copy that is kept elsewhere."
        )

    def test_a_folder_without_reports_is_told(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        assert run(["verify", "--check", str(tmp_path), "--key", FINGERPRINT]) == 5
        assert "cannot be listed" in capfd.readouterr().err


def test_a_report_of_the_future_is_stale(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    published(tmp_path, first=datetime.now(UTC) + timedelta(hours=1))
    assert run(["verify", "--check", str(tmp_path / REPORT_NAME), "--key", FINGERPRINT]) == 0
    assert capfd.readouterr().out.startswith("Stale: ")

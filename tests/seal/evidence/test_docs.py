"""What docs/evidence.md says about checking a report without Muniment is run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from muniment.seal.evidence.archive import REPORT_NAME
from muniment.seal.evidence.keys import PUBLIC_NAME
from tests.required import program
from tests.seal.evidence.making import published

DOCS = Path(__file__).parents[3] / "docs" / "evidence.md"


def code(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def change(report: Path) -> None:
    """Put another letter into the signed bytes."""
    content = report.read_text()
    at = content.index('"payload": "') + 100
    report.write_text(content[:at] + ("A" if content[at] != "A" else "B") + content[at + 1 :])


def run_python(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code("python"), str(folder / REPORT_NAME), str(folder / PUBLIC_NAME)]
    return subprocess.run(command, capture_output=True, text=True)


def run_shell(folder: Path) -> subprocess.CompletedProcess[str]:
    program("openssl")
    (folder / "empty").mkdir(exist_ok=True)
    return subprocess.run(["bash", "-euc", code("sh")], cwd=folder / "empty", capture_output=True, text=True)


def test_fifteen_lines_of_python_check_a_report(tmp_path: Path) -> None:
    first, second = published(tmp_path, 2)
    assert run_python(tmp_path).stdout.splitlines() == [
        "holds when looked at from 2026-03-04T12:01:00Z on; report 2",
        f"SHA-256 {second.link.sha256} after {first.link.sha256}",
    ]
    assert len(code("python").splitlines()) == 15
    change(tmp_path / REPORT_NAME)
    ended = run_python(tmp_path)
    assert ended.returncode
    assert "InvalidSignature" in ended.stderr


def test_a_shell_and_openssl_check_a_report(tmp_path: Path) -> None:
    published(tmp_path)
    assert "Signature Verified Successfully" in run_shell(tmp_path).stdout
    change(tmp_path / REPORT_NAME)
    assert run_shell(tmp_path).returncode


@pytest.mark.parametrize(
    "name", ["evidence-key.pem", PUBLIC_NAME, REPORT_NAME, "report.html", "urn:muniment:evidence:v1"]
)
def test_names_in_the_docs_are_those_that_are_written(name: str) -> None:
    assert name in DOCS.read_text(encoding="utf-8")

"""The deployment's commands on Windows and macOS, whose Python lacks what Linux's has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from muniment.models import Store

CHECKPOINT = Path(__file__).parents[2] / "readingmodel" / "checkpoint"

AS_ON_WINDOWS = """
import os, signal, sys
for name in ("SIGHUP", "SIGKILL", "SIGQUIT"):
    delattr(signal, name)
for name in ("getuid", "geteuid", "getgid", "getegid", "sysconf", "fork"):
    delattr(os, name)
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None  # an import then fails
from muniment.cli import main
sys.argv[0] = "muniment"
main()
"""
"""Of Linux's, what `muniment` could come across; what Python's own modules need of it on Linux stays."""


def run(*arguments: str, state: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(state), "XDG_DATA_HOME": str(state), "PATH": str(state)},
    )


@pytest.mark.parametrize("command", ["up", "down", "status", "restart", "logs", "upgrade", "deployed", "doctor"])
def test_its_help_is_shown(command: str, tmp_path: Path) -> None:
    done = run(command, "--help", state=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"muniment {command}" in done.stdout


def test_a_deployment_is_rendered(tmp_path: Path) -> None:
    done = run("up", "--engine", "embedded", "--dry-run", state=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "network_mode: none" in done.stdout


def test_the_doctor_tells_that_docker_is_missing(tmp_path: Path) -> None:
    done = run("doctor", "--engine", "embedded", state=tmp_path)
    assert (done.returncode, done.stderr) == (6, "")
    assert "Docker is not installed" in done.stdout


def test_models_are_verified(tmp_path: Path) -> None:
    Store(tmp_path / "muniment" / "models").import_(CHECKPOINT, "muniment/tiny")
    done = run("model", "verify", state=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "muniment/tiny: verified.")


def test_what_does_not_go_there_is_told(tmp_path: Path) -> None:
    done = run("model", "import", str(CHECKPOINT), "--name", "muniment/tiny", state=tmp_path)
    assert done.returncode == 3
    assert "WSL" in done.stderr

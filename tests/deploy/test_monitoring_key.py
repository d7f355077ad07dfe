"""The key that Prometheus shows: made and revoked by the real command, in the place of the server's container."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from muniment.deploy.deployment import Deployment
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring import setup
from muniment.seal.docker import Docker
from tests.deploy.plans import plan

CONTAINER = {
    "Id": "0123",
    "Image": "sha256:0123",
    "State": {"Status": "running"},
    "Config": {"Labels": {"com.docker.compose.service": "server"}, "Image": "localhost/muniment/server:1.0"},
    "NetworkSettings": {},
    "HostConfig": {"NetworkMode": "none"},
}
DOCKER = """#!/bin/sh
case $1 in
ps) echo 0123 ;;
inspect) cat "{folder}/container.json" ;;
exec) shift 3; exec "{python}" -m muniment "$@" --data "{folder}/data" ;;
esac
"""


@dataclass
class Running:
    """A deployment whose server "runs" here."""

    deployment: Deployment
    data: Path

    def muniment(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "muniment", *arguments, "--data", str(self.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def keys(self) -> dict[str, list[str]]:
        """The states of all keys, by name."""
        found: dict[str, list[str]] = {}
        listed: list[dict[str, Any]] = json.loads(self.muniment("key", "list", "--json"))
        for one in listed:
            found.setdefault(one["name"], []).append(one["state"])
        return found

    def shown(self) -> str:
        """What Prometheus shows."""
        return (self.deployment.folder.path / "monitoring" / "prometheus" / "key").read_text()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", "a password of the test's")
    (tmp_path / "container.json").write_text(json.dumps([CONTAINER]))
    (tmp_path / "data").mkdir(mode=0o700)
    program = tmp_path / "docker"
    program.write_text(DOCKER.format(folder=tmp_path, python=sys.executable))
    program.chmod(0o700)
    folder = DeploymentFolder("deeds")
    setup.write(folder, plan(monitoring=True))
    return Running(Deployment(Docker(str(program), ("compose",), "28.0.0", "2.0.0"), folder), tmp_path / "data")


def test_while_no_key_is_wanted_none_is_made(running: Running) -> None:
    running.deployment._renew_key(plan(monitoring=True))
    assert (running.keys(), running.shown()) == ({}, "")


def test_once_one_was_made_prometheus_gets_its_own_and_each_time_another(running: Running) -> None:
    running.muniment("key", "add", "reports")
    running.deployment._renew_key(plan(monitoring=True))
    first = running.shown()
    assert first.startswith("mun_")
    running.deployment._renew_key(plan(monitoring=True))
    assert running.shown() != first
    assert running.keys() == {"reports": ["in force"], setup.KEY_NAME: ["revoked", "in force"]}


def test_without_monitoring_it_is_revoked_and_forgotten(running: Running) -> None:
    running.muniment("key", "add", "reports")
    running.deployment._renew_key(plan(monitoring=True))
    running.deployment._renew_key(plan())
    assert running.keys()[setup.KEY_NAME] == ["revoked"]
    assert not setup.has_key(running.deployment.folder)

"""A model is fetched in a container that sees the store and nothing else, and that is gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from muniment.deploy.downloading import fetch, see_to_downloader
from muniment.errors import DeployError, ExitCode, OutputError
from muniment.seal.docker import find_docker
from tests.deploy.fake_docker import FakeDocker
from tests.processes import hear_signals

_OPTIONS = "info --format {{json .SecurityOptions}}"


@pytest.fixture
def docker(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """One that has the images; without a token."""
    for name in ("HF_TOKEN", "HF_ENDPOINT", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("server", "downloader"):
        fake.has(f"localhost/muniment/{name}:1.2.3")
    fake.says("build*", "")
    fake.says("network create*", "")
    fake.says("network rm*", "")
    fake.says("run*", "")
    fake.says("rm --force*", err="Error: No such container", code=1)
    fake.says(_OPTIONS, '["name=apparmor","name=seccomp,profile=default"]\n')
    return fake


def fetched(store: Path) -> int:
    found = find_docker()
    tag = see_to_downloader(found, "1.2.3", lambda _: None)
    return fetch(found, tag, store, ["--quiet", "--", "acme/Reader"])


def line(docker: FakeDocker) -> str:
    (found,) = [call for call in docker.calls if call.startswith("run ")]
    return found


def test_it_runs_without_rights_and_sees_only_the_store(docker: FakeDocker, tmp_path: Path) -> None:
    assert fetched(tmp_path / "store") == 0
    told = line(docker)
    for right in (
        *("--rm ", "--init ", "--read-only ", "--cap-drop ALL ", "--security-opt no-new-privileges:true "),
        *("--network muniment-external ", "--pids-limit ", "--memory ", "--user "),
    ):
        assert right in told
    assert told.count("--mount") == 1
    assert f"source={tmp_path / 'store'},target=/models" in told
    assert not [word for word in ("--volume", "--privileged", "--publish", "docker.sock", "--env") if word in told]
    assert told.endswith(" localhost/muniment/downloader:1.2.3 --quiet -- acme/Reader")
    assert (tmp_path / "store").is_dir()


def test_its_network_is_there_for_as_long_as_it_runs(docker: FakeDocker, tmp_path: Path) -> None:
    fetched(tmp_path)
    calls = [call.split()[0:2] for call in docker.calls if call.startswith(("network", "run", "rm"))]
    assert calls == [["network", "ls"], ["network", "create"], ["run", "--rm"], ["rm", "--force"], ["network", "rm"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_ends_its_container_too(docker: FakeDocker, tmp_path: Path, number: signal.Signals) -> None:
    docker.says("image inspect*", "sha256:0123\n")
    docker.says("run*", hangs=True)
    command = [sys.executable, "-m", "muniment", "model", "pull", "acme/Reader", "--store", str(tmp_path / "store")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_signals) as process:  # noqa: PLW1509
        while process.poll() is None and not [call for call in docker.calls if call.startswith("run ")]:
            time.sleep(0.02)
        process.send_signal(number)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == ExitCode.INTERRUPTED
    assert told.splitlines()[-1] == "muniment: stopped. Run the same command again to go on."
    name = line(docker).partition(" --name ")[2].split()[0]
    assert docker.calls[-2:] == [f"rm --force {name}", "network rm muniment-external"]


def test_each_fetching_has_a_container_of_its_own(docker: FakeDocker, tmp_path: Path) -> None:
    for _ in range(2):
        fetched(tmp_path)
    names = [call.partition(" --name ")[2].split()[0] for call in docker.calls if call.startswith("run ")]
    assert len(set(names)) == 2
    assert all(name.startswith("muniment-pull-") for name in names)


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ('["name=seccomp,profile=default","name=cgroupns"]', "1000:1001"),
        ("[]", "1000:1001"),
        ("null", "1000:1001"),
        # Where Docker runs without root, that is root in containers.
        ('["name=seccomp,profile=builtin","name=rootless","name=cgroupns"]', "0:0"),
    ],
)
def test_it_runs_as_whom_the_store_belongs_to(
    docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, user: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 1001)
    docker.says(_OPTIONS, options)
    fetched(tmp_path)
    assert f" --user {user} " in line(docker)


def test_a_network_that_another_fetching_uses_is_left(docker: FakeDocker, tmp_path: Path) -> None:
    docker.says("network ls*", "muniment-external\n")
    docker.says("network rm*", err="network has active endpoints", code=1)
    assert fetched(tmp_path) == 0
    assert not [call for call in docker.calls if call.startswith("network create")]


def test_a_token_stands_on_no_command_line(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    fetched(tmp_path)
    assert "--env HF_ENDPOINT --env HF_TOKEN " in line(docker)
    assert "hf_secret" not in line(docker)


def test_its_exit_code_is_passed_on(docker: FakeDocker, tmp_path: Path) -> None:
    docker.says("run*", code=5)
    assert fetched(tmp_path) == 5
    assert docker.calls[-1] == "network rm muniment-external"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a b=c", "source={}/a b=c"),
        ("$HOME", "source={}/$HOME"),
        ("a,b", '"source={}/a,b"'),
        ('so "so"', '"source={}/so ""so"""'),
    ],
)
def test_a_store_of_any_name_is_mounted(docker: FakeDocker, tmp_path: Path, name: str, source: str) -> None:
    fetched(tmp_path / name)
    assert f" --mount type=bind,{source.format(tmp_path)},target=/models localhost/muniment/" in line(docker)


def test_a_store_that_cannot_be_made_is_said(docker: FakeDocker, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="--store"):
        fetched(tmp_path / "file" / "store")
    assert not [call for call in docker.calls if call.startswith("run")]


def test_that_docker_refuses_the_network_is_said(docker: FakeDocker, tmp_path: Path) -> None:
    docker.says("network create*", err="could not find an available, non-overlapping IPv4 address pool", code=1)
    with pytest.raises(DeployError, match="non-overlapping"):
        fetched(tmp_path)

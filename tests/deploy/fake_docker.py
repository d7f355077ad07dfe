"""Programs that say what a test tells them, in the place of docker and its like: for what the real ones do rarely."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

IMAGE = "sha256:" + "0123" * 16
"""What every image is, to Docker."""


class FakeProgram:
    """A program in ``folder`` that answers by its arguments, and keeps a list of what it was called with.

    The answer that was given last for a pattern counts. What nothing was said about fails with 99.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        self._log = folder / f".{name}.calls"
        self._answers: dict[str, str] = {}
        self._write()

    def says(self, arguments: str, out: str = "", *, err: str = "", code: int = 0, hangs: bool = False) -> None:
        """Answer to ``arguments``, which are joined by spaces; a "*" stands for anything."""
        pattern = "*".join(shlex.quote(part) if part else "" for part in arguments.split("*"))
        wait = "exec /bin/sleep 600\n" if hangs else ""
        self._answers.pop(pattern, None)
        self._answers[pattern] = f"{wait}printf %s {shlex.quote(out)}\nprintf %s {shlex.quote(err)} >&2\nexit {code}\n"
        self._write()

    @property
    def calls(self) -> list[str]:
        """What it was called with, one after the other."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def _write(self) -> None:
        cases = "".join(f"{pattern})\n{answer};;\n" for pattern, answer in reversed(self._answers.items()))
        self.path.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$*\" >>{shlex.quote(str(self._log))}\n"
            f'case "$*" in\n{cases}*)\nprintf \'nobody told me about %s\' "$*" >&2\nexit 99\n;;\nesac\n'
        )
        self.path.chmod(0o755)


class FakeDocker(FakeProgram):
    """A docker that is well: new, with the Compose plugin, and nothing on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "docker")
        self.says("version --format*", "28.3.3\n")
        self.says("compose version --short", "2.39.1\n")
        self.says("ps --all --quiet*", "")
        self.says("network ls*", "")
        self.says("volume ls*", "")
        self.says("image inspect*", "\n", err="Error: No such image", code=1)

    def runs(self, *containers: dict[str, Any], project: str = "deeds") -> None:
        """Have these containers, as :func:`inspected` gives them, and the deployment's networks."""
        label = f"label=com.docker.compose.project={project}"
        self.says(f"ps --all --quiet --no-trunc --filter {label}*", "".join(f"{one['Id']}\n" for one in containers))
        for one in containers:
            self.says(f"inspect {one['Id']}", json.dumps([one]))
        name = f"{project}_default"
        self.says(f"network ls --filter {label}*", f"{name}\n")
        self.says(f"network inspect {name}", json.dumps([{"Name": name, "Internal": False}]))

    def has(self, *images: str, label: str = "") -> None:
        """Have these images, built from what ``label`` says."""
        for image in images:
            self.says(f"image inspect*{image}", f"{IMAGE}\n")
            self.says(f"image inspect --format *muniment.sources*{image}", f"{label}\n")

    @property
    def actions(self) -> list[str]:
        """What it was called for beside its versions."""
        return [call for call in self.calls if not call.startswith(("version", "compose version"))]


def inspected(service: str = "gateway", **given: Any) -> dict[str, Any]:
    """As `docker inspect` of Engine 20.10 and 28 has it, but for what nobody looks at."""
    mode = given.get("mode", "deeds_default")
    return {
        "Id": given.get("id", f"id-of-{service}"),
        "Image": IMAGE,
        "RestartCount": given.get("restarts", 0),
        "State": {
            "Status": given.get("state", "running"),
            "ExitCode": given.get("code", 0),
            **({"Health": {"Status": given["health"], "FailingStreak": 0, "Log": []}} if "health" in given else {}),
        },
        "Config": {
            "Image": f"localhost/muniment/{service}:1.2.3",
            "Labels": {"com.docker.compose.project": "deeds", "com.docker.compose.service": service},
        },
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {
            "Ports": given.get("ports", {}),
            "Networks": {name: {} for name in given.get("networks", [mode])},
        },
    }


def all_well(port: int = 8001, engines: int = 1) -> list[dict[str, Any]]:
    """The containers of an airgap deployment that reads."""
    ports = {"8001/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    behind = ["server", *(f"engine-{number}" for number in range(1, engines + 1))]
    return [
        inspected("gateway", health="healthy", ports=ports),
        *(inspected(name, health="healthy", mode="none", networks=["none"]) for name in behind),
    ]


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole of PATH."""
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder

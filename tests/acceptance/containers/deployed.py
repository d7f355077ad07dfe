"""Deployments as users make them, on a real Docker Engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from muniment.deploy.images import ENGINE_CPU, GATEWAY, SERVER, VLLM_CPU
from muniment.seal.docker import find_docker
from tests.acceptance.serving import PATIENCE, free_port

_LABEL = "com.docker.compose.project"


@dataclass(frozen=True)
class Deployed:
    """A deployment that is up.

    Attributes:
        project: its name.
        url: its gateway.
    """

    machine: "Machine"
    project: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False, **options)

    def muniment(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command about this deployment."""
        return self.machine.muniment(arguments[0], "--name", self.project, *arguments[1:])

    def container(self, service: str) -> str:
        """A service's container's id."""
        told = self.machine.ask(
            *("ps", "-aq", "--no-trunc", "--filter", f"label={_LABEL}={self.project}"),
            *("--filter", f"label=com.docker.compose.service={service}"),
        )
        return told.strip()

    def inspected(self, service: str) -> dict[str, Any]:
        """What Docker says of a service's container."""
        found: dict[str, Any] = json.loads(self.machine.ask("inspect", self.container(service)))[0]
        return found

    def execute(self, service: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run something inside a container."""
        return self.machine.docker_run("exec", self.container(service), *command)


@dataclass(frozen=True)
class Machine:
    """This machine's Docker, and a folder for what deployments keep outside of containers.

    Attributes:
        docker: its path.
        base: the image that all of Muniment's are built on here.
    """

    docker: str
    base: str
    state: Path

    @property
    def store(self) -> Path:
        """The store of models."""
        return self.state / "models"

    @property
    def environment(self) -> dict[str, str]:
        """What commands and Compose see."""
        bases = {image.variable: self.base for image in (GATEWAY, SERVER, VLLM_CPU)}
        ours = {name: value for name, value in os.environ.items() if name != ENGINE_CPU.variable}
        return {**ours, **bases, "XDG_STATE_HOME": str(self.state), "MUNIMENT_MODELS": str(self.store)}

    def muniment(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command as users give it."""
        return self.run(sys.executable, "-m", "muniment", *arguments)

    def docker_run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of Docker's, however it ends."""
        return self.run(self.docker, *arguments)

    def ask(self, *arguments: str) -> str:
        """What Docker says."""
        done = self.docker_run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def compose(self) -> tuple[str, ...]:
        """What Compose is called by."""
        return find_docker().compose_command

    def run(self, *command: str, **others: str) -> "subprocess.CompletedProcess[str]":
        """Any command, in this environment and ``others``."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=4 * PATIENCE,
            env=self.environment | others,
        )

    @contextmanager
    def deployed(self, project: str, *options: str) -> Iterator[Deployed]:
        """A deployment that reads, with these options of ``muniment up``; erased at the end."""
        project = f"muniment-test-{project}"
        found = Deployed(self, project, free_port())
        try:
            up = found.muniment("up", "--port", str(found.port), *options)
            assert up.returncode == 0, up.stderr + found.muniment("logs").stdout
            yield found
        finally:
            down = found.muniment("down", "--erase")
        assert down.returncode == 0, down.stderr
        for kind in ("container", "volume", "network"):
            everything = ["--all"] if kind == "container" else []
            left = self.ask(kind, "ls", *everything, "--quiet", "--filter", f"label={_LABEL}={project}")
            assert left == "", f"a {kind} is left"

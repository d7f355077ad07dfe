"""A copy of a deployment, to be broken: its images, containers and rights, with a stand-in in each engine's place."""

import copy
import hashlib
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from muniment.deploy import frontdoor
from muniment.deploy.compose import document
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.hardening import literal
from muniment.deploy.settings import EnginePlan, Plan, Seal
from muniment.errors import DeployError, unwritable
from muniment.models import FileEntry, Manifest
from muniment.models.manifest import MANIFEST_NAME
from muniment.seal.containers import PROJECT_LABEL, containers_of
from muniment.seal.docker import Docker

Description = dict[str, Any]
"""A compose file, as YAML's types."""

WEIGHTS = "model.safetensors"
_FILES = {WEIGHTS: b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "config.json": b"{}\n"}
"""A model without any weights, which nobody loads."""
_READS_WITHIN, _LOOK_EVERY = 120.0, 0.3
_LABEL, _CHANGED = "muniment.selftest", "muniment.selftest.changed"
_SLEEPING = "import time; time.sleep(3600)"


@dataclass(frozen=True)
class Copy:
    """A copy that is up.

    Attributes:
        plan: the deployment's, but for its name, its port and its models' folders; without TLS and monitoring.
        described: its compose file, as it is when nothing is broken.
        place: a folder of this machine for what breaking it takes.
    """

    plan: Plan
    docker: Docker
    folder: DeploymentFolder
    described: Mapping[str, Any]

    @property
    def place(self) -> Path:
        return self.folder.path

    @property
    def engine(self) -> EnginePlan | None:
        """The engine that is broken; None if the server reads."""
        return next(iter(self.plan.engines), None)

    @property
    def reader(self) -> str:
        """The container that reads documents and is broken."""
        return self.engine.service if self.engine else "server"

    def container(self, service: str) -> str:
        """A service's container, by its id. Raises DeployError."""
        names = {"com.docker.compose.project": self.plan.project, "com.docker.compose.service": service}
        filters = [part for name, value in names.items() for part in ("--filter", f"label={name}={value}")]
        return self.docker.ask("ps", "--quiet", "--no-trunc", *filters).strip()

    def bring(self, change: Callable[[Description], None]) -> None:
        """Have it run with a changed description, and wait until it answers. Raises DeployError."""
        changed = copy.deepcopy(dict(self.described))
        change(changed)
        for name, service in changed["services"].items():
            if service != self.described["services"][name]:
                # Compose 1 takes no notice of some changes, like that of "pid", and leaves the container as it is.
                digest = hashlib.sha256(json.dumps(service, sort_keys=True).encode()).hexdigest()
                service["labels"] = {**service.get("labels", {}), _CHANGED: digest}
        self.folder.write(self.folder.compose.name, yaml.safe_dump(changed, sort_keys=False, width=10_000))
        self.docker.run_compose(self.plan.project, self.folder.compose, "up", "--detach", "--no-build")
        deadline = time.monotonic() + _READS_WITHIN
        while not self._answers():
            if time.monotonic() > deadline:
                raise DeployError(
                    f"The copy does not answer within {_READS_WITHIN:.0f} s", "See what keeps the machine busy."
                )
            time.sleep(_LOOK_EVERY)

    def keep(self) -> None:
        """Have what runs now count as what was planned. Raises DeployError, OutputError."""
        self.folder.save(self.plan)
        running = containers_of(self.docker, self.plan.project)
        self.folder.keep_images({container.service: container.image_id for container in running})

    def _answers(self) -> bool:
        """Whether it serves all of its models."""
        with suppress(OSError):
            told = frontdoor.ask(self.plan, "GET", "/v1/models").json
            return isinstance(told, dict) and len(told.get("data", ())) >= max(1, len(self.models))
        return False

    @property
    def models(self) -> frozenset[str]:
        """What its engines serve."""
        return frozenset(engine.model for engine in self.plan.engines)

    @contextmanager
    def beside(self, *options: str, program: str = _SLEEPING) -> Iterator[str]:
        """Another container, by its id, with these options of ``docker run``, while the block lasts.

        Args:
            program: what it runs, in Python.
        """
        image = self.docker.ask_json("inspect", self.container("server"))[0]["Image"]
        told = self.docker.ask(
            *("run", "--detach", "--label", f"{_LABEL}={self.plan.project}", "--read-only", "--cap-drop", "ALL"),
            *("--user", "65534:65534", "--memory", "256m", "--pids-limit", "16"),
            *("--security-opt", "no-new-privileges:true", *options),
            *("--entrypoint", "/opt/muniment/bin/python", image, "-c", program),
        ).strip()
        try:
            yield told
        finally:
            self.docker.ask("rm", "--force", told)


@contextmanager
def copied(plan: Plan, docker: Docker) -> Iterator[Copy]:
    """A copy of a deployment; it has not been brought up yet, and nothing is left of it at the end.

    Raises:
        DeployError: Docker refuses.
        OutputError: its files cannot be written.
    """
    folder = DeploymentFolder(f"muniment-selftest-{secrets.token_hex(3)}")
    changed = _changed(plan, folder)
    made = Copy(changed, docker, folder, _described(changed))
    try:
        folder.see_to_evidence()
        try:
            for engine in changed.engines:
                make_model(Path(engine.folder), engine.model)
        except OSError as error:
            raise unwritable(folder.path, error, "XDG_STATE_HOME") from None
        yield made
    finally:
        _remove(made)


def _remove(made: Copy) -> None:
    """Take all of it away, whatever of it cannot be. Raises DeployError, OutputError, for what was left."""
    docker, project = made.docker, made.plan.project
    ours = ("--filter", f"label={PROJECT_LABEL}={project}")
    with ExitStack() as steps:  # the last comes first
        steps.callback(made.folder.remove)
        steps.callback(_remove_all, docker, ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", project), "rmi")
        # Of faults that the compose file no longer names.
        steps.callback(_remove_all, docker, ("volume", "ls", "--quiet", *ours), "volume", "rm")
        steps.callback(_remove_all, docker, ("network", "ls", "--quiet", *ours), "network", "rm")
        if made.folder.compose.is_file():
            down = ("down", "--volumes", "--remove-orphans", "--timeout", "2")
            steps.callback(docker.run_compose, project, made.folder.compose, *down)
        beside = ("ps", "--all", "--quiet", "--filter", f"label={_LABEL}={project}")
        steps.callback(_remove_all, docker, beside, "rm", "--force")


def _remove_all(docker: Docker, listing: tuple[str, ...], *how: str) -> None:
    if found := docker.ask(*listing).split():
        docker.ask(*how, *found)


def _changed(plan: Plan, folder: DeploymentFolder) -> Plan:
    engines = tuple(
        replace(engine, folder=str(folder.path / "models" / engine.service), gpu=None) for engine in plan.engines
    )
    return replace(
        plan,
        project=folder.project,
        engines=engines,
        address="127.0.0.1",
        port=_free_port(),
        tls="",
        monitoring=False,
        seal=Seal.REPORT if plan.seal else None,  # without evidence, it would read nothing
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _described(plan: Plan) -> Description:
    made = document(plan)
    program = program_text("standin.py")
    for engine in plan.engines:
        made["services"][engine.service]["entrypoint"] = ["python3", "-c", literal(program)]
    for service in made["services"].values():
        service["stop_grace_period"] = "2s"
        service["restart"] = "no"  # should it be left behind, it is not to come back by itself
    return made


def program_text(name: str) -> str:
    """The text of one of the programs that run in containers."""
    return files("muniment.deploy.selftest").joinpath(name).read_text(encoding="utf-8")


def make_model(folder: Path, name: str) -> None:
    """A folder with a model of no weights, and its manifest. Raises OSError."""
    folder.mkdir(parents=True)
    for file, content in _FILES.items():
        (folder / file).write_bytes(content)
    entries = tuple(
        FileEntry(file, len(content), hashlib.sha256(content).hexdigest()) for file, content in sorted(_FILES.items())
    )
    known = name if "/" in name else f"muniment/{name}"
    (folder / MANIFEST_NAME).write_bytes(Manifest(known, None, entries).to_bytes())
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)  # engines are another user

"""Docker and Compose, as programs."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muniment.errors import DeployError

_ASK_WITHIN = 60.0
"""Seconds for what should be answered at once."""
_ACT_WITHIN = 600.0
_TELL_EVERY = 1.0
"""Seconds."""
_LAST_LINES = 12
_START_ANEW = "Start Docker anew: sudo systemctl restart docker."
_GO_ON = "Docker may be busy: see muniment status, and run the same command again to go on."
OLDEST_COMPOSE = (1, 29)

# What Docker says in small letters, from 20.10 to 29.
_NOT_RUNNING = (
    "cannot connect to the docker daemon",
    "failed to connect to the docker api",
    "couldn't connect to docker",
)
_NO_TOOLKIT = ('device driver "nvidia"', 'device driver "" with capabilities: [[gpu', "gpu vendor from cdi")

Meanwhile = Callable[[float], None]
"""Told every second for how many something has been under way."""


@dataclass(frozen=True, slots=True)
class Docker:
    """How Docker and Compose are called.

    Attributes:
        program: the path of ``docker``.
        compose_command: what Compose is called by: a plugin of docker's, or a program of its own; empty if nobody
            looked for it.
        engine: the Engine's version.
        compose: Compose's version.
    """

    program: str
    compose_command: tuple[str, ...]
    engine: str
    compose: str

    def ask(self, *arguments: str) -> str:
        """What ``docker`` with these arguments says. Raises DeployError."""
        return run((self.program, *arguments), within=_ASK_WITHIN)

    def ask_json(self, *arguments: str) -> Any:
        """The JSON that it says. Raises DeployError."""
        told = self.ask(*arguments)
        try:
            return json.loads(told)
        except ValueError:
            raise DeployError(f"docker {arguments[0]} answered with something that is no JSON") from None

    def build(
        self, *, root: Path, dockerfile: str, tag: str, arguments: Sequence[str], label: str, meanwhile: Meanwhile
    ) -> None:
        """Make an image, as long as that takes.

        Args:
            arguments: "NAME=value", or "NAME" for what the environment holds, which other users do not see.
            label: "name=value", for the image.
            meanwhile: told how long it has taken.

        Raises:
            DeployError: it cannot be made.
        """
        given = [part for argument in arguments for part in ("--build-arg", argument)]
        place = ("--file", str(root / dockerfile), "--label", label, *given, "--tag", tag, str(root))
        run((self.program, "build", "--quiet", *place), meanwhile=meanwhile)

    def pull(self, image: str, meanwhile: Meanwhile) -> None:
        """Fetch an image, as long as that takes; ``meanwhile`` is told how long it has. Raises DeployError."""
        run((self.program, "pull", "--quiet", image), meanwhile=meanwhile)

    def has_image(self, tag: str) -> bool:
        """Whether the image is on this machine. Raises DeployError."""
        try:
            self.ask("image", "inspect", "--format", "{{.Id}}", tag)
        except DeployError as error:
            if "no such image" in error.what.lower():
                return False
            raise
        return True

    def label_of(self, tag: str, name: str) -> str:
        """A label of an image that is on this machine; "" if it has none of this name. Raises DeployError."""
        return self.ask("image", "inspect", "--format", f'{{{{index .Config.Labels "{name}"}}}}', tag).strip()

    def compose_line(self, project: str, file: Path, *arguments: str) -> tuple[str, ...]:
        """The command line of Compose for a project."""
        return (*self.compose_command, "-p", project, "-f", str(file), *arguments)

    def run_compose(self, project: str, file: Path, *arguments: str) -> str:
        """Have Compose do something. Raises DeployError."""
        return run(self.compose_line(project, file, *arguments), within=_ACT_WITHIN, late=_GO_ON)


def find_docker() -> Docker:
    """The Docker of this machine, with Compose.

    Raises:
        DeployError: it or Compose is missing, too old, not running, or not for this user.
    """
    found = find_engine()
    command, compose = _find_compose(found.program)
    if version(compose) < OLDEST_COMPOSE:
        raise DeployError(f"Compose {compose} is too old", "Install Compose 1.29 or newer; the newest is best.")
    return replace(found, compose_command=command, compose=compose)


def find_engine() -> Docker:
    """The Docker of this machine, for what takes no Compose.

    Raises:
        DeployError: it is missing, not running, or not for this user.
    """
    program = shutil.which("docker")
    if program is None:
        raise DeployError(
            "Docker is not installed",
            "Install Docker Engine or Docker Desktop; without it, muniment serve reads with the embedded engine.",
        )
    engine = run((program, "version", "--format", "{{.Server.Version}}"), within=_ASK_WITHIN).strip()
    return Docker(program, (), engine, "")


def _find_compose(program: str) -> tuple[tuple[str, ...], str]:
    candidates: list[tuple[str, ...]] = [(program, "compose")]
    if alone := shutil.which("docker-compose"):
        candidates.append((alone,))
    for command in candidates:
        with suppress(DeployError):  # docker without the plugin refuses; one that hangs is as good as none
            told = run((*command, "version", "--short"), within=_ASK_WITHIN).strip()
            if version(told):
                return command, told.removeprefix("v")
    raise DeployError("Docker Compose is not installed", "Install the Compose plugin of Docker.")


def counting(step: str, tell: Callable[[str], None]) -> Meanwhile:
    """Tells a step with the seconds that it has taken before it: "3 s: Fetching …"."""
    return lambda seconds: tell(f"{seconds:.0f} s: {step}")


def version(text: str) -> tuple[int, ...]:
    """ "v20.10.24+dfsg1" as (20, 10, 24); empty if it is none."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in found.groups(default="0")) if found else ()


def run(
    command: Sequence[str],
    *,
    within: float | None = None,
    merged: bool = False,
    late: str = _START_ANEW,
    meanwhile: Meanwhile = lambda _: None,
) -> str:
    """What a program says on standard output; ``merged``, on standard error too. It has no standard input.

    Args:
        within: seconds.
        late: what to do when they have passed.
        meanwhile: told every second how many it has run.

    Raises:
        DeployError: it failed, with the last of what it said.
    """
    name = " ".join(Path(part).name if index == 0 else part for index, part in enumerate(command[:2]))
    try:
        code, out, err = _run(command, within, meanwhile)
    except subprocess.TimeoutExpired:
        raise DeployError(f"{name} did not answer within {within:g} s", late) from None
    except OSError as error:
        raise DeployError(f"{name} cannot be run: {error.strerror}") from None
    if code:
        raise _failure(name, err or out)
    return out + err if merged else out


def _run(command: Sequence[str], within: float | None, meanwhile: Meanwhile) -> tuple[int, str, str]:
    """Its code, and what it says. Raises OSError, and TimeoutExpired after ``within`` seconds."""
    with subprocess.Popen(  # noqa: S603
        list(command),
        stdin=subprocess.DEVNULL,  # nobody would see what it asks
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            out, err = _heard(process, within, meanwhile)
        except BaseException:
            process.kill()
            raise
    return process.returncode, out, err


def _heard(process: subprocess.Popen[str], within: float | None, meanwhile: Meanwhile) -> tuple[str, str]:
    began = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=min(_TELL_EVERY, within or _TELL_EVERY))
        except subprocess.TimeoutExpired:
            passed = time.monotonic() - began
            if within is not None and passed >= within:
                raise
        meanwhile(passed)


def _failure(name: str, told: str) -> DeployError:
    lowered = told.lower()
    if "permission denied" in lowered and ("docker.sock" in lowered or "daemon socket" in lowered):
        return DeployError(
            "Docker does not let you in", "Run this as a user who may use Docker, or see Docker's post-installation."
        )
    if any(sign in lowered for sign in _NOT_RUNNING):
        return DeployError("Docker is not running", "Start Docker Desktop, or: sudo systemctl start docker.")
    if "port is already allocated" in lowered or "address already in use" in lowered:
        return DeployError("The port is taken", "Stop what uses it, or choose another with --port.")
    if any(sign in lowered for sign in _NO_TOOLKIT):
        return DeployError(
            "Docker cannot give containers the GPU", "Install the NVIDIA Container Toolkit; muniment doctor tells more."
        )
    if "no space left on device" in lowered:
        return DeployError("No space is left for Docker's images and volumes", "Make room: docker system df shows it.")
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return DeployError(f"{name} failed: {' / '.join(lines[-_LAST_LINES:]) or 'it does not say why'}")

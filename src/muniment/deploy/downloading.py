"""Fetching a model in a container of its own: the only one with a way out, for as long as that takes."""

import csv
import io
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from muniment.deploy.building import see_to_image
from muniment.deploy.images import DOWNLOADER, SERVER
from muniment.errors import DeployError, unwritable
from muniment.seal.docker import Docker

_PASSED_ON = ("HF_ENDPOINT", "HF_TOKEN")
_NETWORK = "muniment-external"
"""There while something is fetched."""


def see_to_downloader(docker: Docker, version: str, tell: Callable[[str], None]) -> str:
    """See that the image which fetches is there; its tag. Raises DeployError."""
    see_to_image(docker, SERVER, version, tell)  # what it is built on
    return see_to_image(docker, DOWNLOADER, version, tell)


def fetch(docker: Docker, tag: str, store: Path, arguments: list[str]) -> int:
    """Run ``muniment model pull`` with these arguments in a container that sees the store and nothing else.

    What it says goes to this process's own output.

    Returns:
        Its exit code.

    Raises:
        DeployError: Docker refuses.
        OutputError: the store cannot be made.
    """
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(store, error, "--store") from None
    name = f"muniment-pull-{secrets.token_hex(4)}"
    line = [*_line(docker, name, store), tag, *arguments]
    if _NETWORK not in docker.ask("network", "ls", "--format", "{{.Name}}").split():
        docker.ask("network", "create", _NETWORK)
    try:
        return subprocess.run(line, check=False).returncode  # noqa: S603
    finally:
        with suppress(DeployError):  # it is gone, unless this process was told to end, which ends docker alone
            docker.ask("rm", "--force", name)
        with suppress(DeployError):  # another pull uses it
            docker.ask("network", "rm", _NETWORK)


def _line(docker: Docker, name: str, store: Path) -> list[str]:
    """How docker is called, up to the image."""
    passed = [part for name in _PASSED_ON if os.environ.get(name) for part in ("--env", name)]
    return [
        *(docker.program, "run", "--rm", "--name", name, "--init", "--network", _NETWORK),
        *(["--tty"] if sys.stderr.isatty() else []),
        *_user(docker),
        *("--read-only", "--tmpfs", "/tmp:size=64m,mode=1777"),  # noqa: S108 - in the container
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--pids-limit", "128", "--memory", "2g"),
        *passed,
        *("--mount", _mount(store)),
    ]


def _user(docker: Docker) -> list[str]:
    """Has the container run as whom the store belongs to."""
    if not hasattr(os, "getuid"):
        return []
    # Where Docker runs without root, its user is root in containers, and every other number there is somebody else.
    is_rootless = "name=rootless" in (docker.ask_json("info", "--format", "{{json .SecurityOptions}}") or ())
    return ["--user", "0:0" if is_rootless else f"{os.getuid()}:{os.getgid()}"]


def _mount(store: Path) -> str:
    """As Docker reads it: a line of CSV, in which a comma and a quotation mark mean something."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(["type=bind", f"source={store.resolve()}", "target=/models"])
    return line.getvalue()

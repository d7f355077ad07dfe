"""A deployment's own folder on this machine: its plan, its compose file, its certificate."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from muniment.deploy.compose import compose_file
from muniment.deploy.places import EVIDENCE_FOLDER
from muniment.deploy.settings import Plan
from muniment.errors import DeployError, OutputError, UsageError, unwritable
from muniment.seal.evidence.keys import signing_key

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PLAN = TypeAdapter(Plan)
_IMAGES = TypeAdapter(dict[str, Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]])


class DeploymentFolder:
    """Where a deployment is kept between commands: for its owner only, since the plan tells what is served where.

    Raises:
        UsageError: the name cannot be one.
        OutputError: nothing says where it is.
    """

    def __init__(self, project: str) -> None:
        if not _NAME.fullmatch(project):
            raise UsageError(
                f'"{project}" cannot be a deployment\'s name', "Use small letters, digits, - and _, 40 at most."
            )
        self.project = project
        self.path = _state() / "deployments" / project

    @property
    def compose(self) -> Path:
        """The compose file."""
        return self.path / "compose.yaml"

    @property
    def tls(self) -> Path:
        """The folder of a certificate made for it."""
        return self.path / "tls"

    @property
    def evidence(self) -> Path:
        """The folder of a verifier's reports, of which the server gets to see the newest."""
        return self.path / EVIDENCE_FOLDER

    def load(self) -> Plan:
        """The plan that was last brought up. Raises DeployError if there is none, or another version wrote it."""
        plan = self.path / "plan.json"
        try:
            return _PLAN.validate_json(self._read(plan))
        except ValidationError:
            raise DeployError(f"{plan} is not a plan of this version of Muniment", "Bring it up anew.") from None

    def check(self) -> None:
        """See that there is a compose file, whichever version wrote it. Raises DeployError."""
        self._read(self.compose)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise self._absent() from None
        except OSError as error:
            raise DeployError(f"{path} cannot be read: {error.strerror}") from None

    def _absent(self) -> DeployError:
        if self.compose.is_file():
            return DeployError(
                f'"{self.project}" never came up: its first start broke off',
                "Run muniment up again, or end what was started with muniment down.",
            )
        others = sorted(path.parent.name for path in self.path.parent.glob(f"*/{self.compose.name}"))
        hint = f"Choose with --name: {', '.join(others)}." if others else "Bring one up first: muniment up."
        return DeployError(f'There is no deployment named "{self.project}"', hint)

    @contextmanager
    def trying(self, plan: Plan) -> Iterator[None]:
        """Have a plan's compose file in place; if what is tried with it fails, the one before is in place again.

        The first one stays even so: by it, what was started can be taken down.

        Raises:
            OutputError: it cannot be written.
        """
        self.make()
        before = self.compose.read_text(encoding="utf-8", errors="replace") if self.compose.is_file() else None
        self.write(self.compose.name, self.compose_text(plan))
        try:
            yield
        except BaseException:
            if before is not None:
                self.write(self.compose.name, before)
            raise

    def save(self, plan: Plan) -> None:
        """Keep a plan and its compose file. Raises OutputError."""
        self.make()
        self.write(self.compose.name, self.compose_text(plan))
        self.write("plan.json", json.dumps(_PLAN.dump_python(plan, mode="json"), indent=2) + "\n")

    @staticmethod
    def compose_text(plan: Plan) -> str:
        """The compose file that is written for a plan. It is without variables, and holds no secrets."""
        return _HEAD + compose_file(plan)

    def keep_images(self, images: Mapping[str, str]) -> None:
        """Keep which images a deployment was brought up with, by service: their ids. Raises OutputError."""
        self.write("images.json", json.dumps(dict(images), indent=2) + "\n")

    def images(self) -> dict[str, str]:
        """What was kept of them; nothing if nothing was, or not all of it is what can have been kept."""
        with suppress(DeployError, ValidationError):
            return _IMAGES.validate_json(self._read(self.path / "images.json"))
        return {}

    def make(self) -> None:
        """See that it is there, and its owner's alone. Raises OutputError."""
        try:
            for folder in (self.path.parent.parent, self.path.parent, self.path):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as error:
            raise unwritable(self.path, error, "XDG_STATE_HOME") from None

    def see_to_evidence(self) -> None:
        """See that there are a key to sign reports with and a folder for them, which the server's container can read.

        Raises:
            EvidenceError: the key is damaged, or others can read it.
            OutputError: they cannot be made.
        """
        self.make()
        signing_key(self.path)
        try:
            self.evidence.mkdir(exist_ok=True)
            self.evidence.chmod(0o755)  # as a mount, the folder around it, which is its owner's alone, keeps nobody out
        except OSError as error:
            raise unwritable(self.evidence, error, "XDG_STATE_HOME") from None

    def write(self, name: str, text: str) -> None:
        """Put a file into its place at once. Raises OutputError."""
        path = self.path / name
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.chmod(0o600)
            partial.replace(path)
        except OSError as error:
            raise unwritable(path, error, "XDG_STATE_HOME") from None

    def remove(self) -> None:
        """Forget it. Raises OutputError."""
        try:
            shutil.rmtree(self.path)  # it follows no links
        except FileNotFoundError:
            return
        except OSError as error:
            raise unwritable(self.path, error, "XDG_STATE_HOME") from None


_HEAD = "# Written by `muniment up`, which writes it anew each time.\n"


def _state() -> Path:
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if base.is_absolute():  # the XDG specification has relative ones ignored
        return base / "muniment"
    try:
        return Path.home() / ".local" / "state" / "muniment"
    except RuntimeError:
        raise OutputError(
            "There is no folder for deployments: this user has no home", "Choose one with XDG_STATE_HOME."
        ) from None

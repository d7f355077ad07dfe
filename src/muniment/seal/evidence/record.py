"""What a verifier found of a deployment. What it could not learn is absent, and told as such in ``unknown``."""

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from muniment._version import __version__
from muniment.seal.claims import Finding, Verdict, worst


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() != timedelta(0):
        raise ValueError("not in UTC")
    return moment


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""In hexadecimal digits, without "sha256:" before them."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_Name = Annotated[str, Field(min_length=1)]
_Count = Annotated[int, Field(ge=0)]


class Strict(BaseModel):
    """What never changes, takes nothing it does not know, and turns no type into another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Verifier(Strict):
    """What looked.

    Attributes:
        version: Muniment's.
        digest: of its Python files; see :func:`this_verifier`.
    """

    version: _Name
    digest: Sha256


class Machine(Strict):
    """What the deployment runs on; None where it could not be told.

    Attributes:
        name: the machine's own.
        kernel: its release.
        engine: the container engine's version.
        gpu_driver: the version; None also where there is no GPU.
    """

    name: str | None = None
    kernel: str | None = None
    engine: str | None = None
    gpu_driver: str | None = None


class Image(Strict):
    """What a service runs.

    Attributes:
        name: as the compose file has it.
        running: the identifier of the image that the container was made of.
        pinned: what the deployment says that it must be; None if it says nothing.
    """

    service: _Name
    name: _Name
    running: Sha256
    pinned: Sha256 | None = None


class Composition(Strict):
    """How the deployment was asked for.

    Attributes:
        sha256: of the compose file.
        effective: what Compose makes of it and of its variables, as text. Reports are handed out: no secrets in it. ""
            if it is not known to be free of them.
    """

    sha256: Sha256
    effective: str


class Network(Strict):
    """A network that services are on.

    Attributes:
        internal: whether the engine gives it no way out.
        gateway_modes: the address that the machine has on it, as the engine has it: ("ipv4", "isolated"); none if the
            engine tells none.
        services: those that are on it.
    """

    name: _Name
    internal: bool
    gateway_modes: tuple[tuple[Literal["ipv4", "ipv6"], _Name], ...] = ()
    services: tuple[_Name, ...] = ()


class Socket(Strict):
    """Something that listens.

    Attributes:
        subject: the service in whose namespace it does.
        address: where, like "0.0.0.0:8001" or "/run/server/api.sock".
    """

    subject: _Name
    protocol: Literal["tcp", "udp", "unix"]
    address: _Name


class Setting(Strict):
    """A setting of telemetry or of working offline, as a running process really has it.

    Attributes:
        subject: the service.
        name: the variable.
        value: None if the process has none of that name.
    """

    subject: _Name
    name: _Name
    value: str | None


class Advisories(Strict):
    """What is publicly known against the container engine.

    Attributes:
        engine: the version that was looked up.
        as_of: the day that the list is from.
        known: what it says of that version; none if it says nothing.
    """

    engine: _Name
    as_of: date
    known: tuple[_Name, ...]


class ModelFile(Strict):
    """A file of a model.

    Attributes:
        size: bytes.
        sha256: what the manifest says.
        found: the SHA-256 of what lies there; None if it was not read this time.
    """

    name: _Name
    size: _Count
    sha256: Sha256
    found: Sha256 | None


class ModelRecord(Strict):
    """A model that is served.

    Attributes:
        manifest: the SHA-256 of its manifest.
    """

    name: _Name
    manifest: Sha256
    files: tuple[ModelFile, ...]


class Canary(Strict):
    """The page with a known text that every model reads again and again.

    Attributes:
        model: the one that read it.
        read: whether it read it as it should.
        seen: what stands against it; "" if nothing does.
    """

    model: _Name
    read: bool
    seen: str = ""


class Unknown(Strict):
    """What the verifier could not learn, and why."""

    what: _Name
    why: _Name


class Evidence(Strict):
    """All that was found.

    Attributes:
        nonce: 32 random bytes in hexadecimal digits, made by the verifier, so that no two reports are alike.
        begun: when the verifier began to look; nothing in here is older.
        ended: when it had looked.
        deployment: its name.
        findings: of every claim, also of those that nobody could look at.
        unknown: what is absent here, and what else the verifier could not learn.
    """

    nonce: Sha256
    begun: Moment
    ended: Moment
    deployment: _Name
    verifier: Verifier
    machine: Machine
    findings: tuple[Finding, ...]
    images: tuple[Image, ...] = ()
    composition: Composition | None = None
    networks: tuple[Network, ...] = ()
    sockets: tuple[Socket, ...] = ()
    settings: tuple[Setting, ...] = ()
    advisories: Advisories | None = None
    models: tuple[ModelRecord, ...] = ()
    canary: tuple[Canary, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings'."""
        return worst(finding.verdict for finding in self.findings)


def this_verifier() -> Verifier:
    """The version of Muniment that runs, and the digest of its Python files.

    That is in-toto's ``dirHash``, which a shell gives too, in the folder ``muniment``::

        find . -name '*.py' -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum
    """
    package = Path(__file__).parents[2]
    names = sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py"))
    lines = [f"{hashlib.sha256((package / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    return Verifier(version=__version__, digest=hashlib.sha256("".join(lines).encode()).hexdigest())

"""How the service is run."""

from dataclasses import dataclass, field
from pathlib import Path

from muniment.reading import ReadOptions
from muniment.seal.evidence.keys import Trust
from muniment.server.caps import Caps

DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSettings:
    """What is claimed of the seal, and what comes of it.

    Attributes:
        is_enforced: documents are refused unless it holds.
        evidence: the folder in which the newest report of a verifier lies.
        trust: whose reports are believed.
        deployment: whose name they have to bear.
        airgap: the service has no network, which it sees for itself.
    """

    is_enforced: bool
    evidence: Path
    trust: Trust
    deployment: str
    airgap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """How the service is run; the defaults are the command line's.

    Attributes:
        options: the engines, and how pages are read.
        data: the folder for keys, jobs and the audit.
        host, port: where it listens, unless ``socket`` is given.
        socket: the Unix socket that it listens on instead.
        names: by which it may be called while no key was made, beside localhost; in small letters, without ports.
        caps: what a request may ask for at most.
        lifetime: seconds after which the content of a finished job, and an uploaded file, is erased; a job that waits
            for so long without a page that is read, in one run of the service, ends.
        most_waiting: pages that may wait for a model; more are turned away.
        most_unfinished: documents of one key that may wait or be read; more are turned away.
        most_kept: bytes of one key's documents and files that may be kept.
        reserve: bytes of the data folder's disk that uploads leave free.
        memory: bytes that request bodies may take together, and as many again the pictures in answers.
        seal: None where nothing is claimed of a seal.
    """

    options: ReadOptions
    data: Path
    host: str = "127.0.0.1"
    port: int = 8001
    socket: Path | None = None
    names: frozenset[str] = frozenset()
    caps: Caps = field(default_factory=Caps)
    lifetime: float = DAY
    most_waiting: int = 1_000
    most_unfinished: int = 256
    most_kept: int = 16 << 30
    reserve: int = 1 << 30
    memory: int = 768 << 20
    seal: SealSettings | None = None

"""What a deployment is made of."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

_KNOWN_FIELDS_ONLY = {"extra": "forbid"}
"""For pydantic, which reads plans: of a field that is not known, nobody knows what is lost without it."""


class Topology(StrEnum):
    """How the containers reach each other."""

    AIRGAP = "airgap"
    """Server and engines have no network; Unix sockets in shared volumes join them."""

    INTERNAL = "internal"
    """Server and engines are on a network without a way out, and speak TCP."""


class EngineKind(StrEnum):
    """What reads."""

    VLLM = "vllm"
    """vLLM on an NVIDIA GPU."""

    VLLM_CPU = "vllm-cpu"
    """vLLM on the processor: slow, to see the whole of it work."""

    EMBEDDED = "embedded"
    """The engine inside the server, which needs no GPU and no model from the store."""


class Seal(StrEnum):
    """What comes of the seal's verdict."""

    REPORT = "report"
    """It is told."""

    ENFORCE = "enforce"
    """Documents are refused unless it holds, too."""


class Preset(StrEnum):
    """What an engine is tuned for."""

    FAST = "fast"
    """As many pages at once as the GPU's memory holds, with CUDA graphs."""

    ORIGINAL = "original"
    """The first deployment's: 15,000 tokens, 5 pages at once, eager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSize:
    """How much an engine takes on.

    Attributes:
        context: tokens that a page and its answer may have together; 0 for what the model was made for.
        sequences: pages read at once, at most.
        memory_share: of its GPU's memory, from 0 to 1; 0 without a GPU.
        eager: without CUDA graphs and compilation: it starts sooner and reads slower.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _KNOWN_FIELDS_ONLY

    context: int
    sequences: int
    memory_share: float
    eager: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlan:
    """One engine's container.

    Attributes:
        service: its name among the containers, like "engine-1".
        model: the name that clients call its model by.
        folder: the model's folder on this machine.
        weights: bytes of the model.
        gpu: the GPU's number; None without one.
        size: how much it takes on.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _KNOWN_FIELDS_ONLY

    service: str
    model: str
    folder: str
    weights: int
    gpu: int | None
    size: EngineSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole deployment.

    Attributes:
        project: its name; containers, volumes and networks begin with it.
        version: the version of Muniment whose images it runs.
        kind: what reads.
        topology: how the containers reach each other.
        engines: the engines' containers; none if the engine is embedded.
        profile: how models are asked: a profile's name, or its path in the server's image.
        address, port: where the gateway listens on this machine.
        tls: the folder with the gateway's certificate.pem and key.pem; "" without TLS.
        lifetime: hours for which finished documents are kept.
        monitoring: whether Prometheus and Grafana stand beside it.
        seal: what the server makes of the evidence that it is handed; None where it is handed none.
        isolated_gateway: whether internal networks leave out this machine's address, which needs Docker Engine 28.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _KNOWN_FIELDS_ONLY

    project: str
    version: str
    kind: EngineKind
    topology: Topology
    engines: tuple[EnginePlan, ...]
    profile: str
    address: str
    port: int
    tls: str
    lifetime: float
    monitoring: bool = False
    seal: Seal | None = Seal.REPORT
    isolated_gateway: bool = False

    @property
    def url(self) -> str:
        """Where the gateway is reached from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address, self.address)  # noqa: S104 - it is read
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{shown}:{self.port}"

    @property
    def services(self) -> tuple[str, ...]:
        """The containers that should run, from the front to the back."""
        watching = ("prometheus", "grafana") if self.monitoring else ()
        return ("gateway", "server", *(engine.service for engine in self.engines), *watching)

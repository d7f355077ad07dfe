"""From what a user asks for to a plan, with this machine's models and GPUs."""

import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path

from muniment.deploy.advisories import Version, isolates
from muniment.deploy.building import source_root
from muniment.deploy.gpus import Gpu
from muniment.deploy.places import PROFILES
from muniment.deploy.settings import EngineKind, EnginePlan, EngineSize, Plan, Preset, Seal, Topology
from muniment.deploy.sizing import ModelShape, shape_of, size_for, size_without_gpu
from muniment.errors import DeployError, UsageError
from muniment.models import Store
from muniment.models.manifest import MANIFEST_NAME

DEFAULT_MODEL = "nanonets/Nanonets-OCR2-3B"
TINY = "tiny"
"""The demonstration's model; in the store it stands under :data:`TINY_NAME`."""
TINY_NAME = "muniment/tiny"
TINY_FOLDER = "readingmodel/checkpoint"
"""Where it lies in the repository."""
_DEFAULT_PROFILE = "nanonets-ocr2"
_TINY_PROFILE = f"{PROFILES}/reading-pages.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a user asks for; None stands for what suits the machine.

    Attributes:
        project: the deployment's name.
        kind, topology, preset: see their types.
        models: names in the store, or "name=path" with the path of a folder that has a manifest.
        replicas: engines for each model.
        gpu_memory: bytes of a GPU that an engine may take.
        context, concurrency: tokens, and pages at once.
        profile: how models are asked.
        address, port: where the gateway listens.
        tls: whether it speaks TLS; None for TLS wherever other machines reach it.
        lifetime: hours for which finished documents are kept.
        monitoring: whether Prometheus and Grafana stand beside it.
        seal: what comes of the seal's verdict.
    """

    project: str
    kind: EngineKind
    topology: Topology = Topology.AIRGAP
    preset: Preset = Preset.FAST
    models: tuple[str, ...] = ()
    replicas: int = 1
    gpu_memory: int | None = None
    context: int | None = None
    concurrency: int | None = None
    profile: str | None = None
    address: str = "127.0.0.1"
    port: int = 8001
    tls: bool | None = None
    lifetime: float = 24.0
    monitoring: bool = False
    seal: Seal = Seal.REPORT

    @property
    def is_exposed(self) -> bool:
        """Whether other machines may reach the gateway."""
        return not ipaddress.ip_address(self.address).is_loopback

    @property
    def with_tls(self) -> bool:
        """Whether the gateway speaks TLS."""
        return self.is_exposed if self.tls is None else self.tls


@dataclass(frozen=True, slots=True)
class _Served:
    name: str
    folder: Path
    shape: ModelShape


def make_plan(
    order: Order, store: Store, gpus: tuple[Gpu, ...], *, version: str, tls: Path, docker: Version = ()
) -> Plan:
    """What is to be run.

    Args:
        tls: the folder that holds the gateway's certificate, or will.
        docker: the version of Docker's Engine; empty if it is not known.

    Raises:
        UsageError: the order contradicts itself.
        DeployError: there is no GPU, or a model is not there.
        EngineError: a model does not fit.
    """
    _check(order)
    models = [_served(name, store) for name in _names(order)]
    return Plan(
        project=order.project,
        version=version,
        kind=order.kind,
        topology=order.topology,
        engines=_engines(order, models, gpus),
        profile=order.profile or _profile(order),
        address=order.address,
        port=order.port,
        tls=str(tls) if order.with_tls else "",
        lifetime=order.lifetime,
        monitoring=order.monitoring,
        seal=order.seal,
        isolated_gateway=isolates(docker),
    )


def _check(order: Order) -> None:
    if "%" in order.address:
        raise UsageError(
            f"Docker publishes nothing at {order.address}, which is an address of one link",
            "Use one without a zone, or :: for all.",
        )
    if order.kind is EngineKind.EMBEDDED and (order.models or order.replicas > 1):
        raise UsageError("The embedded engine takes no model and no replicas", "Leave them out.")
    if order.kind is EngineKind.EMBEDDED and (order.context or order.concurrency or order.profile):
        raise UsageError("--context, --concurrency and --profile are for engines with a model", "Leave them out.")
    if order.kind is not EngineKind.VLLM and (order.gpu_memory or order.preset is not Preset.FAST):
        raise UsageError("--gpu-memory and --preset are for an engine on a GPU", "Leave them out.")
    served = [given.partition("=")[0] for given in _names(order)]
    if len(set(served)) < len(served):
        raise UsageError("A model is named twice", "Use --replicas for more engines of one model.")


def _names(order: Order) -> tuple[str, ...]:
    if order.models or order.kind is EngineKind.EMBEDDED:
        return order.models
    return (DEFAULT_MODEL,) if order.kind is EngineKind.VLLM else (TINY,)


def wants_tiny(order: Order) -> bool:
    """Whether the demonstration's model is asked for by its short name."""
    return TINY in _names(order)


def _profile(order: Order) -> str:
    return _TINY_PROFILE if set(_names(order)) <= {TINY, TINY_NAME} else _DEFAULT_PROFILE


def _served(given: str, store: Store) -> _Served:
    name, equals, path = given.partition("=")
    if not equals:
        return _stored(name, store)
    try:
        folder = Path(path).expanduser().absolute()
    except RuntimeError:  # somebody's home who is not there
        path = ""
    if not name or name.startswith("-") or not name.isprintable() or not path:
        raise UsageError(f'"{given}" is not of the form name=path', "Write --model deeds=/srv/models/deeds.")
    if not folder.is_dir():
        raise DeployError(f"{folder} is no folder", "Check the path.")
    if not (folder / MANIFEST_NAME).is_file():
        raise DeployError(
            f"{folder} has no manifest, and an engine starts on nothing that cannot be verified",
            f"Take it into the store: muniment model import {folder} --name OWNER/NAME; then write --model OWNER/NAME.",
        )
    return _served_from(name, folder)


def _stored(name: str, store: Store) -> _Served:
    if name == TINY and TINY_NAME not in store.names() and (root := source_root()):
        # Before anything is brought up it still lies in the repository.
        return replace(_served_from(name, root / TINY_FOLDER), folder=(store.root / TINY_NAME).absolute())
    return _served_from(name, store.find(TINY_NAME if name == TINY else name).path.absolute())


def _served_from(name: str, folder: Path) -> _Served:
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise DeployError(f"Docker cannot be told of {folder}, whose name is no text", "Move it to another.") from None
    return _Served(name, folder, shape_of(folder))


def _engines(order: Order, models: list[_Served], gpus: tuple[Gpu, ...]) -> tuple[EnginePlan, ...]:
    wanted = [model for model in models for _ in range(order.replicas)]
    if wanted and order.kind is EngineKind.VLLM and not gpus:
        raise DeployError(
            "No NVIDIA GPU was found",
            "Read with --engine embedded, see the whole of it work with --engine vllm-cpu --model tiny, or see "
            "muniment doctor.",
        )
    placed = [gpus[index % len(gpus)] if order.kind is EngineKind.VLLM else None for index in range(len(wanted))]
    return tuple(
        EnginePlan(
            service=f"engine-{index}",
            model=model.name,
            folder=str(model.folder),
            weights=model.shape.weights,
            gpu=gpu.number if gpu else None,
            size=_size(order, model, gpu, placed.count(gpu)),
        )
        for index, (model, gpu) in enumerate(zip(wanted, placed, strict=True), start=1)
    )


def _size(order: Order, model: _Served, gpu: Gpu | None, engines: int) -> EngineSize:
    if gpu is None:
        return size_without_gpu(order.context, order.concurrency)
    return size_for(
        model.shape,
        gpu.memory,
        preset=order.preset,
        limit=order.gpu_memory,
        context=order.context,
        concurrency=order.concurrency,
        engines=engines,
    )

"""Whether this machine can run a deployment, and what to do where it cannot."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from muniment.deploy.advisories import holes_in, isolates
from muniment.deploy.compose import document
from muniment.deploy.deployment import Deployment, port_problem
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.gpus import Gpu, find_gpus
from muniment.deploy.planning import Order, make_plan
from muniment.deploy.settings import EngineKind, EnginePlan, Plan, Topology
from muniment.errors import MunimentError
from muniment.models import Store
from muniment.seal.docker import Docker, find_docker, version

_GIBI = 1 << 30
_DISK = {EngineKind.VLLM: 40 * _GIBI, EngineKind.VLLM_CPU: 10 * _GIBI, EngineKind.EMBEDDED: 5 * _GIBI}
"""Bytes for images and documents; the model comes on top where the store is on the same disk."""
_OLDEST_DRIVER = (580,)
"""NVIDIA's driver for CUDA 13, which the pinned vLLM is built for."""


class Grade(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It runs, but."""
    PROBLEM = "problem"
    """It does not run like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it ("" if nothing)."""

    grade: Grade
    what: str
    found: str
    remedy: str = ""


def _memory_here() -> int:
    """Bytes of this machine's memory. Raises OSError where the system does not tell, as on Windows."""
    if not hasattr(os, "sysconf"):
        raise OSError
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the doctor looks at, so that a test can show it another."""

    docker: Callable[[], Docker] = find_docker
    gpus: Callable[[], tuple[Gpu, ...]] = find_gpus
    memory: Callable[[], int] = _memory_here
    port: Callable[[str, int], str] = port_problem


def examine(order: Order, store: Store, *, holds_port: bool, machine: Machine | None = None) -> tuple[Finding, ...]:
    """Look at everything that a deployment as ordered needs.

    Args:
        holds_port: its gateway runs and so has its port already.
    """
    looked = machine or Machine()
    on_gpu = order.kind is EngineKind.VLLM
    gpus = looked.gpus() if on_gpu else ()
    plan = _planned(order, store, gpus)
    return (
        *_checked("Docker", lambda: _docker(looked.docker(), order)),
        *_checked("memory", lambda: [_memory(plan, looked.memory())]),
        *(_gpus(gpus, plan, lambda: _own_shares(order, looked)) if on_gpu else ()),
        *_checked("model", lambda: [_model(order, store, gpus)]),
        *_checked("port", lambda: [_port(order, looked, holds_port=holds_port)]),
    )


def _planned(order: Order, store: Store, gpus: tuple[Gpu, ...]) -> Plan | None:
    """None if nothing can be planned; why, is told of the model."""
    with suppress(MunimentError, OSError, ValueError):
        return make_plan(order, store, gpus, version="", tls=Path())
    return None


def _checked(what: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check finds. One that fails is a finding itself, so that it hides none of the others."""
    try:
        yield from check()
    except MunimentError as error:
        yield Finding(Grade.PROBLEM, what, error.what, error.hint)
    except (OSError, ValueError) as error:
        yield Finding(Grade.WARNING, what, f"it could not be looked at ({type(error).__name__})")


def _docker(docker: Docker, order: Order) -> Iterator[Finding]:
    yield from _engine(docker, order)
    yield from _disk(docker, order)
    if order.kind is EngineKind.VLLM:
        yield from _checked("container toolkit", lambda: [_toolkit(docker)])


def _engine(docker: Docker, order: Order) -> Iterator[Finding]:
    engine = version(docker.engine)
    holes = holes_in(engine) if engine else ()
    shown = f"Engine {docker.engine}, Compose {docker.compose}"
    if not engine:
        yield Finding(Grade.WARNING, "Docker", shown, "What is known against an Engine of this version cannot be told.")
    elif not holes:
        yield Finding(Grade.OK, "Docker", shown)
    else:
        beside = (
            "" if order.topology is Topology.INTERNAL else " In the airgap it concerns the gateway's network alone."
        )
        yield Finding(
            Grade.WARNING, "Docker", f"{shown}; {'; '.join(holes)}", f"Install Docker Engine 28.3.3 or newer.{beside}"
        )
    if order.topology is Topology.INTERNAL and not isolates(engine):
        yield Finding(
            Grade.WARNING,
            "internal network",
            "an Engine before 28 cannot keep containers on an internal network from this machine's services",
            "Install a newer Engine, or use --topology airgap.",
        )


def _toolkit(docker: Docker) -> Finding:
    told = docker.ask_json("info", "--format", "{{json .}}")
    known = told if isinstance(told, dict) else {}
    devices = [str(device.get("ID")) for device in known.get("DiscoveredDevices") or () if isinstance(device, dict)]
    if "nvidia" in (known.get("Runtimes") or {}) or (
        any(one.startswith("nvidia.com/gpu") for one in devices) or shutil.which("nvidia-ctk")
    ):
        return Finding(Grade.OK, "container toolkit", "NVIDIA's container toolkit is there")
    return Finding(
        Grade.PROBLEM,
        "container toolkit",
        "containers cannot be given a GPU",
        "Install the NVIDIA Container Toolkit, run: sudo nvidia-ctk runtime configure --runtime=docker, "
        "and restart Docker.",
    )


def _gpus(gpus: tuple[Gpu, ...], plan: Plan | None, own: Callable[[], Counter[int]]) -> Iterator[Finding]:
    if not gpus:
        yield Finding(
            Grade.PROBLEM, "GPU", "no NVIDIA GPU, or no driver", "Install NVIDIA's driver, or use --engine embedded."
        )
    wanted = _shares(plan.engines if plan else ())
    for gpu in gpus:
        yield _gpu(gpu, wanted[gpu.number], own)


def _gpu(gpu: Gpu, wanted: int, own: Callable[[], Counter[int]]) -> Finding:
    """``wanted`` and ``own`` in thousandths of its memory; it is asked what is our own where that matters."""
    what, shown = f"GPU {gpu.number}", f"{gpu.name}, {gpu.memory / 1e9:.0f} GB, driver {gpu.driver}"
    driver = version(f"{gpu.driver}.0")
    if driver and driver < _OLDEST_DRIVER:
        remedy = f"Install driver {_OLDEST_DRIVER[0]} or newer: the pinned vLLM needs it."
        return Finding(Grade.PROBLEM, what, shown, remedy)
    free = gpu.memory - gpu.used
    needed = gpu.memory * wanted // 1000
    if free < needed and free + gpu.memory * own()[gpu.number] // 1000 < needed:
        return Finding(
            Grade.WARNING,
            what,
            f"{shown}; {gpu.used / 1e9:.1f} GB of it are in use, and its engines take {needed / 1e9:.1f} GB",
            "End what else uses it (nvidia-smi shows it), or have engines take less with --gpu-memory.",
        )
    return Finding(Grade.OK, what, shown)


def _shares(engines: Iterable[EnginePlan]) -> Counter[int]:
    """The thousandths of each GPU's memory that engines take."""
    shares: Counter[int] = Counter()
    for engine in engines:
        if engine.gpu is not None:
            shares[engine.gpu] += round(engine.size.memory_share * 1000)
    return shares


def _own_shares(order: Order, machine: Machine) -> Counter[int]:
    """What the deployment's engines that run have already; nothing, where that cannot be told."""
    with suppress(MunimentError):
        deployment = Deployment(machine.docker(), DeploymentFolder(order.project))
        running = {container.service for container in deployment.containers() if container.state == "running"}
        return _shares(engine for engine in deployment.plan.engines if engine.service in running)
    return Counter()


def _memory(plan: Plan | None, memory: int) -> Finding:
    shown = f"{memory / _GIBI:.0f} GiB of memory"
    if plan is None:
        return Finding(Grade.WARNING, "memory", f"{shown}; whether that is enough cannot be told without the model")
    wanted: int = sum(service["mem_limit"] for service in document(plan)["services"].values())
    if memory * 1.05 >= wanted:  # what firmware keeps for itself does not count against a machine
        return Finding(Grade.OK, "memory", shown)
    less = ", or take a smaller model or fewer engines" if plan.engines else ""
    return Finding(
        Grade.WARNING,
        "memory",
        shown,
        f"Its containers may take {wanted / _GIBI:.0f} GiB together. Keep so much free{less}.",
    )


def _model(order: Order, store: Store, gpus: tuple[Gpu, ...]) -> Finding:
    if order.kind is EngineKind.VLLM and not gpus:
        return Finding(Grade.WARNING, "model", "without a GPU it cannot be told whether the model fits")
    plan = make_plan(order, store, gpus, version="", tls=Path())
    shown = [
        f"{engine.model}: {engine.size.context or 'its own'} tokens, {engine.size.sequences} pages at once"
        for engine in plan.engines
    ]
    return Finding(Grade.OK, "model", "; ".join(shown) or "the embedded engine has its own")


def _port(order: Order, machine: Machine, *, holds_port: bool) -> Finding:
    shown = f"{order.address}:{order.port}"
    problem = "" if holds_port else machine.port(order.address, order.port)
    if problem:
        return Finding(Grade.PROBLEM, "port", problem, "Stop what uses it, or choose another with --port.")
    return Finding(Grade.OK, "port", f"{shown} is the deployment's own" if holds_port else f"{shown} is free")


def _disk(docker: Docker, order: Order) -> Iterator[Finding]:
    try:
        root = docker.ask("info", "--format", "{{.DockerRootDir}}").strip()
        free = shutil.disk_usage(root).free
    except (MunimentError, OSError):
        return  # Docker Desktop keeps it in a machine of its own, which cannot be looked into
    shown = f"{free / _GIBI:.0f} GiB free in {root}"
    wanted = _DISK[order.kind]
    if free >= wanted:
        yield Finding(Grade.OK, "disk", shown)
    else:
        yield Finding(
            Grade.WARNING, "disk", shown, f"{wanted // _GIBI} GiB are comfortable. docker system df shows what is used."
        )

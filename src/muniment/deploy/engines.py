"""An engine's container: vLLM without a way out, on a model that it can only read."""

from pathlib import Path
from typing import Any

from muniment.deploy.hardening import hardened, health, literal, place_in
from muniment.deploy.images import engine_image
from muniment.deploy.places import ENGINE_PORT, MODEL, engine_socket
from muniment.deploy.settings import EngineKind, EnginePlan, Plan, Topology
from muniment.engines.local.command import environment, page_arguments, sealing_arguments

_SCRATCH = Path("/tmp")  # noqa: S108 - in the container, in memory
_GIBI = 1 << 30
_BESIDE_WEIGHTS = 12 * _GIBI
"""Bytes of the machine's memory that vLLM takes beside the weights, which pass through it."""
_LAST_PAGES = 25
"""Seconds that pages under way get when an engine is stopped; Docker kills it five seconds later."""
_CPU_CACHE = 1
"""Gibibytes."""
_START = 1800
"""Seconds that a large model may take from a slow disk."""


def engine_service(plan: Plan, engine: EnginePlan) -> dict[str, Any]:
    """As compose files describe a container."""
    without_network = plan.topology is Topology.AIRGAP
    socket = {"MUNIMENT_SOCKET": engine_socket(engine)} if without_network else {}
    volume = {"type": "volume", "source": f"{engine.service}-socket", "target": f"/run/muniment/{engine.service}"}
    place = engine_socket(engine) if without_network else f"127.0.0.1:{ENGINE_PORT}"
    return hardened(
        {
            "image": f"{engine_image(plan.kind).name}:{plan.version}",
            "command": [literal(argument) for argument in _arguments(engine, without_network=without_network)],
            "environment": _environment(plan.kind) | socket,
            **({"network_mode": "none"} if without_network else {"networks": ["internal"]}),
            "volumes": [place_in(engine.folder, MODEL), *([volume] if without_network else [])],
            # Everything that vLLM writes, compiled kernels included, is gone with the container.
            "tmpfs": [f"{_SCRATCH}:size=8g,mode=1777,exec"],
            "shm_size": 2 * _GIBI,
            **_gpu(engine),
            "healthcheck": health(["CMD", "python3", "/opt/gate/health.py", place], start=_START),
        },
        memory=engine.weights + _BESIDE_WEIGHTS,
        processes=4096,
    )


def _arguments(engine: EnginePlan, *, without_network: bool) -> list[str]:
    size = engine.size
    # In the other topology the container's own address is on a network that has no way out.
    place = ("--uds", engine_socket(engine)) if without_network else ("--host", "0.0.0.0", "--port", str(ENGINE_PORT))  # noqa: S104
    return [
        *page_arguments(size.context, size.sequences, size.memory_share),
        *(["--enforce-eager"] if size.eager else []),
        *sealing_arguments(MODEL, engine.model),
        *("--shutdown-timeout", str(_LAST_PAGES)),
        *("--uvicorn-log-level", "critical"),
        *place,
    ]


def _environment(kind: EngineKind) -> dict[str, str]:
    made = environment({}, _SCRATCH, _SCRATCH / "cache") | {
        "MUNIMENT_MODEL": MODEL,
        "PYTHONDONTWRITEBYTECODE": "1",
        # What vLLM has to say of single requests quotes them, and Docker keeps what a container says.
        "VLLM_LOGGING_CONFIG_PATH": "/opt/gate/logging.json",
    }
    return made | ({"VLLM_CPU_KVCACHE_SPACE": str(_CPU_CACHE)} if kind is EngineKind.VLLM_CPU else {})


def _gpu(engine: EnginePlan) -> dict[str, Any]:
    if engine.gpu is None:
        return {}
    device = {"driver": "nvidia", "device_ids": [str(engine.gpu)], "capabilities": ["gpu"]}
    return {"deploy": {"resources": {"reservations": {"devices": [device]}}}}

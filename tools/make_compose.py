"""Writes compose.yaml and its overlays in deploy/compose: what `muniment up` renders, with variables in its place.

They are for those who run `docker compose` themselves. A test fails when one is stale: run
``python tools/make_compose.py``.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from muniment._version import __version__
from muniment.deploy.compose import document
from muniment.deploy.images import VLLM_CPU, Image, images_of
from muniment.deploy.monitoring.setup import prometheus_settings
from muniment.deploy.places import PROFILES
from muniment.deploy.planning import DEFAULT_MODEL, TINY_NAME
from muniment.deploy.settings import EngineKind, EnginePlan, EngineSize, Plan, Topology
from muniment.deploy.sizing import NANONETS_OCR2_3B, size_for

ROOT = Path(__file__).parents[1]
_FOLDER = "deploy/compose"
_MONITORING = "deploy/monitoring"
_NOTE = "# Written by tools/make_compose.py; docs/monitoring.md tells about it.\n"
_COMBINATIONS = (
    (EngineKind.VLLM, Topology.AIRGAP),
    (EngineKind.VLLM, Topology.INTERNAL),
    (EngineKind.EMBEDDED, Topology.AIRGAP),
    (EngineKind.VLLM_CPU, Topology.AIRGAP),
)
_CARD = 24 << 30
"""Bytes of the GPU that the sizes are for unless variables say otherwise."""

_HEAD = """\
# {what}
# Written by tools/make_compose.py from what `muniment up` renders; docs/deployment.md tells about the variables.
#
#   {command}
"""

Document = dict[str, Any]


def generated() -> dict[str, str]:
    """Path from the repository's root to what the file should hold."""
    return {
        **{
            f"{_MONITORING}/prometheus-{topology}-{kind}.yaml": _NOTE
            + yaml.safe_dump(prometheus_settings(_plan(kind, topology)), sort_keys=False)
            for kind, topology in _COMBINATIONS
        },
        "compose.yaml": _file(
            _plan(EngineKind.VLLM, Topology.AIRGAP),
            "The sealed deployment: one gateway that can be reached; a server and an engine without any network.",
            "docker compose up",
        ),
        f"{_FOLDER}/internal.yaml": _file(
            _plan(EngineKind.VLLM, Topology.INTERNAL),
            "The same for engines and clients that speak TCP: server and engine on a network without a way out.\n"
            "# `muniment up` keeps its containers from this machine too where the Engine is 28 or newer, by the\n"
            "# network's driver_opts com.docker.network.bridge.gateway_mode_ipv4 and gateway_mode_ipv6, both isolated.",
            "docker compose --project-directory . -f deploy/compose/internal.yaml up",
        ),
        f"{_FOLDER}/embedded.yaml": _file(
            _plan(EngineKind.EMBEDDED, Topology.AIRGAP),
            "The same without a GPU: the server reads by itself.",
            "docker compose --project-directory . -f deploy/compose/embedded.yaml up",
        ),
        f"{_FOLDER}/vllm-cpu.yaml": _file(
            _plan(EngineKind.VLLM_CPU, Topology.AIRGAP),
            "All of it, vLLM included, on a machine without a GPU: slow, to see it work.",
            "docker compose --project-directory . -f deploy/compose/vllm-cpu.yaml --profile build build && "
            "docker compose --project-directory . -f deploy/compose/vllm-cpu.yaml up",
        ),
    }


def _plan(kind: EngineKind, topology: Topology) -> Plan:
    model = TINY_NAME if kind is EngineKind.VLLM_CPU else DEFAULT_MODEL
    size = (
        EngineSize(context=0, sequences=2, memory_share=0.0, eager=True)
        if kind is EngineKind.VLLM_CPU
        else size_for(NANONETS_OCR2_3B, _CARD)
    )
    engine = EnginePlan(
        service="engine-1",
        model="tiny" if kind is EngineKind.VLLM_CPU else model,
        folder=f"/models/{model}",
        weights=NANONETS_OCR2_3B.weights if kind is EngineKind.VLLM else 0,
        gpu=0 if kind is EngineKind.VLLM else None,
        size=size,
    )
    return Plan(
        project="muniment",
        version=__version__,
        kind=kind,
        topology=topology,
        engines=() if kind is EngineKind.EMBEDDED else (engine,),
        profile=f"{PROFILES}/reading-pages.toml" if kind is EngineKind.VLLM_CPU else "nanonets-ocr2",
        address="127.0.0.1",
        port=8001,
        tls="",
        lifetime=24.0,
        seal=None,  # no folder of a deployment's own is there, and nobody puts evidence into it
    )


def _file(plan: Plan, what: str, command: str) -> str:
    made = document(replace(plan, monitoring=True))
    services: Document = made["services"]
    _profile_monitoring(services, plan)
    for image in images_of(plan):
        _build(services, image, plan)
    # No variable for the address: at any other, keys and TLS have to be seen to, as `muniment up` does.
    services["gateway"]["ports"] = ["127.0.0.1:${MUNIMENT_PORT:-8001}:8001"]
    _vary(services["server"]["command"], "--lifetime", "MUNIMENT_LIFETIME")
    for engine in plan.engines:
        _vary_engine(services[engine.service], plan)
    return _HEAD.format(what=what, command=command) + yaml.dump(
        made, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120
    )


def _profile_monitoring(services: Document, plan: Plan) -> None:
    """Have Prometheus and Grafana run when their profile is asked for, on files of the repository."""
    shipped = "./src/muniment/deploy/monitoring"
    mounted = {
        "prometheus": {
            "prometheus.yaml": f"./{_MONITORING}/prometheus-{plan.topology}-{plan.kind}.yaml",
            "alerts.yaml": f"{shipped}/alerts.yaml",
            "key": f"./{_MONITORING}/key",
        },
        "grafana": {
            "provisioning/datasources/muniment.yaml": f"{shipped}/datasource.yaml",
            "provisioning/dashboards/muniment.yaml": f"{shipped}/dashboards.yaml",
            "dashboards/muniment.json": f"{shipped}/dashboard.json",
            "password": f"./{_MONITORING}/password",
        },
    }
    for name, files in mounted.items():
        service = services[name]
        service["profiles"] = ["monitoring"]
        (folder,) = (volume for volume in service["volumes"] if volume["type"] == "bind")
        kept = [volume for volume in service["volumes"] if volume is not folder]
        bound = [folder | {"source": here, "target": f"{folder['target']}/{there}"} for there, here in files.items()]
        service["volumes"] = [*bound, *kept]


def _build(services: Document, image: Image, plan: Plan) -> None:
    """How to make an image, with those that run it; what nobody runs stands apart, to be built first."""
    tag = f"{image.name}:{plan.version}"
    base = image.base if ":" in image.base else f"{image.base}:{plan.version}"
    arguments = {"BASE": f"${{{image.variable}:-{base}}}"}
    if image == VLLM_CPU:
        arguments["PIP_EXTRA_INDEX_URL"] = "${PIP_EXTRA_INDEX_URL:-}"
    build = {"context": ".", "dockerfile": image.dockerfile, "args": arguments}
    users = [service for service in services.values() if service["image"] == tag]
    for service in users:
        service["build"] = dict(build)
    if not users:
        # Nothing runs it but whoever brings up the profile; that does nothing, and reaches nothing.
        idle = {"entrypoint": ["true"], "network_mode": "none"}
        services[image.name.rpartition("/")[2]] = {"image": tag, **idle, "build": build, "profiles": ["build"]}


def _vary_engine(service: Document, plan: Plan) -> None:
    (model,) = (volume for volume in service["volumes"] if volume["type"] == "bind")
    model["source"] = "${MUNIMENT_MODELS:-./models}" + model["source"].removeprefix("/models")
    if plan.kind is EngineKind.VLLM:
        _vary(service["command"], "--max-model-len", "MUNIMENT_CONTEXT")
        _vary(service["command"], "--max-num-seqs", "MUNIMENT_CONCURRENCY")
        _vary(service["command"], "--gpu-memory-utilization", "MUNIMENT_GPU_MEMORY_SHARE")
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        device["device_ids"] = ["${MUNIMENT_GPU:-0}"]


def _vary(command: list[str], option: str, variable: str) -> None:
    """Let a variable of the environment stand before an option's value."""
    place = command.index(option) + 1
    command[place] = f"${{{variable}:-{command[place]}}}"


class _Plain(yaml.SafeDumper):
    """Repeats what stands twice, where others would write anchors."""

    ignore_aliases: Callable[..., bool] = lambda *_: True


def main() -> None:
    for name, text in generated().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()

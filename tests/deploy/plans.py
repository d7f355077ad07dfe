"""Plans as an order would give them."""

from dataclasses import replace
from typing import Any

from muniment.deploy.settings import EngineKind, EnginePlan, EngineSize, Plan, Topology

SIZE = EngineSize(context=20_480, sequences=64, memory_share=0.9, eager=False)
ENGINE = EnginePlan(
    service="engine-1",
    model="nanonets/Nanonets-OCR2-3B",
    folder="/srv/models/nanonets/Nanonets-OCR2-3B",
    weights=7_510_000_000,
    gpu=0,
    size=SIZE,
)
PLAN = Plan(
    project="muniment",
    version="1.2.3",
    kind=EngineKind.VLLM,
    topology=Topology.AIRGAP,
    engines=(ENGINE,),
    profile="nanonets-ocr2",
    address="127.0.0.1",
    port=8001,
    tls="",
    lifetime=24.0,
)


def plan_of(kind: EngineKind, topology: Topology, replicas: int = 1, *, tls: str = "") -> Plan:
    """A plan with so many engines, each on a GPU of its own if it needs one."""
    engines = tuple(
        replace(ENGINE, service=f"engine-{number}", gpu=number - 1 if kind is EngineKind.VLLM else None)
        for number in range(1, replicas + 1)
    )
    return replace(PLAN, kind=kind, topology=topology, engines=() if kind is EngineKind.EMBEDDED else engines, tls=tls)


def plan(**other: Any) -> Plan:
    """A deployment with the embedded engine, but for what is said."""
    return replace(plan_of(EngineKind.EMBEDDED, Topology.AIRGAP), project="deeds", **other)

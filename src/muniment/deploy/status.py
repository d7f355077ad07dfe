"""How a deployment stands: containers, networks, ports, model, canary, GPU memory, seal."""

from dataclasses import asdict, dataclass
from typing import Any

from muniment.deploy import readiness
from muniment.deploy.deployment import Deployment
from muniment.deploy.gpus import Gpu, find_gpus
from muniment.deploy.readiness import Readiness
from muniment.deploy.settings import Plan
from muniment.seal.containers import Container, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a deployment stands.

    Attributes:
        missing: the parts of the plan that have no container.
    """

    plan: Plan
    containers: tuple[Container, ...]
    networks: tuple[Network, ...]
    readiness: Readiness
    gpus: tuple[Gpu, ...]
    missing: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether all of it runs, and reads."""
        return not self.missing and self.readiness.ready and all(one.is_well for one in self.containers)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "deployment": self.plan.project,
            "well": self.is_well,
            "address": self.plan.url,
            "seal": self.readiness.seal,
            "seal_problem": self.readiness.seal_problem,
            "refuses_documents": self.readiness.refuses,
            "topology": self.plan.topology.value,
            "engine": self.plan.kind.value,
            "models": sorted({engine.model for engine in self.plan.engines}),
            "services": [_shown(one) for one in self.containers],
            "missing": list(self.missing),
            "networks": [asdict(network) for network in self.networks],
            "canary": {
                "ready": self.readiness.reads,
                "models": dict(self.readiness.models),
                "problem": self.readiness.problem,
            },
            "gpus": [asdict(gpu) for gpu in self.gpus],
        }


def status_of(deployment: Deployment) -> Status:
    """Look at a deployment. Raises DeployError if there is none, or Docker does not answer."""
    plan = deployment.plan
    containers = deployment.containers()
    there = {container.service for container in containers}
    on_gpu = {engine.gpu for engine in plan.engines} - {None}
    return Status(
        plan=plan,
        containers=containers,
        networks=deployment.networks(),
        readiness=readiness.ask(plan),
        gpus=tuple(gpu for gpu in find_gpus() if gpu.number in on_gpu) if on_gpu else (),
        missing=tuple(service for service in plan.services if service not in there),
    )


def _shown(container: Container) -> dict[str, Any]:
    return {name: value for name, value in asdict(container).items() if name not in {"id", "image_id"}}

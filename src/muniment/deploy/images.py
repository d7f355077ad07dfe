"""The images that a deployment runs, and what they are built from."""

from dataclasses import dataclass

from muniment.deploy.settings import EngineKind, Plan

_NGINX = "nginx:1.30.7"
_PYTHON = "python:3.11-slim-bookworm"
_VLLM = "vllm/vllm-openai:v0.33.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of Muniment's.

    Attributes:
        name: without its tag. It begins with "localhost" since Compose pulls before it builds: names that begin with no
            machine's name it looks for in the public registry, where anybody could have taken them.
        dockerfile: its recipe, from the repository's root.
        base: what it is built on, unless ``variable`` names another in the environment.
        variable: the variable of the environment.
    """

    name: str
    dockerfile: str
    base: str
    variable: str


GATEWAY = Image(
    name="localhost/muniment/gateway",
    dockerfile="deploy/gateway/Dockerfile",
    base=_NGINX,
    variable="MUNIMENT_NGINX_IMAGE",
)
SERVER = Image(
    name="localhost/muniment/server",
    dockerfile="deploy/server/Dockerfile",
    base=_PYTHON,
    variable="MUNIMENT_PYTHON_IMAGE",
)
ENGINE = Image(
    name="localhost/muniment/engine", dockerfile="deploy/engine/Dockerfile", base=_VLLM, variable="MUNIMENT_VLLM_IMAGE"
)
VLLM_CPU = Image(
    name="localhost/muniment/vllm-cpu",
    dockerfile="deploy/engine-cpu/Dockerfile",
    base=_PYTHON,
    variable="MUNIMENT_PYTHON_IMAGE",
)
"""The base of :data:`ENGINE_CPU`; no container runs it."""

ENGINE_CPU = Image(
    name="localhost/muniment/engine-cpu",
    dockerfile="deploy/engine/Dockerfile",
    base=VLLM_CPU.name,
    variable="MUNIMENT_VLLM_CPU_IMAGE",
)


DOWNLOADER = Image(
    name="localhost/muniment/downloader",
    dockerfile="deploy/downloader/Dockerfile",
    base=SERVER.name,
    variable="MUNIMENT_SERVER_IMAGE",
)
"""No part of a deployment: it runs while a model is fetched."""


def images_of(plan: Plan) -> tuple[Image, ...]:
    """Muniment's images that ``plan`` needs, each after what it is built on."""
    engines = {
        EngineKind.VLLM: (ENGINE,),
        EngineKind.VLLM_CPU: (VLLM_CPU, ENGINE_CPU),
        EngineKind.EMBEDDED: (),
    }
    return (GATEWAY, SERVER, *engines[plan.kind])


def engine_image(kind: EngineKind) -> Image:
    """What an engine's container runs."""
    return ENGINE_CPU if kind is EngineKind.VLLM_CPU else ENGINE

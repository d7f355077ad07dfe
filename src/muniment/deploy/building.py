"""Muniment's images: built where its repository is, and else expected to be there."""

import hashlib
import os
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from muniment.deploy.images import VLLM_CPU, Image
from muniment.errors import DeployError
from muniment.seal.docker import Docker, counting

_INDEX = "PIP_EXTRA_INDEX_URL"
"""Where PyTorch's builds for CPUs are found; it may hold a password."""
_LABEL = "muniment.sources"
_SOURCES = (
    *("deploy/downloader", "deploy/engine", "deploy/engine-cpu", "deploy/gateway", "deploy/server", "deploy/health.py"),
    *("hatch_build.py", "pyproject.toml", "readingmodel/checkpoint", "requirements", "src", "tools"),
)
"""What images are made of."""
_MADE = frozenset({".onnx", ".pyc", ".safetensors"})
"""What lies among it, and is made anew or left out."""


def source_root() -> Path | None:
    """The repository that this Muniment runs from; None if it was installed without."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "deploy" / "server" / "Dockerfile").is_file() else None


def see_to_image(docker: Docker, image: Image, version: str, tell: Callable[[str], None]) -> str:
    """See that an image of this version is there, as the repository has it now; its tag.

    Raises:
        DeployError: it cannot be built, or is not there and there is nothing to build it from.
    """
    tag = f"{image.name}:{version}"
    root = source_root()
    is_there = docker.has_image(tag)
    if root is None:
        if not is_there:
            raise DeployError(
                f"The image {tag} is not on this machine, and only Muniment's repository can build it",
                "Run this from a checkout, or bring the image with docker load.",
            )
        return tag
    base = os.environ.get(image.variable) or image.base
    # A base without a tag is one of Muniment's own, of the same version.
    base = base if ":" in base else f"{base}:{version}"
    made_of = _fingerprint(root, base)
    if is_there and docker.label_of(tag, _LABEL) == made_of:
        return tag  # nothing is fetched for what was built before
    step = f"Building {tag}; the first time takes minutes"
    tell(step)
    index = [_INDEX] if image is VLLM_CPU and os.environ.get(_INDEX) else []
    docker.build(
        root=root,
        dockerfile=image.dockerfile,
        tag=tag,
        arguments=[f"BASE={base}", *index],
        label=f"{_LABEL}={made_of}",
        meanwhile=counting(step, tell),
    )
    return tag


def _fingerprint(root: Path, base: str) -> str:
    """Of all that images are made of."""
    digest = hashlib.sha256(base.encode())
    places = (root / name for name in _SOURCES)
    files = chain.from_iterable(place.rglob("*") if place.is_dir() else (place,) for place in places)
    for path in sorted(path for path in files if path.suffix not in _MADE and path.is_file()):
        name, content = path.relative_to(root).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %b %d %b" % (len(name), name, len(content), content))
    return digest.hexdigest()[:16]

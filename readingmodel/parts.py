"""A training's weights in files small enough to be carried: bfloat16, without what the optimisers remember."""

from pathlib import Path
from typing import Any

import torch

_PART = 15 << 20
"""Most bytes of a file."""


def write_parts(saved: dict[str, Any], folder: Path) -> None:
    """The weights, shape and progress of a training's state."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Any]] = [{}]
    for name, weight in saved["reader"].items():
        small = weight.detach().to("cpu", torch.bfloat16).clone()
        if sum(other.nbytes for other in parts[-1].values()) + small.nbytes > _PART:
            parts.append({})
        parts[-1][name] = small
    rest = {name: saved[name] for name in ("shape", "seconds", "steps")}
    for number, part in enumerate(parts):
        torch.save({"reader": part, **rest}, folder / f"weights-{number}.pt")


def read_parts(folder: Path) -> dict[str, Any]:
    """What :func:`write_parts` wrote."""
    weights: dict[str, Any] = {}
    saved: dict[str, Any] = {}
    for file in sorted(folder.glob("weights-*.pt")):
        saved = torch.load(file, map_location="cpu", weights_only=True)
        weights |= {name: weight.float() for name, weight in saved["reader"].items()}
    return {**saved, "reader": weights}

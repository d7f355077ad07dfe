"""Write a trained network as a checkpoint that vLLM loads: ``python -m readingmodel.export STATE FOLDER``."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from readingmodel.modelfiles import model_files
from readingmodel.network import TAUGHT, Reader
from readingmodel.parts import read_parts
from readingmodel.samples import PATCH
from readingmodel.settings import Shape

_LUMA = (0.299, 0.587, 0.114)
"""How much of each colour a grey level consists of."""
_FRAMES = 2
_PART = 15 << 20
"""Most bytes of a file."""


def exported(reader: Reader) -> dict[str, Tensor]:
    """The network's weights under the names of published checkpoints, in bfloat16."""
    weights = {name: weight.detach().float().cpu() for name, weight in reader.state_dict().items()}
    grey = weights.pop("visual.patch_embed.weight").view(-1, 1, 1, PATCH, PATCH)
    colours = torch.tensor(_LUMA).view(1, 3, 1, 1, 1) / _FRAMES
    weights["visual.patch_embed.proj.weight"] = (grey * colours).repeat(1, 1, _FRAMES, 1, 1)
    return {name: weight.bfloat16().contiguous() for name, weight in weights.items() if not name.startswith(TAUGHT)}


def write_checkpoint(reader: Reader, folder: Path) -> None:
    """Weights in parts small enough for any repository, their index, and the files beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Tensor]] = [{}]
    for name, weight in exported(reader).items():
        if sum(other.nbytes for other in parts[-1].values()) + weight.nbytes > _PART:
            parts.append({})
        parts[-1][name] = weight
    places: dict[str, str] = {}
    for number, part in enumerate(parts, 1):
        file = f"model-{number:05}-of-{len(parts):05}.safetensors"
        save_file(part, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(part, file)
    size = sum(weight.nbytes for part in parts for weight in part.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    for name, content in (model_files(reader.shape) | {"model.safetensors.index.json": index}).items():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / name).write_text(text + "\n", encoding="utf-8")


def load(state: Path) -> Reader:
    """The network of a training's state, or of a folder of its parts."""
    saved = read_parts(state) if state.is_dir() else torch.load(state, map_location="cpu", weights_only=True)
    reader = Reader(Shape(**saved["shape"]))
    reader.load_state_dict(saved["reader"])
    return reader


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m readingmodel.export", description="Write a checkpoint for vLLM.")
    parser.add_argument("state", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    write_checkpoint(load(options.state), options.folder)


if __name__ == "__main__":
    main()

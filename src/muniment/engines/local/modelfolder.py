"""Whether a folder holds a model that may be loaded."""

import json
from pathlib import Path

from muniment.errors import EngineError

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_GET_IT = "Give the folder of a model in safetensors format, as it is downloaded from a model hub."


def check_model(folder: Path) -> None:
    """Raises EngineError if ``folder`` is no complete model in safetensors format."""
    if not folder.is_dir():
        raise EngineError(
            f"The model {str(folder)!r} is not a folder on this machine",
            "A sealed engine downloads nothing: give the path of a folder that holds the model.",
        )
    config = folder / "config.json"
    if not config.is_file():
        raise EngineError(f"{folder} is not a model: it holds no config.json", _GET_IT)
    if not isinstance(_parsed(config), dict):
        raise EngineError(f"{config} is damaged", "Fetch the model again.")
    if not any(folder.glob("*.safetensors")):
        if any(path for pattern in _PICKLES for path in folder.glob(pattern)):
            raise EngineError(
                f"{folder} holds weights in a format that can run code when it is loaded",
                "Get the model in safetensors format.",
            )
        raise EngineError(f"{folder} holds no weights", _GET_IT)
    missing = _missing_shards(folder)
    if missing:
        raise EngineError(f"{folder} is incomplete: {', '.join(missing)} is missing", "Fetch the model again.")


def _missing_shards(folder: Path) -> list[str]:
    """Files that the model's own list of weights names and that are not there."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    listed = _parsed(index)
    places = listed.get("weight_map") if isinstance(listed, dict) else None
    if not isinstance(places, dict):
        raise EngineError(f"{index} is damaged", "Fetch the model again.")
    return sorted(name for name in set(map(str, places.values())) if not (folder / name).is_file())


def _parsed(path: Path) -> object:
    """The JSON in ``path``; None if it is none."""
    try:
        parsed: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return parsed

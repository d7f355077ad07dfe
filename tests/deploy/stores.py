"""Stores with models that are large enough to be planned with, and take no room."""

import json
from pathlib import Path

from muniment.models import Store
from muniment.models.manifest import MANIFEST_NAME, FileEntry, Manifest

CONFIG = {"num_attention_heads": 16, "num_key_value_heads": 2, "hidden_size": 2048, "num_hidden_layers": 36}
WEIGHTS = 7_510_000_000


def put(folder: Path, name: str, weights: int = WEIGHTS) -> Path:
    """A model with a manifest whose hashes nobody looks at; its weights are a hole in a file."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(weights)
    entries = (
        FileEntry(name="config.json", size=len(json.dumps(CONFIG)), sha256="0" * 64),
        FileEntry(name="model.safetensors", size=weights, sha256="0" * 64),
    )
    (folder / MANIFEST_NAME).write_bytes(Manifest(name=name, source=None, files=entries).to_bytes())
    return folder


def store_with(root: Path, *names: str, weights: int = WEIGHTS) -> Store:
    """A store in which models of these names stand."""
    for name in names:
        put(root / name, name, weights)
    return Store(root)

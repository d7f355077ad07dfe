"""Refuses to build a wheel without the embedded engine's models, which `make setup` puts into their place."""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ModelsHook(BuildHookInterface[Any]):
    """Checks that every model is there before a wheel is made of them; an editable install may come before them."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Called before files are collected; ``version`` is "standard" or "editable"."""
        folder = Path(self.root) / "src" / "muniment" / "engines" / "embedded" / "models"
        models = tomllib.loads((folder / "models.toml").read_text(encoding="utf-8")).values()
        missing = [entry["file"] for entry in models if not (folder / entry["file"]).is_file()]
        if missing and version == "standard":
            raise FileNotFoundError(f"The models {', '.join(missing)} are missing: run `make setup` first.")

import json
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a model."""
    folder = tmp_path / "small-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["Any"]}))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.fixture
def standin(tmp_path: Path) -> str:
    """An interpreter that has the stand-in for vLLM."""
    package = tmp_path / "packages" / "vllm" / "entrypoints" / "openai"
    package.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("standin.py"), package / "api_server.py")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH={tmp_path}/packages\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)

"""Makes what a sealed server needs: a folder that looks like a model, and a Python that has a stand-in for vLLM."""

import json
import shutil
import sys
from pathlib import Path


def make_model(folder: Path) -> Path:
    """``folder``, made to look like a model."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["Any"]}))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def make_standin(folder: Path) -> str:
    """An interpreter in ``folder`` that has the stand-in for vLLM."""
    package = folder / "packages" / "vllm" / "entrypoints" / "openai"
    package.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("standin.py"), package / "api_server.py")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH={folder}/packages\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)

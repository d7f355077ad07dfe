"""Models come from the package, checked, and the runtime reports to nobody."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from muniment.engines.embedded import runtime
from muniment.errors import EngineError


def test_importing_the_runtime_does_not_import_its_telemetry() -> None:
    code = (
        "import sys, muniment.engines.embedded.runtime\n"
        "assert 'openvino' in sys.modules\n"
        "print([name for name, module in sys.modules.items() if name.startswith('openvino_telemetry') and module])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["detection", "recognition", "layout", "orientation", "table"])
def test_every_model_is_there_and_is_the_pinned_one(name: str) -> None:
    assert runtime.model_path(name).stat().st_size > 1_000_000


def test_a_changed_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "models.toml").write_text('[layout]\nfile = "layout.onnx"\nsha256 = "00"\n')
    (tmp_path / "models" / "layout.onnx").write_bytes(b"something else")
    monkeypatch.setattr(runtime, "files", lambda _package: tmp_path)
    with pytest.raises(EngineError, match="not the file it should be"):
        runtime.model_path.__wrapped__("layout")


def test_a_missing_model_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "models.toml").write_text('[layout]\nfile = "layout.onnx"\nsha256 = "00"\n')
    monkeypatch.setattr(runtime, "files", lambda _package: tmp_path)
    with pytest.raises(EngineError, match="make setup"):
        runtime.model_path.__wrapped__("layout")


def test_a_session_gives_copies_that_the_next_call_leaves_alone() -> None:
    session = runtime.Session("orientation", threads=1)
    first = session.run(np.zeros((1, 3, 224, 224), np.float32))
    kept = first[0].copy()
    session.run(np.ones((1, 3, 224, 224), np.float32))
    assert np.array_equal(first[0], kept)

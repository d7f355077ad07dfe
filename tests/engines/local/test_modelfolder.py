import json
from pathlib import Path

import pytest

from muniment.engines.local.modelfolder import check_model
from muniment.errors import EngineError


def refusal(folder: Path) -> EngineError:
    with pytest.raises(EngineError) as caught:
        check_model(folder)
    return caught.value


def test_a_folder_with_settings_and_weights_is_a_model(model: Path) -> None:
    check_model(model)


def test_a_hub_name_is_refused_and_not_fetched() -> None:
    error = refusal(Path("nanonets/Nanonets-OCR2-3B"))
    assert "not a folder on this machine" in error.what
    assert "downloads nothing" in error.hint


def test_a_folder_without_settings_is_no_model(model: Path) -> None:
    (model / "config.json").unlink()
    assert "holds no config.json" in refusal(model).what


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_damaged_settings_are_told(model: Path, content: bytes) -> None:
    (model / "config.json").write_bytes(content)
    assert "config.json is damaged" in refusal(model).what


def test_a_folder_without_weights_is_no_model(model: Path) -> None:
    (model / "model.safetensors").unlink()
    assert "holds no weights" in refusal(model).what


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_weights_that_can_run_code_are_refused(model: Path, name: str) -> None:
    (model / "model.safetensors").rename(model / name)
    assert "can run code" in refusal(model).what


def test_weights_that_are_listed_and_missing_are_named(model: Path) -> None:
    places = {"a.weight": "model.safetensors", "b.weight": "second.safetensors", "c.weight": "second.safetensors"}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert refusal(model).what.endswith("is incomplete: second.safetensors is missing")
    (model / "second.safetensors").touch()
    check_model(model)


@pytest.mark.parametrize("content", ["{", "[]", '{"weight_map": []}'])
def test_a_damaged_list_of_weights_is_told(model: Path, content: str) -> None:
    (model / "model.safetensors.index.json").write_text(content)
    assert "is damaged" in refusal(model).what

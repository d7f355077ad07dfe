"""What an engine takes on, so that it fits its GPU."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.deploy.settings import EngineSize, Preset
from muniment.deploy.sizing import ModelShape, shape_of, size_for, size_without_gpu
from muniment.errors import EngineError

_GIBI = 1 << 30
_NANONETS = ModelShape(weights=7_510_000_000, token=36_864)
"""Nanonets-OCR2-3B: 36 layers, 2 key-value heads of 128 numbers, two of them at 2 bytes a token."""
_WORKING = 2_800_000_000
_CONFIG = {"num_attention_heads": 16, "num_key_value_heads": 2, "hidden_size": 2048, "num_hidden_layers": 36}


def model(folder: Path, config: object, *weights: int) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    for number, size in enumerate(weights):
        with (folder / f"model-{number}.safetensors").open("wb") as file:
            file.truncate(size)
    return folder


@pytest.mark.parametrize("config", [_CONFIG, {"text_config": _CONFIG}, {**_CONFIG, "head_dim": 128, "hidden_size": 1}])
def test_a_models_shape_is_in_its_configuration(tmp_path: Path, config: dict[str, Any]) -> None:
    folder = model(tmp_path / "model", config, 5_000, 2_000)
    assert shape_of(folder) == ModelShape(weights=7_000, token=36_864)


def test_without_key_value_heads_of_their_own_all_heads_count(tmp_path: Path) -> None:
    config = {name: value for name, value in _CONFIG.items() if name != "num_key_value_heads"}
    assert shape_of(model(tmp_path / "model", config)).token == 36_864 * 8


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "null",
        "{}",
        '"text"',
        '{"text_config": 3}',
        "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
        "[" * 100_000,
        {**_CONFIG, "num_attention_heads": 0},
        {**_CONFIG, "num_hidden_layers": 0},
        {**_CONFIG, "num_hidden_layers": -36},
        {**_CONFIG, "num_hidden_layers": "many"},
        {**_CONFIG, "num_hidden_layers": None},
        {**_CONFIG, "num_hidden_layers": math.inf},
    ],
)
def test_a_configuration_that_says_nothing_is_refused(tmp_path: Path, config: object) -> None:
    folder = model(tmp_path / "model", config)
    with pytest.raises(EngineError) as told:
        shape_of(folder)
    assert str(folder / "config.json") in told.value.what
    assert told.value.hint


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"config\.json does not describe a model"):
        shape_of(tmp_path)


@pytest.mark.parametrize(
    ("gigabytes", "sequences"),
    [(12, 8), (16, 34), (24, 85), (32, 136), (48, 238), (80, 256)],
)
def test_nanonets_takes_on_what_a_gpu_holds(gigabytes: int, sequences: int) -> None:
    assert size_for(_NANONETS, gigabytes * _GIBI) == EngineSize(
        context=20_480, sequences=sequences, memory_share=0.9, eager=False
    )


def test_nanonets_does_not_fit_8_gigabytes_and_it_is_told_what_would() -> None:
    with pytest.raises(EngineError) as told:
        size_for(_NANONETS, 8 * _GIBI)
    assert told.value.what == (
        "The model does not fit: with 20,480 tokens of context it needs 11.1 GB of GPU memory, and may take 7.7"
    )
    assert told.value.hint == ("Give it a GPU of 12 GB or more, take a smaller model, or read with --engine embedded.")


def test_a_smaller_context_is_advised_only_where_it_helps() -> None:
    with pytest.raises(EngineError, match="a smaller --context"):
        size_for(_NANONETS, 12 * _GIBI, context=128_000)
    assert size_for(_NANONETS, 12 * _GIBI, context=8_192).context == 8_192


def test_the_first_deployments_settings_can_be_had() -> None:
    assert size_for(_NANONETS, 24 * _GIBI, preset=Preset.ORIGINAL) == EngineSize(
        context=15_000, sequences=5, memory_share=0.9, eager=True
    )


def test_what_is_asked_for_counts_before_the_preset() -> None:
    for preset in Preset:
        size = size_for(_NANONETS, 80 * _GIBI, preset=preset, context=4_096, concurrency=7)
        assert (size.context, size.sequences) == (4_096, 7)


def test_a_limit_is_kept() -> None:
    size = size_for(_NANONETS, 80 * _GIBI, limit=20_000_000_000)
    assert size.memory_share == 0.232
    assert size.memory_share * 80 * _GIBI <= 20_000_000_000


def test_a_limit_above_what_is_there_changes_nothing() -> None:
    assert size_for(_NANONETS, 24 * _GIBI, limit=10**12) == size_for(_NANONETS, 24 * _GIBI)


def test_a_limit_that_is_too_low_is_what_is_to_be_raised() -> None:
    with pytest.raises(EngineError) as told:
        size_for(_NANONETS, 80 * _GIBI, limit=10_000_000_000)
    assert told.value.hint.startswith("Give it more with --gpu-memory, take")


def test_engines_on_one_gpu_share_it() -> None:
    assert size_for(_NANONETS, 80 * _GIBI, engines=2).memory_share == 0.45
    with pytest.raises(EngineError, match="a GPU of 25 GB or more, fewer engines on a GPU"):
        size_for(_NANONETS, 24 * _GIBI, engines=2, context=40_000)


@given(
    weights=st.integers(0, 200 * 10**9),
    token=st.integers(1, 2 * 10**6),
    memory=st.integers(1 << 20, 300 * 10**9),
    limit=st.none() | st.integers(10**9, 300 * 10**9),
    context=st.none() | st.integers(1024, 10**6),
    engines=st.integers(1, 64),
)
def test_no_engine_takes_more_than_it_may_and_each_has_room_for_a_whole_context(
    weights: int, token: int, memory: int, limit: int | None, context: int | None, engines: int
) -> None:
    try:
        size = size_for(ModelShape(weights=weights, token=token), memory, limit=limit, context=context, engines=engines)
    except EngineError:
        return
    taken = round(size.memory_share * 1000) * memory / 1000
    assert taken * engines <= 0.9 * memory * (1 + 1e-9)
    assert limit is None or taken <= limit
    assert weights + _WORKING + size.context * token <= taken
    assert 1 <= size.sequences <= 256


def test_on_the_processor_the_model_says_how_long_a_context_is() -> None:
    assert size_without_gpu() == EngineSize(context=0, sequences=2, memory_share=0.0, eager=True)
    assert size_without_gpu(4_096, 3) == EngineSize(context=4_096, sequences=3, memory_share=0.0, eager=True)

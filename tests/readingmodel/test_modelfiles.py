"""What stands beside the weights, and the checkpoint that is kept."""

import json
from typing import Any

import pytest

from readingmodel import alphabet
from readingmodel.modelfiles import model_files
from readingmodel.settings import Shape
from tests.reading_model import FOLDER

PART, WHOLE = 16_000_000, 40_000_000


def written(name: str) -> Any:
    return model_files(Shape())[name]


def test_the_tokenizer_numbers_special_tokens_as_the_network_does() -> None:
    tokenizer = written("tokenizer.json")
    for entry in tokenizer["added_tokens"]:
        assert entry["id"] == alphabet.VOCABULARY[entry["content"]] == tokenizer["model"]["vocab"][entry["content"]]


def test_the_decoders_heads_are_divided_wholly_among_time_height_and_width() -> None:
    config = written("config.json")
    size = config["hidden_size"] // config["num_attention_heads"]
    assert sum(config["rope_scaling"]["mrope_section"]) * 2 == size


def test_the_answer_ends_at_the_token_that_the_network_was_taught() -> None:
    assert written("generation_config.json")["eos_token_id"] == [alphabet.END]


@pytest.mark.parametrize("name", sorted(model_files(Shape())))
def test_the_checkpoint_was_written_by_this_code(name: str) -> None:
    assert json.loads((FOLDER / name).read_text(encoding="utf-8")) == written(name)


def test_the_checkpoint_is_small_and_whole() -> None:
    index = json.loads((FOLDER / "model.safetensors.index.json").read_text(encoding="utf-8"))
    parts = sorted(FOLDER.glob("*.safetensors"))
    assert {part.name for part in parts} == set(index["weight_map"].values())
    assert all(part.stat().st_size < PART for part in parts)
    assert sum(part.stat().st_size for part in parts) < WHOLE

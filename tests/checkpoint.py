"""A model of the Qwen2.5-VL kind, small and obedient: whatever it is shown, it writes the text it was made for.

Real vLLM loads and runs it like any other. Its layers add nothing to what goes through them, so that each token alone
decides which one comes next; the last layer's weights hold that order.
"""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readingmodel.alphabet import SPECIAL, byte_letters
from readingmodel.modelfiles import model_files
from readingmodel.samples import MERGED, PATCH
from readingmodel.settings import Shape

Numbers = NDArray[np.float32]

CONTEXT = 32_768
"""Most tokens of page and answer together."""
_WIDTH, _LAYERS = 128, 2
_SHAPE = Shape(vision_hidden=_WIDTH, vision_depth=_LAYERS, vision_intermediate=_WIDTH, vision_heads=2, window=4,
               full=(_LAYERS - 1,), hidden=_WIDTH, depth=_LAYERS, intermediate=_WIDTH, heads=2)  # fmt: skip
_LEAST_PIECE = 3
"""Characters of an answer's piece: longer than a prompt's tokens, which are bytes, so that no piece is one of those."""
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<|vision_start|><|image_pad|><|vision_end|>{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_checkpoint(folder: Path, answer: str, *, loops: bool = False) -> None:
    """Write a model that answers ``answer``, or with ``loops`` goes on writing it without end, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = byte_letters()
    pieces = ["".join(letters[byte] for byte in piece.encode()) for piece in _pieces(answer)]
    vocabulary = {token: number for number, token in enumerate([*letters.values(), *pieces, *SPECIAL])}
    first, last = vocabulary[pieces[0]], vocabulary[pieces[-1]]
    successor = {number: number + 1 for number in range(first, last)}
    successor[last] = first if loops else vocabulary["<|im_end|>"]
    successor[vocabulary[letters[ord("\n")]]] = first  # what the chat template ends with
    shape = replace(_SHAPE, tokens=len(vocabulary))
    for name, content in model_files(shape, vocabulary, _TEMPLATE, CONTEXT).items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    _write_safetensors(folder / "model.safetensors", _weights(len(vocabulary), successor))


def _pieces(answer: str) -> list[str]:
    """``answer`` in pieces, no two the same."""
    pieces: list[str] = []
    piece = ""
    for character in answer:
        piece += character
        if len(piece) >= _LEAST_PIECE and piece not in pieces:
            pieces.append(piece)
            piece = ""
    return [*pieces[:-1], pieces[-1] + piece]


def _weights(tokens: int, successor: dict[int, int]) -> dict[str, Numbers]:
    """By name. What is not set is zero: attention and perceptrons add nothing to what goes through."""
    meanings = np.random.default_rng(0).choice(np.array([-1, 1], np.float32), (tokens, _WIDTH))
    order = np.zeros((tokens, _WIDTH), np.float32)
    for token, following in successor.items():
        order[following] += meanings[token]
    weights = {"model.embed_tokens.weight": meanings, "lm_head.weight": order, "model.norm.weight": _ones()}
    for layer in range(_LAYERS):
        weights |= _text_layer(f"model.layers.{layer}") | _vision_layer(f"visual.blocks.{layer}")
    merged = _WIDTH * (MERGED // PATCH) ** 2
    return weights | {
        "visual.patch_embed.proj.weight": _zeros(_WIDTH, 3, 2, PATCH, PATCH),
        "visual.merger.ln_q.weight": _ones(),
        **_linear("visual.merger.mlp.0", merged, merged),
        **_linear("visual.merger.mlp.2", _WIDTH, merged),
    }


def _text_layer(name: str) -> dict[str, Numbers]:
    layer = {f"{name}.input_layernorm.weight": _ones(), f"{name}.post_attention_layernorm.weight": _ones()}
    for part in ("q_proj", "k_proj", "v_proj"):
        layer |= _linear(f"{name}.self_attn.{part}", _WIDTH, _WIDTH)
    for part in ("self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
        layer[f"{name}.{part}.weight"] = _zeros(_WIDTH, _WIDTH)
    return layer


def _vision_layer(name: str) -> dict[str, Numbers]:
    layer = {f"{name}.norm1.weight": _ones(), f"{name}.norm2.weight": _ones()}
    layer |= _linear(f"{name}.attn.qkv", 3 * _WIDTH, _WIDTH)
    for part in ("attn.proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
        layer |= _linear(f"{name}.{part}", _WIDTH, _WIDTH)
    return layer


def _linear(name: str, outputs: int, inputs: int) -> dict[str, Numbers]:
    return {f"{name}.weight": _zeros(outputs, inputs), f"{name}.bias": _zeros(outputs)}


def _zeros(*shape: int) -> Numbers:
    return np.zeros(shape, np.float32)


def _ones() -> Numbers:
    return np.ones(_WIDTH, np.float32)


def _write_safetensors(path: Path, weights: dict[str, Numbers]) -> None:
    """The format: the header's length in eight bytes, a JSON header with each tensor's place, the numbers."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, weight in weights.items():
        end = position + 2 * weight.size
        header[name] = {"dtype": "BF16", "shape": weight.shape, "data_offsets": [position, end]}
        position = end
    described = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(described)) + described)
        for weight in weights.values():
            # The upper half of a float32 is a bfloat16; small whole numbers lose nothing.
            file.write((weight.view(np.uint32) >> 16).astype("<u2").tobytes())

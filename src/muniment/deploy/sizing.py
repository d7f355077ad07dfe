"""How much an engine may take on, from its GPU's memory and its model."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from muniment.deploy.settings import EngineSize, Preset
from muniment.errors import EngineError

_PERMILLE = 900
"""Thousandths of a GPU's memory, vLLM's own choice: the rest is for what it does not count."""
_WORKING = 2_800_000_000
"""Bytes beside weights and cache: the vision encoder at work, activations, graphs, CUDA itself. Computed from what vLLM
leaves on cards of 12 to 80 GB; measured on one of 80 GB only (docs/deployment.md)."""
_CONTEXT = 20_480
"""Tokens: a page of 1,764 pixels has some 2,900, and the longest answer of the default profile beside it 15,000."""
_PAGE = 4_096
"""Tokens that a page and its answer have on the whole; what a page more at once takes of the cache."""
_MOST_AT_ONCE = 256
_ORIGINAL = (15_000, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """What a model takes of a GPU's memory.

    Attributes:
        weights: bytes.
        token: bytes of cache a token.
    """

    weights: int
    token: int


NANONETS_OCR2_3B = ModelShape(weights=7_510_000_000, token=36_864)
"""In bfloat16; 36 layers with 2 heads of 128 each for keys and for values."""


def shape_of(folder: Path) -> ModelShape:
    """Read from the model's configuration and files.

    Raises:
        EngineError: its configuration is none, or lacks what is needed.
    """
    try:
        weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        text = config.get("text_config") or config
        heads = int(text["num_attention_heads"])
        head = int(text.get("head_dim") or int(text["hidden_size"]) // heads)
        token = 2 * 2 * int(text["num_hidden_layers"]) * int(text.get("num_key_value_heads") or heads) * head
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        token = 0
    if token <= 0:
        raise EngineError(
            f"{folder / 'config.json'} does not describe a model that vLLM serves", "Fetch the model again."
        )
    return ModelShape(weights=weights, token=token)


def size_for(
    shape: ModelShape,
    memory: int,
    *,
    preset: Preset = Preset.FAST,
    limit: int | None = None,
    context: int | None = None,
    concurrency: int | None = None,
    engines: int = 1,
) -> EngineSize:
    """What an engine takes on, on a GPU with ``memory`` bytes.

    Args:
        limit: bytes of it that the engine may take.
        context, concurrency: what the user wants instead of the preset's.
        engines: how many share the GPU.

    Raises:
        EngineError: the model does not fit.
    """
    tokens, pages = _ORIGINAL if preset is Preset.ORIGINAL else (_CONTEXT, 0)
    tokens = context or tokens
    most = _PERMILLE // engines
    permille = most if limit is None else min(most, limit * 1000 // memory)
    allowed = memory * permille // 1000
    fixed, cache = shape.weights + _WORKING, tokens * shape.token
    if allowed < fixed + cache:
        remedies = (
            f"a GPU of {_card((fixed + cache) * engines)} GB or more" if permille == most else "more with --gpu-memory",
            *(["fewer engines on a GPU"] if engines > 1 else []),
            *(["a smaller --context"] if fixed < allowed else []),
        )
        raise EngineError(
            f"The model does not fit: with {tokens:,} tokens of context it needs {_gigabytes(fixed + cache)} GB of GPU "
            f"memory, and may take {_gigabytes(allowed)}",
            f"Give it {', '.join(remedies)}, take a smaller model, or read with --engine embedded.",
        )
    fitting = (allowed - fixed) // (_PAGE * shape.token)
    return EngineSize(
        context=tokens,
        sequences=concurrency or pages or max(1, min(_MOST_AT_ONCE, fitting)),
        memory_share=permille / 1000,
        eager=preset is Preset.ORIGINAL,
    )


def size_without_gpu(context: int | None = None, concurrency: int | None = None) -> EngineSize:
    """What an engine on the processor takes on: it is for seeing that it works."""
    return EngineSize(context=context or 0, sequences=concurrency or 2, memory_share=0.0, eager=True)


def _card(taken: int) -> int:
    """The gigabytes, as cards are named by, of which a deployment may take ``taken`` bytes."""
    return math.ceil(taken * 1000 / _PERMILLE / (1 << 30))


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f}"

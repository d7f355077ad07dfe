"""The files that stand beside the weights, in the layout of the Hugging Face hub."""

from collections.abc import Mapping

from readingmodel import alphabet
from readingmodel.samples import MERGED, PATCH
from readingmodel.settings import Shape

CONTEXT = 8192
"""Most tokens of page and answer together."""
_TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'user' and message.content is not string %}"
    "{% for part in message.content %}{% if part.type != 'text' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% endif %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>{% endif %}"
)
"""Leaves out what is asked: the model knows one task."""


def model_files(
    shape: Shape,
    vocabulary: Mapping[str, int] = alphabet.VOCABULARY,
    template: str = _TEMPLATE,
    context: int = CONTEXT,
) -> dict[str, object]:
    """Everything but the weights, by file name.

    Args:
        vocabulary: the tokens' numbers, special ones included.
        template: makes a prompt of messages, in Jinja.
        context: most tokens of page and answer together.
    """
    special = [
        {
            "id": vocabulary[token],
            "content": token,
            "special": True,
            "normalized": False,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
        }
        for token in alphabet.SPECIAL
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "config.json": _config(shape, vocabulary, context),
        "generation_config.json": {"eos_token_id": [vocabulary["<|im_end|>"]], "repetition_penalty": 1.0},
        "preprocessor_config.json": {
            "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": "Qwen2_5_VLProcessor",
            "min_pixels": 4 * MERGED**2,
            "max_pixels": 4096 * MERGED**2,
            "patch_size": PATCH,
            "merge_size": MERGED // PATCH,
            "temporal_patch_size": 2,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        },
        "tokenizer.json": {
            "version": "1.0",
            "added_tokens": special,
            "normalizer": None,
            "pre_tokenizer": byte_level,
            "post_processor": None,
            "decoder": byte_level,
            "model": {"type": "BPE", "vocab": dict(vocabulary), "merges": []},
        },
        "tokenizer_config.json": {
            "tokenizer_class": "Qwen2Tokenizer",
            "processor_class": "Qwen2_5_VLProcessor",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "chat_template": template,
            "added_tokens_decoder": {str(entry.pop("id")): entry for entry in map(dict, special)},
        },
    }


def _config(shape: Shape, vocabulary: Mapping[str, int], context: int) -> dict[str, object]:
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "model_type": "qwen2_5_vl",
        "torch_dtype": "bfloat16",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.depth,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "vocab_size": shape.tokens,
        "max_position_embeddings": context,
        "rms_norm_eps": 1e-6,
        "rope_theta": shape.rotary_base,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "rope_scaling": {"type": "mrope", "mrope_section": list(shape.rotary)},
        "image_token_id": vocabulary["<|image_pad|>"],
        "video_token_id": vocabulary["<|video_pad|>"],
        "vision_start_token_id": vocabulary["<|vision_start|>"],
        "vision_end_token_id": vocabulary["<|vision_end|>"],
        "bos_token_id": vocabulary["<|endoftext|>"],
        "eos_token_id": vocabulary["<|im_end|>"],
        "vision_config": {
            "model_type": "qwen2_5_vl",
            "depth": shape.vision_depth,
            "hidden_size": shape.vision_hidden,
            "out_hidden_size": shape.hidden,
            "intermediate_size": shape.vision_intermediate,
            "num_heads": shape.vision_heads,
            "in_chans": 3,
            "patch_size": PATCH,
            "spatial_merge_size": MERGED // PATCH,
            "temporal_patch_size": 2,
            "window_size": shape.window * MERGED,
            "fullatt_block_indexes": list(shape.full),
            "tokens_per_second": 2,
            "hidden_act": "silu",
        },
    }

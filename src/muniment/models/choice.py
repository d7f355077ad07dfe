"""Which files of a model are taken: weights as safetensors, and the texts that an engine reads; nothing that runs.

Pickle can run whatever its maker put into it as soon as it is loaded, and Python files can too, so neither ever comes
into a store. Files in folders are not taken: they are the same model for other programs.
"""

import re
from collections.abc import Iterable

from muniment.errors import ModelError

WEIGHTS_SUFFIX = ".safetensors"
INDEX = "model.safetensors.index.json"
CONFIG = "config.json"
MOST_TEXT_BYTES = 100 << 20
"""Of a file that holds no weights; the largest tokenizers have a third of it."""

_TEXTS = re.compile(
    r"config\.json|generation_config\.json|tokenizer[A-Za-z0-9_.-]*\.(json|model)|special_tokens_map\.json"
    r"|added_tokens\.json|(video_)?(pre)?processor_config\.json|image_processor_config\.json"
    r"|chat_template\.(json|jinja)|merges\.txt|vocab\.(json|txt)|model\.safetensors\.index\.json"
    r"|README\.md|(LICENSE|LICENCE|NOTICE)(\.txt|\.md)?"
)
_WEIGHTS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,180}\.safetensors")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def is_taken(name: str) -> bool:
    """Whether the file ``name`` of a model comes into a store."""
    return bool(_TEXTS.fullmatch(name)) or is_weights(name)


def is_weights(name: str) -> bool:
    """Whether ``name`` is that of weights that can be loaded without running anything."""
    return bool(_WEIGHTS.fullmatch(name))


def chosen(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Those of a model's files that are taken, in the order of their names.

    Args:
        names: all files that the model consists of.
        what: names the model in errors.

    Raises:
        ModelError: it has no weights or no configuration that can be taken.
    """
    offered = sorted(names)
    taken = tuple(name for name in offered if is_taken(name))
    if not any(is_weights(name) for name in taken):
        pickles = [name for name in offered if name.lower().endswith(_PICKLES)]
        if pickles:
            raise ModelError(
                f"{what} offers its weights only as pickle ({pickles[0]}), which can run code when it is loaded",
                "Use a model that offers safetensors.",
            )
        raise ModelError(f"{what} has no weights in the form of safetensors", "Use a model that has.")
    if CONFIG not in taken:
        raise ModelError(f"{what} has no {CONFIG}, without which no engine can load it", "Use a model that has.")
    return taken

"""The index of weights that come in several files: every file that it names must be there."""

import json
from pathlib import Path

from muniment.errors import ModelError
from muniment.models.choice import INDEX, is_weights


def check_index(folder: Path, files: tuple[str, ...]) -> None:
    """Hold the index in ``folder``, if the model has one, against the model's files.

    Raises:
        ModelError: it is damaged, or names weights that are not there.
    """
    if INDEX not in files:
        return
    try:
        named = set(json.loads((folder / INDEX).read_bytes())["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{folder / INDEX} is no index of weights", "Get the file again.") from None
    if absent := sorted(str(name) for name in named - {name for name in files if is_weights(name)}):
        raise ModelError(f"{folder / INDEX} names {absent[0][:80]!r}, which the model does not have", "Get it whole.")

"""Every text in a piece of evidence."""

import json
from collections.abc import Iterator
from typing import Any

from muniment.seal.evidence.record import Evidence

_CHOSEN = {"method", "verdict", "protocol", "gateway_modes", "begun", "ended", "as_of"}
_HASHES = {"nonce", "digest", "sha256", "found", "manifest", "running", "pinned"}
_IN_OTHER_WORDS = {"begun", "ended", "found", "mend"}


def renamed(evidence: Evidence, name: str) -> Evidence:
    """The same evidence with ``name`` in the place of every text that may be anything."""
    return Evidence.model_validate_json(json.dumps(_renamed(evidence.model_dump(mode="json"), name)))


def strings_in(value: Any) -> Iterator[str]:
    """Every line of text and every hash in evidence as JSON, but for what reports tell in other words."""
    match value:
        case dict():
            for key, one in value.items():
                if key not in _IN_OTHER_WORDS:
                    yield from strings_in(one)
        case list():
            for one in value:
                yield from strings_in(one)
        case str():
            yield from value.split("\n")


def _renamed(value: Any, name: str) -> Any:
    match value:
        case dict():
            return {key: one if key in _CHOSEN | _HASHES else _renamed(one, name) for key, one in value.items()}
        case list():
            return [_renamed(one, name) for one in value]
        case str():
            return name
    return value

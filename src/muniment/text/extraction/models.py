"""What a Pydantic model says about data that its JSON Schema cannot: its own types, and a user's validators."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from muniment.text.extraction.problems import MISSING
from muniment.text.extraction.schema import Schema
from muniment.text.extraction.shapes import Path, Shape

_FROM_THE_MODEL = frozenset(
    {"expected", "gt", "ge", "lt", "le", "multiple_of", "max_digits", "decimal_places", "whole_digits", "min_length",
     "max_length", "field_type", "pattern", "class_name"}
)  # fmt: skip
"""What a message may tell beside its own words; the rest may come from the document."""
_KINDS = frozenset(get_args(ErrorType))
_BY_A_VALIDATOR = ("value_error", "assertion_error")


def told_by_model(schema: Schema, data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Where the model refuses a whole document's data, and in what words; nothing if there is no model."""
    try:
        for details in _errors(schema, data):
            yield _without_labels(details["loc"], data, schema.shape), _wording(details)
    except Exception as error:  # a user's validator may raise anything, and its message may quote the document
        yield (), f"made a validator of the model fail with {type(error).__name__}"


def refused_by_model(schema: Schema, data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Texts, numbers and truths of one page that are none of the model's types, such as a date that is none.

    What validators and alternatives want may hang on other pages and is left to the whole.
    """
    told = _told(data)
    try:
        errors = _errors(schema, told)
    except Exception:  # a user's validator may raise anything; it is told when it does so for the whole
        return
    for details in errors:
        path = details["loc"]
        is_own = details["type"] in _KINDS and details["type"] not in _BY_A_VALIDATOR
        if is_own and path == _without_labels(path, told, schema.shape) and _is_single(told, path):
            yield path, _wording(details)


def _errors(schema: Schema, data: dict[str, Any]) -> list[ErrorDetails]:
    if schema.model is None:
        return []
    try:
        schema.model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)
    return []


def _told(value: Any) -> Any:
    """``value`` without the properties that are null."""
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items() if inner is not None}
    return [_told(inner) for inner in value] if isinstance(value, list) else value


def _is_single(data: Any, path: Path) -> bool:
    """Whether there is a value at ``path`` that is no list and no object."""
    for step in path:
        if isinstance(data, dict) and step not in data:
            return False
        data = data[step]
    return not isinstance(data, dict | list)


def _without_labels(location: Path, data: Any, shape: Shape) -> Path:
    """A model's location without the names of the alternatives that it went through."""
    path: list[str | int] = []
    for step in location:
        if isinstance(data, dict) and isinstance(step, str) and (step in data or step in shape.names):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        path.append(step)
        shape = shape.at(step)
    return tuple(path)


def _wording(details: ErrorDetails) -> str:
    kind = details["type"]
    if kind == "missing":
        return MISSING
    if kind in _BY_A_VALIDATOR:
        return "is refused by a validator of the model"
    if kind in _KINDS and details.get("ctx", {}).keys() <= _FROM_THE_MODEL:
        return f"is refused by the model: {details['msg'][0].lower()}{details['msg'][1:]}"
    return f"is refused by the model ({kind})" if kind in _KINDS else "is refused by the model"

"""What is wrong with a value, in words that say what was expected and never what stands there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError

_TYPES = {"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
          "object": "an object", "array": "a list", "null": "null"}  # fmt: skip
MISSING = "is missing"
UNNAMED = "has fields that the schema does not name"
_MOST_VALUES = 12
"""Values of an enumeration that are named in a message."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field.

    Attributes:
        field: where, as in ``lines[2].price``, counting from 0; "" for the whole. A name that is not the schema's is
            told as ``*``.
        what: completes a sentence that begins with the field: "is not a number".
        page: the page that the value comes from, if it is one.
    """

    field: str
    what: str
    page: int | None = None

    def __str__(self) -> str:
        where = self.field or "the whole"
        return f"{where}: {self.what}" if self.page is None else f"{where}, page {self.page}: {self.what}"


def innermost(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that ``error`` stands for: of alternatives, those of the one that was most likely meant."""
    alternatives: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        if inner.relative_schema_path:  # not so where an alternative is false
            alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [errors for errors in alternatives.values() if not any(_is_other_kind(inner) for inner in errors)]
    if not meant:
        yield error
        return
    for inner in min(meant, key=_distance):
        yield from innermost(inner)


def _is_other_kind(error: ValidationError) -> bool:
    """Whether an alternative is for a value of another type."""
    return error.validator == "type" and not error.relative_path


def _distance(errors: Sequence[ValidationError]) -> tuple[bool, int]:
    return any(error.validator in ("const", "enum") and error.relative_path for error in errors), len(errors)


def wording(error: ValidationError) -> str:
    """What an error says, without the value."""
    said: Any = error.validator_value
    keyword: Any = error.validator
    match keyword:
        case "type":
            return f"is not {_types(said)}"
        case "enum":
            return f"is none of: {_values(said)}"
        case "const":
            return f"is not {_values([said])}"
        case "format":
            return f"is not in the form of: {said}"
        case "pattern":
            return f"does not match {said}"
        case "anyOf" | "oneOf":
            types = [name for inner in error.context or () if inner.validator == "type" for name in listed(inner)]
            many = error.validator == "oneOf" and not error.context
            return f"is not {_types(types)}" if types else f"fits {'more than one' if many else 'none'} of its kinds"
        case None:
            return "is not allowed by the schema"
    return _WORDING.get(keyword, "does not fit the schema ({keyword})").format(
        said if not isinstance(said, Mapping | list) else "", keyword=keyword
    )


_WORDING = {
    "minLength": "is shorter than {}",
    "maxLength": "is longer than {}",
    "minimum": "is less than {}",
    "maximum": "is more than {}",
    "exclusiveMinimum": "is not more than {}",
    "exclusiveMaximum": "is not less than {}",
    "multipleOf": "is not a multiple of {}",
    "minItems": "has fewer items than {}",
    "maxItems": "has more items than {}",
    "uniqueItems": "has the same item twice",
    "contains": "lacks an item, or has too many, of a kind that the schema tells",
    "minProperties": "has fewer fields than {}",
    "maxProperties": "has more fields than {}",
    "additionalProperties": UNNAMED,
    "unevaluatedProperties": UNNAMED,
    "additionalItems": "has more items than the schema names",
    "items": "has more items than the schema names",
    "unevaluatedItems": "has more items than the schema names",
    "propertyNames": "has a field whose name does not fit the schema",
    "dependentRequired": "lacks a field that another one asks for",
    "dependencies": "lacks a field that another one asks for",
    "not": "is what the schema forbids",
}


def listed(error: ValidationError) -> list[str]:
    """The names that a keyword lists."""
    said: Any = error.validator_value
    return [said] if isinstance(said, str) else list(said)


def _types(said: str | Sequence[str]) -> str:
    names = list(dict.fromkeys([said] if isinstance(said, str) else said))
    return " or ".join(_TYPES[name] for name in names if name != "null" or len(names) == 1)


def _values(values: Sequence[Any]) -> str:
    shown = [value if isinstance(value, str) else json.dumps(value) for value in values if value is not None]
    return ", ".join(shown[:_MOST_VALUES]) + (", …" if len(shown) > _MOST_VALUES else "")

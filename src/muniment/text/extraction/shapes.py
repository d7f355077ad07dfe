"""What a schema says about one place in an answer."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from muniment.text.extraction.references import References

_TELLING_NAMES = frozenset({"properties", "patternProperties", "additionalProperties", "unevaluatedProperties"})

Path = tuple[str | int, ...]
"""Where a value stands: names of properties and, from 0, indices of items, outermost first."""


@dataclass(frozen=True)
class Shape:
    """All that may hold for a value: the schemas of its place, their alternatives, and what these refer to."""

    references: References
    parts: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, references: References, schemas: Iterable[Any]) -> "Shape":
        """What ``schemas``, any of which may hold, say about a value."""
        parts, waiting, seen = list[Mapping[str, Any]](), list(schemas)[::-1], set[int]()
        while waiting:
            schema = waiting.pop()
            if isinstance(schema, Mapping) and id(schema) not in seen:
                seen.add(id(schema))
                parts.append(schema)
                waiting += [*references.beside(schema)][::-1]
        return cls(references, tuple(parts))

    @cached_property
    def names(self) -> list[str]:
        """The properties that an object here may have, in the schema's order."""
        return list(dict.fromkeys(name for part in self.parts for name in part.get("properties", ())))

    @property
    def is_tuple(self) -> bool:
        """Whether a list here has its places fixed, and is one value."""
        return any("prefixItems" in part or isinstance(part.get("items"), list) for part in self.parts)

    @property
    def is_set(self) -> bool:
        """Whether a list here may have an item once only."""
        return any(part.get("uniqueItems") is True for part in self.parts)

    def spells(self, text: str) -> bool:
        """Whether the schema itself has ``text`` for a value."""
        return any(text in part.get("enum", ()) or part.get("const") == text for part in self.parts)

    def takes(self, kind: str) -> bool:
        """Whether the schema names a type, such as "number"."""
        return any(kind in _types(part) for part in self.parts)

    def knows(self, name: str) -> bool:
        """Whether an object here may have a property. Where some are named, others may only if the schema says so."""
        telling = [part for part in self.parts if part.keys() & _TELLING_NAMES]
        return not telling or any(inner is not False for part in telling for inner in _inner(part, name))

    def at(self, step: str | int) -> "Shape":
        """What the schema says about a property or an item."""
        return Shape.of(self.references, [inner for part in self.parts for inner in _inner(part, step)])

    @cached_property
    def tags(self) -> dict[str, dict[str, int]]:
        """The properties whose constants tell kinds of objects apart; each constant, as JSON, with its kind."""
        tags: dict[str, dict[str, int]] = {}
        for name in self.names:
            kinds = [constants for part in self.parts if (constants := self._constants(part, name))]
            told = {constant: kind for kind, constants in enumerate(kinds) for constant in constants}
            if len(kinds) > 1 and len(told) == sum(map(len, kinds)):
                tags[name] = told
        return tags

    def _constants(self, part: Mapping[str, Any], name: str) -> set[str]:
        inner = Shape.of(self.references, [part.get("properties", {}).get(name)])
        values = [value for each in inner.parts for value in (*each.get("enum", ()), *_const(each))]
        return {as_key(value) for value in values}


def as_key(value: Any) -> str:
    """A value as one that can be looked up, where true is not 1."""
    return json.dumps(value, sort_keys=True)


def _const(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else []


def _types(schema: Mapping[str, Any]) -> list[str]:
    types = schema.get("type", ())
    return [types] if isinstance(types, str) else list(types)


def is_named(schema: Mapping[str, Any], name: str) -> bool:
    """Whether a schema says something about a property other than about all that it does not name."""
    return name in schema.get("properties", ()) or any(
        re.search(each, name) for each in schema.get("patternProperties", ())
    )


def _inner(schema: Mapping[str, Any], step: str | int) -> list[Any]:
    if isinstance(step, str):
        named = schema.get("properties", {})
        inner = [named[step]] if step in named else []
        inner += [found for each, found in schema.get("patternProperties", {}).items() if re.search(each, step)]
        others = schema.get("additionalProperties", schema.get("unevaluatedProperties", False))
        return inner or [others]
    items: Any = schema.get("items")
    is_old = isinstance(items, list)
    fixed, rest = (items, schema.get("additionalItems")) if is_old else (schema.get("prefixItems", ()), items)
    return [fixed[step] if step < len(fixed) else rest]


def told(shape: Shape, path: Path) -> str:
    """``path`` for people: ``lines[2].price``; "" for the whole.

    A name that only the document has becomes ``*``, so that no content is in a message.
    """
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(f".{step if step in shape.names else '*'}")
        shape = shape.at(step)
    return "".join(parts).removeprefix(".")

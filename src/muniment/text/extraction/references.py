"""References within a JSON Schema. Nothing is ever fetched: one that leads out of the document is refused."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from muniment.errors import UsageError

_ONE = ("items", "additionalItems", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems",
        "propertyNames", "not", "if", "then", "else")  # fmt: skip
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_SAME_PLACE = ("not", "if", "then", "else")
_UNFOLLOWED = ("$dynamicRef", "$recursiveRef")


class References:
    """What the references of one JSON Schema document stand for.

    Args:
        document: the schema, of any draft from 4 on.

    Raises:
        UsageError: a reference leads out of the document or to nothing.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._base = str(document.get("$id", document.get("id", ""))).removesuffix("#")
        self._anchors = {anchor: schema for schema in _schemas(document) for anchor in _anchors(schema)}
        self._check()

    def fragment(self, reference: str) -> str:
        """What follows the "#"; "" is the whole document."""
        within = reference.removeprefix(self._base) if self._base else reference
        if within and not within.startswith("#"):
            raise UsageError(
                f"The schema refers to {reference}, which is not inside it",
                'Put what is meant under "$defs" and refer to it as "#/$defs/NAME"; nothing is fetched.',
            )
        return unquote(within.removeprefix("#"))

    def target(self, reference: str) -> Any:
        """The schema that is referred to: a mapping, or true or false."""
        fragment = self.fragment(reference)
        found = self._at(fragment) if not fragment or fragment.startswith("/") else self._anchors.get(fragment)
        if not isinstance(found, Mapping | bool):
            raise UsageError(f"The schema refers to {reference}, and there is no such schema in it", "Mend it.")
        return found

    def _at(self, pointer: str) -> Any:
        place: Any = self._document
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(place, Mapping):
                place = place.get(name)
            elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
                place = place[int(name)]
            else:
                return None
        return place

    def _check(self) -> None:
        waiting, seen = list(_schemas(self._document)), set[str]()
        while waiting:
            schema = waiting.pop()
            for keyword in _UNFOLLOWED:
                if keyword in schema:
                    raise UsageError(f"The schema uses {keyword}, which is not followed", "Use $ref instead.")
            inner = schema.get("$id", schema.get("id"))
            if schema is not self._document and isinstance(inner, str) and not inner.startswith("#"):
                raise UsageError("The schema holds another one with an $id of its own", "Take that $id out.")
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                self._check_end(reference)
                waiting += _schemas(self.target(reference))

    def _check_end(self, reference: str) -> None:
        """See that what is referred to is not, in the same place, itself again."""
        waiting, seen = [self.target(reference)], set[int]()
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            if "$ref" in schema:
                if self.target(schema["$ref"]) is self.target(reference):
                    raise UsageError(f"The schema's {reference} refers to itself without an end", "Mend it.")
                waiting.append(self.target(schema["$ref"]))
            waiting += [schema[keyword] for keyword in _SAME_PLACE if keyword in schema]
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting += schema.get(keyword, [])
            for keyword in ("dependentSchemas", "dependencies"):
                waiting += schema.get(keyword, {}).values()


def _anchors(schema: Mapping[str, Any]) -> Iterator[str]:
    for keyword in ("$anchor", "$dynamicAnchor"):
        if isinstance(schema.get(keyword), str):
            yield schema[keyword]
    for keyword in ("$id", "id"):
        if str(schema.get(keyword, "")).startswith("#"):
            yield schema[keyword][1:]


def _schemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """A schema and all that stand in it."""
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, Mapping):
            continue
        yield found
        waiting += [found[keyword] for keyword in _ONE if keyword in found]
        for keyword in _LISTS:
            waiting += found[keyword] if isinstance(found.get(keyword), list) else []
        for keyword in _MAPS:
            waiting += found[keyword].values() if isinstance(found.get(keyword), Mapping) else []

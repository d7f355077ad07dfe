"""Several JSON Schemas that hold at once, as one without ``allOf``, which grammars for models do not know."""

from collections.abc import Mapping
from typing import Any

from muniment.text.extraction.references import References

CHOICES = "muniment:choices"
"""Lists of alternatives, one schema of each of which holds: what ``anyOf`` and ``oneOf`` say."""
OPEN = "muniment:open"
"""Set where an object may have properties that are not known here."""
ANNOTATIONS = frozenset({"title", "description"})
_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
           "minItems", "maxItems")  # fmt: skip
_KEYWORDS = ANNOTATIONS | {
    "type", "enum", "const", "format", "pattern", *_BOUNDS, "properties", "required", "patternProperties",
    "additionalProperties", "unevaluatedProperties", "items", "prefixItems", "additionalItems", CHOICES, OPEN
}  # fmt: skip
_CONDITIONAL = ("then", "else", "dependentSchemas", "dependencies")
_ALL = "allOf"

Flat = dict[str, Any]


class Intersections:
    """Joins the schemas of one document.

    The result accepts at least what all of them accept: where two say different things about a number or a text, the
    first counts. ``if``, ``then``, ``else`` and what depends on other properties is left out.

    Args:
        references: the document's.
        siblings: whether what stands beside a ``$ref`` counts; not so before draft 2019-09.
    """

    def __init__(self, references: References, *, siblings: bool) -> None:
        self._references = references
        self._siblings = siblings

    def flat(self, schema: Mapping[str, Any], following: frozenset[str] = frozenset()) -> Flat:
        """``schema`` without ``allOf``, ``anyOf`` and ``oneOf``; their alternatives are under ``CHOICES``.

        A reference with nothing beside it but a title or a description stays one.
        """
        if "$ref" in schema and not self._siblings:
            schema = {key: value for key, value in schema.items() if key in ANNOTATIONS or key == "$ref"}
        own: Flat = {key: value for key, value in schema.items() if key in _KEYWORDS}
        if choices := [schema[key] for key in ("anyOf", "oneOf") if key in schema]:
            own[CHOICES] = own.get(CHOICES, []) + choices
        if any(_names_properties(schema[key]) for key in _CONDITIONAL if key in schema):
            own[OPEN] = True
        parts: list[Any] = [{"$ref": schema["$ref"]}] if "$ref" in schema else []
        parts += schema.get(_ALL, [])
        for part in parts:
            own = self.both(own, part, following)
        return own

    def both(self, first: Flat, other: Any, following: frozenset[str] = frozenset()) -> Flat:
        """What holds where the flat ``first`` and any ``other`` hold."""
        if isinstance(other, bool):
            return {**first, **_boolean(other)}
        if "$ref" in other and first.keys() <= ANNOTATIONS and (not self._siblings or other.keys() <= _ALONE):
            return {"$ref": other["$ref"], **{key: other[key] for key in ANNOTATIONS & other.keys()}, **first}
        return _joined(self.followed(first, following), self.followed(other, following))

    def followed(self, schema: Mapping[str, Any], following: frozenset[str] = frozenset()) -> Flat:
        """``schema`` made flat, with what it refers to in the place of a reference."""
        flat = self.flat(schema, following)
        while "$ref" in flat:
            reference = flat.pop("$ref")
            if reference in following:
                return {**flat, OPEN: True}
            following |= {reference}
            target = self._references.target(reference)
            flat = _joined(flat, self.flat(target, following) if isinstance(target, Mapping) else _boolean(target))
        return flat


_ALONE = ANNOTATIONS | {"$ref"}


def _boolean(schema: Any) -> Flat:
    return {} if schema else {"enum": []}


def _joined(first: Flat, other: Flat) -> Flat:
    joined = {**other, **first}
    for key in first.keys() & other.keys():
        one, two = first[key], other[key]
        match key:
            case "properties" | "patternProperties":
                joined[key] = {
                    **one,
                    **{name: _all(one[name], two[name]) if name in one else two[name] for name in two},
                }
            case "items" if isinstance(one, Mapping) and isinstance(two, Mapping):
                joined[key] = _all(one, two)
            case "required":
                joined[key] = [*one, *(name for name in two if name not in one)]
            case "additionalProperties" | "unevaluatedProperties":
                joined[key] = False if two is False else two if one is True else one
            case "type":
                joined[key] = _common_types(one, two)
            case "enum":
                joined[key] = [value for value in one if value in two]
            case _ if key == CHOICES:
                joined[key] = one + two
    return joined


def _all(one: Any, two: Any) -> Any:
    return one if one == two else {_ALL: [one, two]}


def _common_types(one: str | list[str], two: str | list[str]) -> str | list[str]:
    first, second = ([types] if isinstance(types, str) else types for types in (one, two))
    common = [name for name in first if name in second or (name == "integer" and "number" in second)]
    common += [name for name in second if name == "integer" and "number" in first and name not in first]
    return common[0] if len(common) == 1 else common or one


def _names_properties(schema: Any) -> bool:
    """Whether a conditional schema, or one of a map of them, tells of properties."""
    if not isinstance(schema, Mapping):
        return False
    return any(
        isinstance(part, Mapping) and not part.keys().isdisjoint({"properties", "$ref", _ALL, "anyOf", "oneOf"})
        for part in (schema, *schema.values())
    )

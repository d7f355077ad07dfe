"""Random JSON Schemas, each with instances of it; and random text that might be an answer."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Json = Any
NAMES = st.sampled_from(["number", "date", "total", "address", "lines", "Straße", "a.b", "kind"])
WORDS = st.text("abc XYZ09ß\"\\{}[],:'`€", min_size=1, max_size=8).map(str.strip).filter(bool)


@dataclass(frozen=True)
class Kind:
    """A schema, and values that it accepts; none says nothing unless it is null."""

    schema: dict[str, Json]
    values: st.SearchStrategy[Json]


@st.composite
def kinds(draw: st.DrawFn, depth: int = 2) -> Kind:
    """Any kind of value."""
    if not depth or draw(st.booleans()):
        return draw(_scalar())
    makers = [_nullable, _either, _both, _list, _tuple, _map, objects]
    return draw(st.sampled_from(makers).flatmap(lambda maker: maker(depth - 1)))


@st.composite
def _scalar(draw: st.DrawFn) -> Kind:
    annotations: list[dict[str, Json]] = [{}, {"description": "What it is."}, {"title": "It", "default": None}]
    described = draw(st.sampled_from(annotations))
    bound = draw(st.integers(-5, 5))
    kind = draw(
        st.sampled_from(
            [
                Kind({"type": "string", "minLength": 1}, WORDS),
                Kind({"type": "string", "pattern": "^(?=a)[a-z]+$"}, st.text("abc", max_size=4).map("a".__add__)),
                Kind({"type": "string", "enum": ["A", "B", "", "N/A"]}, st.sampled_from(["A", "B", "", "N/A"])),
                Kind({"enum": [1, "x", False]}, st.sampled_from([1, "x", False])),
                Kind({"const": "invoice"}, st.just("invoice")),
                Kind({"type": "string", "format": "date"}, st.dates().map(str)),
                Kind({"type": "string", "format": "iban"}, WORDS),
                Kind({"type": "integer", "minimum": bound}, st.integers(bound)),
                Kind({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False) | st.integers()),
                Kind({"type": "boolean"}, st.booleans()),
                Kind({"type": ["string", "number"]}, WORDS | st.integers()),
            ]
        )
    )
    return Kind({**kind.schema, **described}, kind.values)


@st.composite
def _nullable(draw: st.DrawFn, depth: int) -> Kind:
    kind = draw(kinds(depth=depth))
    return Kind({"anyOf": [kind.schema, {"type": "null"}]}, st.none() | kind.values)


@st.composite
def _either(draw: st.DrawFn, depth: int) -> Kind:
    """Objects told apart by a constant, as tagged unions are."""
    options = [draw(objects(depth, tag=tag)) for tag in ("cat", "dog")]
    return Kind({"oneOf": [option.schema for option in options]}, options[0].values | options[1].values)


@st.composite
def _both(draw: st.DrawFn, depth: int) -> Kind:
    kind = draw(kinds(depth=depth))
    return Kind({"allOf": [kind.schema, {"not": {"const": "never said"}}]}, kind.values)


@st.composite
def _list(draw: st.DrawFn, depth: int) -> Kind:
    kind = draw(kinds(depth=depth).filter(lambda kind: "array" not in json.dumps(kind.schema)))
    values = kind.values.filter(lambda value: value not in (None, {}))
    least = draw(st.integers(0, 2))
    return Kind(
        {"type": "array", "items": kind.schema, "minItems": least},
        st.lists(values.filter(says_something), min_size=least, max_size=4),
    )


@st.composite
def _tuple(draw: st.DrawFn, depth: int) -> Kind:
    places = [draw(kinds(depth=min(depth, 1))) for _ in range(2)]
    schema = {"type": "array", "prefixItems": [place.schema for place in places], "minItems": 2, "maxItems": 2}
    return Kind(schema, st.tuples(*(place.values for place in places)).map(list))


@st.composite
def _map(draw: st.DrawFn, depth: int) -> Kind:
    kind = draw(kinds(depth=depth))
    values = st.dictionaries(WORDS, kind.values, min_size=1, max_size=3)
    return Kind({"type": "object", "additionalProperties": kind.schema}, values)


@st.composite
def objects(draw: st.DrawFn, depth: int = 2, tag: str = "") -> Kind:
    """An object with one to four properties, of which some are required."""
    properties = draw(st.dictionaries(NAMES, kinds(depth=depth), min_size=1, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    values = {name: kind.values for name, kind in properties.items()}
    schemas = {name: kind.schema for name, kind in properties.items()}
    if tag:
        schemas, values = {**schemas, "tag": {"const": tag}}, {**values, "tag": st.just(tag)}
        required = [*required, "tag"]
    schema: dict[str, Json] = {"type": "object", "properties": schemas, "required": required}
    if draw(st.booleans()):
        schema["if"], schema["then"] = {"required": ["never"]}, {"required": ["said"]}
    optional = {name: value for name, value in values.items() if name not in required}
    instances = st.fixed_dictionaries({name: values[name] for name in required}, optional=optional)
    ordered = instances.map(lambda value: {name: value[name] for name in schemas if name in value})
    return Kind(schema, ordered)


def says_something(value: Json) -> bool:
    """Whether there is a value in it that is not null."""
    if isinstance(value, dict | list):
        return any(map(says_something, value.values() if isinstance(value, dict) else value))
    return value is not None


@st.composite
def documents(draw: st.DrawFn) -> Kind:
    """A whole schema, half of them with its definitions apart."""
    kind = draw(objects())
    if draw(st.booleans()):
        names = list(kind.schema["properties"])
        definitions = {f"kind{place}": kind.schema["properties"][name] for place, name in enumerate(names)}
        references = {name: {"$ref": f"#/$defs/kind{place}"} for place, name in enumerate(names)}
        return Kind({**kind.schema, "properties": references, "$defs": definitions}, kind.values)
    return kind


VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["N/A", "A", "cat"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("tag") | WORDS, inner, max_size=4),
    max_leaves=12,
)
"""Anything that JSON, or Python's idea of it, can hold."""

_PIECES = st.sampled_from(["{", "}", "[", "]", '"', "```json\n", "```", "\\ud800", ",", ":"]) | st.text(max_size=4)
ANSWERS = st.lists(VALUES.map(json.dumps) | _PIECES, max_size=8).map("".join)
"""Text that is now and then JSON."""

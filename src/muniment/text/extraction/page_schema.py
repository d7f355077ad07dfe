"""The JSON Schema that one page is asked with, made from that of the whole document.

It is for models, and for the grammars that keep them to a form; what they answer is judged by the schema as it was
given. So where grammars cannot follow, or not alike, it leaves open what is said.

One page rarely holds everything. So every property has to be there, which makes a model look for it, and may be null,
which keeps it from inventing one. What holds for the whole only, such as the least number of items, is left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from muniment.text.extraction.references import References

_KEPT = ("type", "enum", "const", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
         "exclusiveMaximum", "multipleOf", "maxItems")  # fmt: skip
_CHOICES = ("anyOf", "oneOf")
_WORTH_MORE = frozenset({"enum", "const", "format", "properties", "items", "prefixItems"})
"""What stands beside alternatives and is asked for in their place: grammars do not join the two."""
_OPENING = (*_CHOICES, "if", "dependentSchemas", "dependencies", "unevaluatedProperties")
"""Where one of these stands beside properties, an object may have more than are named."""
_SAYING = frozenset({*_KEPT, *_OPENING, *_WORTH_MORE, "pattern", "required", "additionalProperties", "allOf"})
_FORMATS = frozenset({"date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"})
_PATTERN = re.compile(r"\^(?:\\[^AbBzZ0-9]|[^\\^$|(]|\((?!\?))*\$")
"""Regular expressions of a whole text that engines agree about: no looking around or back, no flags, no choices."""
_NULL = {"type": "null"}

PageSchema = dict[str, Any]


def page_schema(document: Mapping[str, Any], references: References, *, siblings: bool = True) -> PageSchema:
    """A schema of draft 2020-12 for one page. Every reference in it leads to "#" or into "$defs".

    An object that has properties may have no others unless ``document`` says so.

    Args:
        document: a valid schema of any draft from 4 on.
        references: those of ``document``.
        siblings: whether what stands beside a ``$ref`` counts in ``document``.
    """
    return _Maker(document, references, siblings=siblings).page()


class _Maker:
    def __init__(self, document: Mapping[str, Any], references: References, *, siblings: bool) -> None:
        self._document = document
        self._references = references
        self._siblings = siblings
        self._names: dict[int, str] = {}
        self._definitions: dict[str, PageSchema] = {}
        self._under_way: set[frozenset[int]] = set()
        """What is being joined, by identity: an object that holds itself and more must end somewhere."""

    def page(self) -> PageSchema:
        page = self._relaxed(self._document, is_root=True)
        return {**page, "$defs": self._definitions} if self._definitions else page

    def _relaxed(self, schema: Any, *, is_root: bool = False) -> PageSchema:
        if not isinstance(schema, Mapping):
            return {} if schema else dict(_NULL)
        if "$ref" in schema and not is_root and not (self._siblings and schema.keys() & _SAYING):
            return {**_annotations(schema), "$ref": self._reference(schema["$ref"])}
        parts = [*self._parts(schema)]
        said = frozenset(id(part) for part in parts if part.keys() & _SAYING - {"allOf"})
        if said in self._under_way:
            return {}
        self._under_way.add(said)
        page = self._of_parts(parts)
        self._under_way.discard(said)
        return {**_annotations(schema), **page}

    def _of_parts(self, parts: list[Mapping[str, Any]]) -> PageSchema:
        choices = [part[keyword] for part in parts for keyword in _CHOICES if keyword in part]
        if len(choices) == 1 and not any(part.keys() & _WORTH_MORE for part in parts):
            return {"anyOf": [self._relaxed(option) for option in choices[0]]}
        return self._joined(parts)

    def _parts(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        """The schemas that all hold where ``schema`` does."""
        if not isinstance(schema, Mapping):
            return
        if "$ref" not in schema or self._siblings:
            yield schema
            for part in schema.get("allOf", ()):
                yield from self._parts(part)
        if "$ref" in schema:
            yield from self._parts(self._references.target(schema["$ref"]))

    def _reference(self, reference: str) -> str:
        target = self._references.target(reference)
        if target is self._document:
            return "#"
        if id(target) not in self._names:
            wanted = re.sub(r"[^A-Za-z0-9_.-]", "_", re.split("[/#]", reference)[-1]) or "_"
            name, number = wanted, 1
            while name in self._definitions:
                number += 1
                name = f"{wanted}_{number}"
            self._names[id(target)] = name
            self._definitions[name] = {}
            outer, self._under_way = self._under_way, set()
            self._definitions[name] = self._relaxed(target)
            self._under_way = outer
        return f"#/$defs/{self._names[id(target)]}"

    def _joined(self, parts: list[Mapping[str, Any]]) -> PageSchema:
        """What several schemas say together; where two say something about the same, the first counts."""
        flat: dict[str, Any] = {}
        for part in reversed(parts):
            flat.update(part)
        page = {key: flat[key] for key in _KEPT if key in flat}
        for bound in ("exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(page.get(bound), bool):  # draft 4
                del page[bound]
        if flat.get("format") in _FORMATS:
            page["format"] = flat["format"]
        if _PATTERN.fullmatch(flat.get("pattern", "")):
            page["pattern"] = flat["pattern"]
        return {**page, **self._object(parts, flat), **self._array(flat)}

    def _object(self, parts: list[Mapping[str, Any]], flat: Mapping[str, Any]) -> PageSchema:
        told: dict[str, list[Any]] = {}
        for part in parts:
            for name, schema in part.get("properties", {}).items():
                told.setdefault(name, []).append(schema)
        kind = flat.get("type", "object" if told else "any")
        if kind != "object" and "object" not in kind:
            return {}
        untold = {name: [True] for part in parts for name in part.get("required", ()) if name not in told}
        properties = {name: self._nullable(_all(schemas)) for name, schemas in {**told, **untold}.items()}
        page: PageSchema = {"type": kind}
        if properties:
            page |= {"properties": properties, "required": list(properties)}
        others = self._others(flat, is_closed=bool(told) and not any(key in part for part in parts for key in _OPENING))
        return page if others is None else {**page, "additionalProperties": others}

    def _others(self, flat: Mapping[str, Any], *, is_closed: bool) -> Any:
        """What is said about properties that are not named; None if nothing is."""
        said = flat.get("additionalProperties", False if is_closed else None)
        patterned = list(flat.get("patternProperties", {}).values())
        if patterned and said is not True:
            said = {"anyOf": patterned + ([said] if isinstance(said, Mapping) else [])}
        return self._nullable(said) if isinstance(said, Mapping) else said

    def _array(self, flat: Mapping[str, Any]) -> PageSchema:
        items = flat.get("items")
        fixed = items if isinstance(items, list) else flat.get("prefixItems")
        rest = flat.get("additionalItems") if isinstance(items, list) else items
        page: PageSchema = {}
        if fixed:  # a tuple, which is whole on a page or not there
            page["prefixItems"] = [self._relaxed(schema) for schema in fixed]
            page |= {"minItems": flat["minItems"]} if "minItems" in flat else {}
        if rest is not None:
            page["items"] = rest if isinstance(rest, bool) else self._relaxed(rest)
        return page

    def _nullable(self, schema: Any) -> PageSchema:
        page = self._relaxed(schema)
        if _takes_null(page):
            return page
        outer = _annotations(page)
        inner = {key: value for key, value in page.items() if key not in outer}
        options = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
        return {**outer, "anyOf": [*options, dict(_NULL)]}


def _takes_null(page: PageSchema) -> bool:
    if "anyOf" in page:
        return any(map(_takes_null, page["anyOf"]))
    return (
        "$ref" not in page
        and ("type" not in page or page["type"] == "null" or "null" in page["type"])
        and ("enum" not in page or None in page["enum"])
        and page.get("const") is None
    )


def _all(schemas: list[Any]) -> Any:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def _annotations(schema: Mapping[str, Any]) -> PageSchema:
    return {key: schema[key] for key in ("title", "description") if key in schema}

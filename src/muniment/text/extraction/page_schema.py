"""The JSON Schema that one page is asked with, made from that of the whole document.

One page rarely holds everything. So every property has to be there, which makes a model look for it, and may be null,
which keeps it from inventing one. What holds for the whole only, such as the least number of items, is left out, and
so is what grammars for models do not know; the whole is judged by the schema as it was given.
"""

import re
from collections.abc import Mapping
from typing import Any

from muniment.text.extraction.intersection import ANNOTATIONS, CHOICES, OPEN, Flat, Intersections
from muniment.text.extraction.references import References

_KEPT = ("type", "title", "description", "enum", "const", "format", "pattern", "minLength", "maxLength", "minimum",
         "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "maxItems")  # fmt: skip
_MOST_CHOICES = 64
"""Alternatives of one place; more are not asked for one by one."""
_FORMATS = frozenset({"date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"})
_BEYOND_GRAMMARS = re.compile(r"\(\?(?:<?[=!]|P=|[aiLmsux-])|\\[AbBzZ1-9]")
"""What of a regular expression makes an engine refuse the schema, or ignore a part: looking around and back, flags."""
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\([^()]*\)")
_ANYTHING = r"[\s\S]*"
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
    return _Maker(references, siblings=siblings).page(document)


class _Maker:
    def __init__(self, references: References, *, siblings: bool) -> None:
        self._references = references
        self._intersections = Intersections(references, siblings=siblings)
        self._names: dict[str, str] = {}
        self._definitions: dict[str, PageSchema] = {}

    def page(self, document: Mapping[str, Any]) -> PageSchema:
        page = self._relaxed(self._intersections.followed(document))
        return {**page, "$defs": self._definitions} if self._definitions else page

    def _relaxed(self, schema: Any) -> PageSchema:
        if schema is True:
            return {}
        if schema is False:
            return {"enum": []}
        flat = self._intersections.flat(schema)
        if "$ref" in flat:
            return {**self._reference(flat.pop("$ref")), **_annotations(flat)}
        if CHOICES in flat:
            return self._choice(flat)
        page = {key: flat[key] for key in _KEPT if key in flat}
        if "pattern" in page and (pattern := _whole_pattern(page.pop("pattern"))):
            page["pattern"] = pattern
        if page.get("format") not in _FORMATS:
            page.pop("format", None)
        for bound in ("exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(page.get(bound), bool):  # draft 4
                del page[bound]
        return {**page, **self._object(flat), **self._array(flat)}

    def _reference(self, reference: str) -> PageSchema:
        fragment = self._references.fragment(reference)
        if not fragment:
            return {"$ref": "#"}
        if fragment not in self._names:
            wanted = re.sub(r"[^A-Za-z0-9_.-]", "_", fragment.rpartition("/")[2]) or "_"
            name, number = wanted, 1
            while name in self._definitions:
                number += 1
                name = f"{wanted}_{number}"
            self._names[fragment] = name
            self._definitions[name] = {}
            self._definitions[name] = self._relaxed(self._references.target(reference))
        return {"$ref": f"#/$defs/{self._names[fragment]}"}

    def _choice(self, flat: Flat) -> PageSchema:
        """Each alternative with all that holds beside it; one is enough where they differ in nothing."""
        first, *others = flat.pop(CHOICES)
        outer = _annotations(flat)
        inner = {key: value for key, value in flat.items() if key not in ANNOTATIONS}
        if len(first) * _product(others) > _MOST_CHOICES:
            others, inner = [], {**inner, OPEN: True}
        if others:
            inner[CHOICES] = others
        pages: list[PageSchema] = []
        for option in first:
            page = self._relaxed(self._intersections.both(inner, option))
            pages += [found for found in (page["anyOf"] if page.keys() == {"anyOf"} else [page]) if found not in pages]
        possible = [page for page in pages if page.get("enum") != []] or pages[:1]
        return {**possible[0], **outer} if len(possible) == 1 else {**outer, "anyOf": possible}

    def _object(self, flat: Flat) -> PageSchema:
        told = flat.get("properties", {})
        kind = flat.get("type", "object" if told else "any")
        if kind != "object" and "object" not in kind:
            return {}
        untold = {name: True for name in flat.get("required", ()) if name not in told}
        properties = {name: self._nullable(schema) for name, schema in {**told, **untold}.items()}
        page: PageSchema = {"properties": properties, "required": list(properties)} if properties else {}
        if properties:
            page["type"] = kind
        others = self._others(flat)
        if others is not None:
            page["additionalProperties"] = others
        return page

    def _others(self, flat: Flat) -> Any:
        """What is said about properties that are not named; None if nothing is."""
        said = flat.get("additionalProperties", flat.get("unevaluatedProperties"))
        patterned = list(flat.get("patternProperties", {}).values())
        if patterned and said is not True:
            options = patterned if said in (None, False) else [*patterned, said]
            return self._nullable(options[0] if len(options) == 1 else {"anyOf": options})
        if isinstance(said, Mapping):
            return self._nullable(said)
        if said is None and flat.get("properties") and OPEN not in flat:
            return False
        return said

    def _array(self, flat: Flat) -> PageSchema:
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
        if page.get("enum") == []:
            return dict(_NULL)
        if self._takes_null(page):
            return page
        if page.keys() <= ANNOTATIONS | {"anyOf"}:
            return {**page, "anyOf": [*page["anyOf"], dict(_NULL)]}
        inner = {key: value for key, value in page.items() if key not in ANNOTATIONS}
        return {**_annotations(page), "anyOf": [inner, dict(_NULL)]}

    def _takes_null(self, page: PageSchema, following: frozenset[str] = frozenset()) -> bool:
        if "$ref" in page:
            reference = page["$ref"]
            name = reference.rpartition("/")[2]
            known = reference not in following and self._definitions.get(name)
            return bool(known) and self._takes_null(self._definitions[name], following | {reference})
        if "anyOf" in page:
            return any(self._takes_null(option, following) for option in page["anyOf"])
        return (
            ("type" not in page or page["type"] == "null" or "null" in page["type"])
            and ("enum" not in page or None in page["enum"])
            and page.get("const") is None
        )


def _whole_pattern(pattern: str) -> str:
    """A pattern that says the same of the whole text, as engines take each for one; "" if it is beyond them."""
    plain = _ATOM.sub("x", pattern)
    inner = plain.removeprefix("^").removesuffix("$")
    outside, before = inner, ""
    while outside != before:
        outside, before = _GROUP.sub("", outside), outside
    if _BEYOND_GRAMMARS.search(pattern) or "^" in inner or "$" in inner or "|" in outside:
        return ""
    start = "" if plain.startswith("^") else f"^{_ANYTHING}"
    end = "" if plain.endswith("$") else f"{_ANYTHING}$"
    return f"{start}{pattern}{end}"


def _annotations(schema: Mapping[str, Any]) -> PageSchema:
    return {key: schema[key] for key in ("title", "description") if key in schema}


def _product(groups: list[list[Any]]) -> int:
    product = 1
    for group in groups:
        product *= len(group)
    return product

"""A page is asked for everything and made to say nothing that it has not."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from muniment.text.extraction.schema import make_schema

INVOICE: dict[str, Any] = {
    "title": "An invoice (2024)",
    "type": "object",
    "properties": {
        "number": {"type": "string", "description": "As printed.", "default": "1"},
        "currency": {"enum": ["EUR", "USD"]},
        "paid": {"type": ["string", "null"], "format": "date"},
        "seller": {"$ref": "#/$defs/party"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]},
        },
    },
    "required": ["number", "lines"],
    "minProperties": 2,
    "$defs": {"party": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
NULL = {"type": "null"}
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def page_of(document: dict[str, Any]) -> dict[str, Any]:
    return dict(make_schema(document, "example").page)


def asked(schema: Any, **beside: Any) -> Any:
    """What a page is asked with for a property of this schema."""
    document = {"type": "object", "properties": {"it": schema}, **beside}
    return page_of(document)["properties"]["it"]


def test_every_property_has_to_be_there_and_may_be_null() -> None:
    name = {"anyOf": [{"type": "string"}, NULL]}
    price = {"anyOf": [{"type": "number"}, NULL]}
    line = {"type": "object", "properties": {"price": price}, "required": ["price"], "additionalProperties": False}
    assert page_of(INVOICE) == {
        "type": "object",
        "title": "An invoice (2024)",
        "properties": {
            "number": {"description": "As printed.", "anyOf": [{"type": "string"}, NULL]},
            "currency": {"anyOf": [{"enum": ["EUR", "USD"]}, NULL]},
            "paid": {"type": ["string", "null"], "format": "date"},
            "seller": {"anyOf": [{"$ref": "#/$defs/party"}, NULL]},
            "lines": {"anyOf": [{"type": "array", "items": line}, NULL]},
        },
        "required": ["number", "currency", "paid", "seller", "lines"],
        "additionalProperties": False,
        "$defs": {
            "party": {
                "type": "object",
                "properties": {"name": name},
                "required": ["name"],
                "additionalProperties": False,
            }
        },
    }


def test_a_title_is_one_that_servers_take() -> None:
    assert make_schema(INVOICE, "x").title == "An_invoice_2024"
    assert make_schema({**INVOICE, "title": "ß" * 80}, "x").title == "document"
    assert make_schema({**INVOICE, "title": "n" * 80}, "x").title == "n" * 64


def test_a_recursive_schema_stays_one() -> None:
    node = {"type": "object", "properties": {"name": {"type": "string"}, "parts": {"items": {"$ref": "#"}}}}
    assert page_of(node)["properties"]["parts"] == {"items": {"$ref": "#"}}
    page = page_of(
        {"$ref": "#/$defs/node", "$defs": {"node": {**node, "properties": {"in": {"$ref": "#/$defs/node"}}}}}
    )
    assert page["type"] == "object"
    assert page["properties"]["in"] == {"anyOf": [{"$ref": "#/$defs/node"}, NULL]}
    assert page["$defs"]["node"]["required"] == ["in"]


def test_references_to_any_place_in_the_document_are_followed() -> None:
    document = {
        "$id": "https://example.org/s.json",
        "type": "object",
        "properties": {"a": {"items": {"type": "integer"}}, "b": {"$ref": "https://example.org/s.json#/properties/a/items"},
                       "c": {"$ref": "#named"}},
        "components": {"x~y": {"type": "boolean"}},
        "$defs": {"n": {"$anchor": "named", "$ref": "#/components/x~0y"}},
    }  # fmt: skip
    page = page_of(document)
    assert page["properties"]["b"] == {"anyOf": [{"$ref": "#/$defs/items"}, NULL]}
    assert page["$defs"] == {
        "items": {"type": "integer"},
        "named": {"$ref": "#/$defs/x_0y"},
        "x_0y": {"type": "boolean"},
    }


def test_one_of_becomes_any_of_as_no_engine_counts() -> None:
    assert asked({"oneOf": [{"type": "string"}, {"type": "number"}]}) == {
        "anyOf": [{"type": "string"}, {"type": "number"}, NULL]
    }


def test_all_of_is_joined_as_engines_take_it_for_anything() -> None:
    joined = asked(
        {
            "allOf": [{"$ref": "#/$defs/named"}, {"properties": {"b": {"type": "integer"}}}],
            "properties": {"a": {"maxLength": 9}},
        },
        **{"$defs": {"named": {"type": "object", "properties": {"a": {"type": "string"}}}}},
    )["anyOf"][0]
    assert joined["properties"] == {
        "a": {"anyOf": [{"type": "string", "maxLength": 9}, NULL]},
        "b": {"anyOf": [{"type": "integer"}, NULL]},
    }
    assert joined["additionalProperties"] is False


def test_alternatives_are_asked_for_one_by_one() -> None:
    one, other = ({"type": "object", "properties": {name: {}}} for name in "ab")
    kinds = asked({"type": "object", "discriminator": {"propertyName": "kind"}, "oneOf": [one, other]})["anyOf"]
    assert [list(kind.get("properties", ())) for kind in kinds] == [["a"], ["b"], []]


def test_of_properties_beside_alternatives_the_properties_are_asked_for_and_more_may_be_there() -> None:
    shared = {"type": "object", "properties": {"a": {}, "b": {}}}
    open_object = {**shared, "required": ["a", "b"]}
    assert asked({**shared, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})["anyOf"] == [open_object, NULL]
    assert asked({**shared, "oneOf": [{"properties": {"c": {}}}, {"properties": {"d": {}}}]})["anyOf"][0] == open_object


def test_an_object_stays_open_where_conditions_may_name_more() -> None:
    shared = {"type": "object", "properties": {"a": {}}, "if": {"required": ["a"]}}
    assert "additionalProperties" not in asked({**shared, "then": {"properties": {"b": {}}}})["anyOf"][0]


def test_an_object_that_holds_itself_and_more_ends_in_anything() -> None:
    node = {"allOf": [{"$ref": "#/$defs/part"}], "properties": {"size": {"type": "integer"}}}
    part = {
        "type": "object",
        "properties": {"whole": {"$ref": "#/$defs/node", "minProperties": 1, "required": ["size"]}},
    }
    page = page_of({"properties": {"it": {"$ref": "#/$defs/node"}}, "$defs": {"node": node, "part": part}})
    Draft202012Validator.check_schema(page)
    assert page["$defs"]["node"]["properties"].keys() == {"size", "whole"}


@pytest.mark.parametrize(
    ("keyword", "value", "stays"),
    [
        ("pattern", r"^[A-Z]{2}\d+$", True),
        ("pattern", r"^(?!^[-+.]*$)\d*$", False),
        ("pattern", r"\bNo\b", False),
        ("pattern", r"^(a)\1$", False),
        ("format", "date", True),
        ("format", "iban", False),
        ("maxLength", 9, True),
    ],
)
def test_texts_keep_what_engines_can_follow(keyword: str, value: Any, stays: bool) -> None:
    assert (keyword in asked({"type": "string", keyword: value})["anyOf"][0]) is stays


def test_what_holds_for_names_is_asked_of_all_that_are_not_named() -> None:
    mapped = asked(
        {"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "propertyNames": {"minLength": 2}}
    )
    assert mapped["anyOf"][0] == {"type": "object", "additionalProperties": {"anyOf": [{"type": "integer"}, NULL]}}


def test_a_tuple_is_whole_or_not_there() -> None:
    places = [{"type": "number"}, {"type": "string"}]
    modern = {"type": "array", "prefixItems": places, "items": False, "minItems": 2}
    assert asked(modern)["anyOf"][0] == modern
    older = {"type": "array", "items": places, "additionalItems": False, "minItems": 2}
    assert asked(older, **{"$schema": DRAFT_7})["anyOf"][0] == modern


def test_older_drafts_are_asked_in_the_newest() -> None:
    old = {"definitions": {"a": {"type": "string"}}, "$schema": DRAFT_7}
    assert asked({"$ref": "#/definitions/a", "maxLength": 3}, **old) == {"anyOf": [{"$ref": "#/$defs/a"}, NULL]}
    bound = {"type": "number", "minimum": 1, "exclusiveMinimum": True}
    draft_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
    assert asked(bound, **draft_4)["anyOf"][0] == {"type": "number", "minimum": 1}


def test_what_may_not_be_there_is_null() -> None:
    assert asked(False) == NULL


def test_what_is_required_is_asked_for_even_if_nothing_else_is_said_of_it() -> None:
    object_ = {"type": "object", "properties": {"a": {"type": "null"}}}
    page = asked({**object_, "allOf": [{"required": ["b"]}, {"required": ["c"]}]})["anyOf"][0]
    assert page["properties"] == {"a": NULL, "b": {}, "c": {}}


@pytest.mark.parametrize("pattern", [r"^DE", r"\d", r"^(a|b)$", r"^a|b$", r"(^a)", r"(?i)^a$", r"^(?!a)b$", r"^a\$"])
def test_a_pattern_that_engines_take_for_another_is_not_asked_for(pattern: str) -> None:
    assert asked({"type": "string", "pattern": pattern})["anyOf"][0] == {"type": "string"}

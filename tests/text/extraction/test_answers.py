"""What a model answers is taken as far as it fits, and the rest is told without a word of it."""

import datetime as dt
import decimal
import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationInfo, field_validator

from muniment.text.extraction import FieldProblem, PageFields, read_answer
from muniment.text.extraction.schema import make_schema

SCHEMA = make_schema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "state": {"enum": ["open", "N/A", ""]},
            "total": {"type": "number", "minimum": 0},
            "day": {"type": "string", "format": "date"},
            "lines": {
                "type": "array",
                "items": {"type": "object", "properties": {"what": {"type": "string"}, "price": {"type": "number"}}},
            },
            "tags": {"type": "array", "items": {"type": "string"}},
            "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2},
            "extras": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    },
    "example",
)


def values(text: str) -> dict[str, Any]:
    fields = read_answer(SCHEMA, text)
    assert fields.problems == ()
    return fields.values


def problems(**found: Any) -> list[tuple[str, str]]:
    return [(problem.field, problem.what) for problem in read_answer(SCHEMA, json.dumps(found)).problems]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada"}',
        '\n```json\n{"name": "Ada"}\n```\n',
        'Here you are: {"name": "Ada"} I hope it\'s of use.',
        'As {asked}: ```\n{"name": "Ada"}``` and {more}',
        'A brace { too many. {"name": "Ada"}',
        '<think>{"name": "Ada"}</think> {"name": "Ada"}',
    ],
)
def test_the_object_is_found_whatever_stands_around_it(text: str) -> None:
    assert values(text) == {"name": "Ada"}


def test_braces_in_texts_are_no_objects() -> None:
    assert values('So: {"name": "a } b { c \\" }"}.') == {"name": 'a } b { c " }'}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no JSON object"),
        ("I cannot read this.", "holds no JSON object"),
        ("[1]", "is not an object"),
        ('{"name": "Ada", "lines": [{"what": "x"}', "is broken or cut off"),
        ('{"name": }', "is broken or cut off"),
        ('{"name": ' + "[" * 100_000 + "]" * 100_000 + "}", "is nested too deeply"),
        ("{" * 100_000, "is broken or cut off"),
    ],
)
def test_an_answer_without_an_object_says_why(text: str, what: str) -> None:
    fields = read_answer(SCHEMA, text)
    assert (fields.values, fields.problems) == ({}, (FieldProblem("", what),))


def test_of_several_objects_the_last_is_taken_and_it_is_told() -> None:
    fields = read_answer(SCHEMA, 'A draft {"name": "Adam", "total": 1}, and then {"name": "Ada"}.')
    assert fields.values == {"name": "Ada"}
    assert fields.problems == (FieldProblem("", "is given in several objects, of which the last was taken"),)


def test_what_stands_in_a_broken_object_is_no_answer() -> None:
    fields = read_answer(
        SCHEMA, '{"name": "Ada"} or {"name": "Eva", "lines": [x, {"name": "x"}], "tags": [{"name": "y"}]}'
    )
    assert fields.values == {"name": "Ada"}
    assert read_answer(SCHEMA, '{"lines": [x, {"name": "x"}]}').values == {}


@pytest.mark.parametrize("said", ["", "  ", "N/A", "n/a", "Not mentioned.", "(not specified)", "null"])
def test_words_for_nothing_are_null(said: str) -> None:
    assert values(json.dumps({"name": said, "total": said})) == {"name": None, "total": None}


@pytest.mark.parametrize("said", ["None", "unknown", "0", "-", "Not mentioned in the will."])
def test_words_that_may_be_content_are_kept(said: str) -> None:
    assert values(json.dumps({"name": f" {said} "})) == {"name": said}


def test_words_that_the_schema_has_are_kept() -> None:
    assert values('{"state": "N/A"}') == {"state": "N/A"}
    assert values('{"state": ""}') == {"state": ""}
    assert values('{"state": " open "}') == {"state": "open"}


def test_what_does_not_fit_is_left_out_and_told() -> None:
    found = {
        "name": 5, "state": "shut", "total": "1,234.50", "day": "2024-02-30", "place": [1, "x"],
        "lines": [{"what": "a", "price": "ten"}, "b", {"what": "c", "price": 3}], "tags": ["", "x", 4],
        "extras": {"Ada Lovelace": "x", "b": 2}, "more": 1,
    }  # fmt: skip
    fields = read_answer(SCHEMA, json.dumps(found))
    assert fields.values == {
        "name": None, "state": None, "total": None, "day": None, "place": None,
        "lines": [{"what": "a", "price": None}, {"what": "c", "price": 3}], "tags": ["x"],
        "extras": {"Ada Lovelace": None, "b": 2},
    }  # fmt: skip
    assert sorted((problem.field, problem.what) for problem in fields.problems) == [
        ("", "has fields that the schema does not name"),
        ("day", "is not in the form of: date"),
        ("extras.*", "is not a whole number"),
        ("lines[0].price", "is not a number"),
        ("lines[1]", "is not an object"),
        ("name", "is not a text"),
        ("place", "is not a number"),
        ("state", "is none of: open, N/A, "),
        ("tags[2]", "is not a text"),
        ("total", "is not a number"),
    ]


def test_bounds_are_told() -> None:
    assert problems(total=-1) == [("total", "is less than 0")]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 5_000])
def test_a_number_that_is_none_costs_its_field_only(number: str) -> None:
    fields = read_answer(SCHEMA, f'{{"name": "Ada", "total": {number}}}')
    assert fields.values == {"name": "Ada", "total": None}
    assert fields.problems == (FieldProblem("total", "is not a number that JSON has"),)


@pytest.mark.parametrize(
    "number", ["12345678901234567.89", "0.1000000000000000055511151231257827", "1e-999", f"1e-{'9' * 30}"]
)
def test_a_number_that_would_lose_digits_is_left_out_and_told(number: str) -> None:
    fields = read_answer(SCHEMA, f'{{"name": "Ada", "total": {number}}}')
    assert fields.values == {"name": "Ada", "total": None}
    assert fields.problems == (FieldProblem("total", "is a number with more digits than can be kept"),)


@pytest.mark.parametrize("number", ["0.1", "1200.50", "1e3", "12345678901234567890", "0.000"])
def test_other_numbers_are_kept(number: str) -> None:
    assert values(f'{{"total": {number}}}') == {"total": json.loads(number)}


def test_a_field_given_twice_is_left_out() -> None:
    fields = read_answer(SCHEMA, '{"name": "Ada", "lines": [{"what": "a", "what": "b"}]}')
    assert fields.values == {"name": "Ada", "lines": [{"what": None}]}
    assert fields.problems == (FieldProblem("lines[0].what", "is given more than once"),)


def test_half_characters_and_nul_are_taken_out() -> None:
    assert values('{"name": "A\\ud800d\\u0000a"}') == {"name": "Ada"}


def test_a_mistake_deep_in_optional_parts_costs_no_more_than_itself() -> None:
    town = {"type": "object", "properties": {"zip": {"type": "integer"}, "name": {"type": "string"}}}
    party = {
        "anyOf": [{"type": "object", "properties": {"town": {"anyOf": [town, {"type": "null"}]}}}, {"type": "null"}]
    }
    schema = make_schema({"type": "object", "properties": {"seller": party}}, "example")
    fields = read_answer(schema, '{"seller": {"town": {"zip": "x", "name": "T"}}}')
    assert fields.values == {"seller": {"town": {"zip": None, "name": "T"}}}
    assert fields.problems == (FieldProblem("seller.town.zip", "is not a whole number"),)


def test_a_page_is_judged_by_what_grammars_cannot_follow_too() -> None:
    amount = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?\d*\.?\d*$"}]}
    schema = make_schema({"type": "object", "properties": {"total": amount, "vat": amount}}, "example")
    fields = read_answer(schema, '{"total": "1.200,50 EUR", "vat": "190.50"}')
    assert fields.values == {"total": None, "vat": "190.50"}
    assert [problem.field for problem in fields.problems] == ["total"]


def test_what_holds_for_the_whole_only_is_not_asked_of_a_page() -> None:
    document = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a", "b"]},
            "lines": {"type": "array", "minItems": 3, "uniqueItems": True, "contains": {"const": 3}},
            "note": {"type": "string"},
        },
        "required": ["kind", "lines"],
        "minProperties": 4,
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["note"]},
        "not": {"required": ["note"]},
        "oneOf": [{"required": ["kind"]}, {"required": ["lines"]}],
    }
    schema = make_schema(document, "example")
    fields = read_answer(schema, '{"kind": "a", "lines": [1, 1], "note": null}')
    assert fields == PageFields({"kind": "a", "lines": [1, 1], "note": None})
    assert schema.page_validator.is_valid(fields.values)


def test_what_no_schema_names_is_left_out_unless_one_allows_it() -> None:
    named = {"type": "object", "properties": {"a": {"type": "integer"}}}
    patterned = {**named, "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}
    found = {"a": 1, "n_b": 2, "zz": 3, "yy": None}
    for inner, kept in ((named, {"a"}), (patterned, {"a", "n_b"}), ({**named, "additionalProperties": True}, {*found})):
        schema = make_schema({"type": "object", "properties": {"it": inner}}, "example")
        fields = read_answer(schema, json.dumps({"it": found}))
        assert fields.values["it"].keys() == kept
        unnamed = FieldProblem("it", "has fields that the schema does not name")
        assert fields.problems == (() if kept == {*found} else (unnamed,))


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07"])
def test_old_drafts_judge_pages_too_and_all_the_way_down(draft: str) -> None:
    document = {
        "$schema": f"http://json-schema.org/{draft}/schema#",
        "type": "object",
        "properties": {"name": {"type": "string"}, "within": {"$ref": "#"}},
        "required": ["name"],
    }
    fields = read_answer(make_schema(document, "example"), '{"name": "a", "within": {"within": {"name": 3}}}')
    assert fields.problems == (FieldProblem("within.within.name", "is not a text"),)


class Card(BaseModel):
    kind: Literal["card"]
    number: str


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: str


class Receipt(BaseModel):
    total: decimal.Decimal
    at: dt.datetime
    parts: list[decimal.Decimal]
    span: tuple[dt.datetime, int]
    paid: Card | Transfer
    tip: decimal.Decimal | None = None
    table: int | decimal.Decimal | None = None

    @field_validator("tip")
    @classmethod
    def look_at_others(cls, tip: Any, info: ValidationInfo) -> Any:
        if "total" not in info.data:
            raise ValueError("a tip of what?")
        return tip


RECEIPT = make_schema(Receipt.model_json_schema(), "Receipt", Receipt)


def test_a_page_is_judged_by_the_types_of_a_model() -> None:
    found = {"total": "1.200,50 EUR", "at": "yesterday", "parts": ["1.5", "one"], "span": ["today", 3]}
    fields = read_answer(RECEIPT, json.dumps(found))
    assert fields.values == {"total": None, "at": None, "parts": ["1.5"], "span": None}
    assert sorted(problem.field for problem in fields.problems) == ["at", "parts[1]", "span", "total"]
    assert "yesterday" not in repr(fields.problems)


def test_an_item_that_says_nothing_is_not_held_against_a_page() -> None:
    assert read_answer(RECEIPT, '{"parts": ["", "1.5", null]}') == PageFields({"parts": ["1.5"]})


def test_what_validators_and_alternatives_want_is_left_to_the_whole() -> None:
    found = {"paid": {"kind": "card", "number": None}, "tip": "2.50", "table": "seven"}
    assert read_answer(RECEIPT, json.dumps(found)) == PageFields(found)


def test_formats_are_checked_in_every_draft() -> None:
    for draft in ("http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"):
        document = {"$schema": draft, "type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}
        fields = read_answer(make_schema(document, "example"), '{"at": "yesterday"}')
        assert fields.problems == (FieldProblem("at", "is not in the form of: date-time"),)

"""Pages become one whole, and the whole is judged."""

import datetime as dt
import decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from muniment.text.extraction import Conflict, Extraction, FieldProblem, PageFields, Schema, merge
from muniment.text.extraction.schema import make_schema

LINE = {
    "type": "object",
    "properties": {"what": {"type": "string"}, "price": {"type": "number"}},
    "required": ["what", "price"],
}
DOCUMENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "due": {"type": ["string", "null"]},
        "note": {"type": "string"},
        "seller": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "town": {"type": "string"}},
            "required": ["name"],
        },
        "lines": {"type": "array", "items": LINE, "minItems": 2},
        "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2},
    },
}
SCHEMA = make_schema(DOCUMENT, "example")


def merged(*pages: dict[str, Any], schema: Schema = SCHEMA) -> Extraction:
    return merge(schema, [(number, PageFields(values)) for number, values in enumerate(pages, 1)])


def wanting(*required: str) -> Schema:
    return make_schema({**DOCUMENT, "required": list(required)}, "example")


def line(what: str | None, price: float | None = 1) -> dict[str, Any]:
    return {"what": what, "price": price}


def test_the_first_page_that_says_something_counts() -> None:
    whole = merged({"number": None, "note": "a"}, {"number": "7"}, {"number": "7"})
    assert whole.data == {"number": "7", "note": "a"}
    assert list(whole.data) == ["number", "note"]
    assert whole.sources == {"number": 2, "note": 1}
    assert whole.complete


def test_pages_that_contradict_each_other_are_told() -> None:
    whole = merged({"seller": {"name": "A"}}, {"seller": {"name": "B", "town": "T"}}, {"seller": {"name": "A"}})
    assert whole.data == {"seller": {"name": "A", "town": "T"}}
    assert whole.sources == {"seller": {"name": 1, "town": 2}}
    assert whole.conflicts == (Conflict("seller.name", (1, 2)),)
    assert whole.complete


def test_true_contradicts_one() -> None:
    anything = make_schema({"type": "object", "properties": {"it": {}}}, "example")
    assert merged({"it": True}, {"it": 1}, schema=anything).conflicts == (Conflict("it", (1, 2)),)
    assert merged({"it": [1, {"a": 1.0}]}, {"it": None}, schema=anything).conflicts == ()


def test_lists_are_joined_and_a_row_at_a_page_break_is_taken_once() -> None:
    whole = merged({"lines": [line("a"), line("b")]}, {"lines": [line(None, None), line("b"), line("b")]})
    assert whole.data == {"lines": [line("a"), line("b"), line("b")]}
    assert whole.sources == {"lines": [1, 1, 2]}


def test_equal_rows_that_no_page_break_parts_are_kept() -> None:
    whole = merged({"lines": [line("a"), line("b")]}, {"lines": None}, {"lines": [line("b"), line("a")]})
    assert [found["what"] for found in whole.data["lines"]] == ["a", "b", "b", "a"]


def test_a_list_that_the_next_page_repeats_is_taken_once() -> None:
    parties = [line("a"), line("b")]
    whole = merged({"lines": parties}, {"lines": parties}, {"lines": parties}, {"lines": [*parties, line("c")]})
    assert [found["what"] for found in whole.data["lines"]] == ["a", "b", "a", "b", "c"]
    assert whole.sources == {"lines": [1, 1, 4, 4, 4]}


def test_lists_of_unique_items_are_united() -> None:
    tags = {"type": "array", "items": {}, "uniqueItems": True}
    schema = make_schema({"type": "object", "properties": {"tags": tags}}, "example")
    whole = merged({"tags": ["a", 1]}, {"tags": None}, {"tags": ["b", None, True, "a", "b"]}, schema=schema)
    assert whole.data == {"tags": ["a", 1, "b", True]}
    assert whole.sources == {"tags": [1, 1, 3, 3]}
    assert whole.complete


def kind(name: str, *fields: str) -> dict[str, Any]:
    currencies = ["EUR", "USD"] if name == "card" else ["USD", "GBP"]
    properties = {"kind": {"const": name}, "currency": {"enum": currencies}}
    return {
        "type": "object",
        "properties": {**properties, **{field: {"type": "string"} for field in fields}},
        "required": ["kind"],
    }


PAID = make_schema(
    {"type": "object", "properties": {"paid": {"oneOf": [kind("card", "number"), kind("bank", "iban")]}}}, "example"
)


def test_of_objects_of_different_kinds_the_first_counts_whole() -> None:
    card, bank = {"kind": "card", "currency": "EUR"}, {"kind": "bank", "iban": "DE", "currency": "USD"}
    whole = merged({"paid": card}, {"paid": bank}, {"paid": {"kind": None, "number": "1"}}, schema=PAID)
    assert whole.data == {"paid": {**card, "number": "1"}}
    assert whole.sources == {"paid": {"kind": 1, "currency": 1, "number": 3}}
    assert whole.conflicts == (Conflict("paid", (1, 2)),)


def test_objects_of_one_kind_are_put_together_and_contradict_each_other_by_field() -> None:
    card = {"kind": "card", "currency": "EUR"}
    whole = merged({"paid": card}, {"paid": {**card, "currency": "USD", "number": "1"}}, schema=PAID)
    assert whole.data == {"paid": {**card, "number": "1"}}
    assert whole.conflicts == (Conflict("paid.currency", (1, 2)),)


def test_a_number_as_a_text_is_that_number_where_a_schema_takes_both() -> None:
    either = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    schema = make_schema({"type": "object", "properties": {"it": either, "text": {"type": "string"}}}, "example")
    assert merged({"it": "1200.50"}, {"it": 1200.5}, {"it": "1200.5"}, schema=schema).conflicts == ()
    assert merged({"it": "1200.50"}, {"it": "EUR"}, schema=schema).conflicts == (Conflict("it", (1, 2)),)
    assert merged({"text": "007"}, {"text": "7"}, schema=schema).conflicts == (Conflict("text", (1, 2)),)


def test_a_tuple_is_one_value() -> None:
    whole = merged({"place": [1, 2]}, {"place": [1, 3]})
    assert (whole.data, whole.sources) == ({"place": [1, 2]}, {"place": 1})
    assert whole.conflicts == (Conflict("place", (1, 2)),)


def test_null_stays_only_where_it_is_allowed() -> None:
    nothing: dict[str, Any] = dict.fromkeys(DOCUMENT["properties"])
    assert merged(nothing, nothing) == Extraction({"due": None}, {})
    assert merged({}, schema=wanting("due")).data == {"due": None}
    assert merged({"seller": {"name": None, "town": None}}) == Extraction({}, {})


def test_what_is_missing_is_told_once() -> None:
    whole = merged({"number": None, "seller": {"name": None, "town": None}}, schema=wanting("number", "seller"))
    assert whole.problems == (
        FieldProblem("number", "is missing: no page mentions it"),
        FieldProblem("seller", "is missing: no page mentions it"),
    )
    assert not whole.complete
    assert merged({"seller": {"town": "T", "name": None}}).problems == (
        FieldProblem("seller.name", "is missing: no page mentions it"),
    )


def test_what_may_stand_on_a_page_without_an_answer_is_told_so() -> None:
    page = (1, PageFields({"note": "a"}))
    (problem,) = merge(wanting("number"), [page], unanswered=[3]).problems
    assert problem == FieldProblem("number", "is missing; page 3 got no answer")
    (problem,) = merge(wanting("number"), [page], unanswered=[3, 5]).problems
    assert problem == FieldProblem("number", "is missing; pages 3 and 5 got no answer")


def test_what_is_wrong_in_an_item_is_told_with_its_page() -> None:
    whole = merged({"lines": [line("a")]}, {"lines": [line("b", None)]})
    assert whole.data == {"lines": [line("a"), {"what": "b"}]}
    assert whole.problems == (FieldProblem("lines[1].price", "is missing", 2),)


def test_a_pages_problems_stay_and_are_not_told_again_as_missing() -> None:
    wrong = FieldProblem("lines[0].price", "is not a number")
    pages = [(1, PageFields({"lines": [line("a")]})), (4, PageFields({"lines": [line("b", None)]}, (wrong,)))]
    assert merge(SCHEMA, pages).problems == (FieldProblem("lines[0].price", "is not a number", 4),)


def test_what_holds_for_the_whole_is_judged_on_the_whole() -> None:
    assert merged({"lines": [line("a")]}, {"lines": [line("b")]}).complete
    assert merged({"lines": [line("a")]}).problems == (FieldProblem("lines", "has fewer items than 2"),)


def test_the_pages_are_left_as_they_are() -> None:
    fields = PageFields({"lines": [line("a", None)]})
    merge(SCHEMA, [(1, fields)])
    assert fields.values == {"lines": [line("a", None)]}


class Invoice(BaseModel):
    kind: Literal["bill", "credit"]
    day: dt.date
    total: decimal.Decimal = Field(max_digits=6)
    owner: int | None
    names: dict[str, int] = {}

    @field_validator("kind")
    @classmethod
    def refuse(cls, kind: str) -> str:
        if kind == "credit":
            raise ValueError(f"a message that quotes {kind}")
        return kind


MODEL = make_schema(Invoice.model_json_schema(), "Invoice", Invoice)
GOOD = {"kind": "bill", "day": "2024-02-29", "total": 12.5}


def test_a_model_that_is_satisfied_leaves_plain_data() -> None:
    assert merged(GOOD, schema=MODEL).data == {**GOOD, "owner": None}
    assert merged(GOOD, schema=MODEL).complete


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ({"kind": "credit"}, FieldProblem("kind", "is refused by a validator of the model", 1)),
        ({"total": "1,234.50"}, FieldProblem("total", "is refused by the model: input should be a valid decimal", 1)),
        ({"day": "2024-02-30"}, FieldProblem("day", "is not in the form of: date", 1)),
        ({"names": {"Ada": 1.5}}, FieldProblem("names.*", "is not a whole number", 1)),
        ({"day": None}, FieldProblem("day", "is missing: no page mentions it")),
    ],
)
def test_a_models_own_validators_have_the_last_word(found: dict[str, Any], problem: FieldProblem) -> None:
    assert merged({**GOOD, **found}, schema=MODEL).problems == (problem,)


def test_a_validator_that_breaks_is_told_without_its_message() -> None:
    class Breaking(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def look_up(cls, name: str) -> str:
            return {"a": "b"}[name]

    schema = make_schema(Breaking.model_json_schema(), "Breaking", Breaking)
    assert merged({"name": "secret"}, schema=schema).problems == (
        FieldProblem("", "made a validator of the model fail with KeyError"),
    )


def test_an_object_of_nothing_is_null_and_not_half_of_one() -> None:
    texts = {"a": {"type": "string"}, "b": {"type": ["string", "null"]}}
    optional = {"type": "object", "properties": {"a": {"type": "string"}}}
    required = {"type": "object", "properties": texts, "required": ["a", "b"]}
    null = {"type": "null"}
    properties = {"x": optional, "y": {"anyOf": [required, null]}, "z": {"anyOf": [optional, null]}}
    schema = make_schema({"type": "object", "properties": properties}, "example")
    nothing = {"x": {"a": None}, "y": {"a": None, "b": None}, "z": {"a": None}}
    assert merged(nothing, schema=schema) == Extraction({"y": None, "z": None}, {})

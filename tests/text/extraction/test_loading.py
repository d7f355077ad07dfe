"""Schemas come from files and models, and what is wrong with one is told in a line."""

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from muniment.errors import UsageError
from muniment.text.extraction import load_schema, schema_of
from muniment.text.extraction.schema import make_schema

OBJECT = {"type": "object", "properties": {"number": {"type": "string"}}}
MODELS = """
from __future__ import annotations
from pydantic import BaseModel
from beside import Part

class Invoice(BaseModel):
    number: str
    parts: list[Part] = []

    class Inner(BaseModel):
        name: str

class Odd(BaseModel):
    call: type[int]
    model_config = {"arbitrary_types_allowed": True}

number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "beside.py").write_text("from pydantic import BaseModel\nclass Part(BaseModel):\n    name: str\n")
    (tmp_path / "some_models.py").write_text(MODELS)
    (tmp_path / "bad.py").write_text("raise RuntimeError('no database')")
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_a_schema(folder: Path) -> None:
    (folder / "invoice.schema.json").write_text("\ufeff" + json.dumps(OBJECT), encoding="utf-8")
    schema = load_schema(str(folder / "invoice.schema.json"))
    assert (schema.title, schema.document, schema.model) == ("invoice", OBJECT, None)


@pytest.mark.parametrize("module", ["some_models", "some_models.py", "{folder}/some_models.py"])
def test_a_model_is_found_in_a_module_or_a_file(folder: Path, module: str) -> None:
    schema = load_schema(f"{module.format(folder=folder)}:Invoice")
    assert schema.model is not None
    assert schema.title == "Invoice"
    assert schema.document == schema.model.model_json_schema()
    assert load_schema(f"{module.format(folder=folder)}:Invoice.Inner").title == "Inner"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.json", "There is no schema none.json"),
        (".", "The schema . cannot be read: Is a directory"),
        ("bad.py", 'Name one of them, as in "bad.py:Model"'),
        ("none.py:Invoice", "There is no file none.py"),
        ("no_such_module:Invoice", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("some_models:Bill", "some_models has no Bill"),
        ("some_models:number", "some_models has no Pydantic model number"),
        ("bad.py:Invoice", "The schema bad.py:Invoice cannot be imported: RuntimeError: no database"),
        ("leaving:Invoice", "cannot be imported: SystemExit: 3"),
        (":Invoice", "cannot be imported"),
        ('{"type": "object"}', "Write it to a file and name that."),
        (' {"$ref": "a:b"}', "Write it to a file and name that."),
        ("a" * 5_000, "cannot be read: File name too long"),
        (f"{'a' * 5_000}.py:Invoice", "There is no file"),
        (f"{'a' * 5_000}:Invoice", "cannot be imported"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_found_is_told(name: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        load_schema(name)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not an object"),
        ("true", "is not an object"),
        ('{"type": "list"}', "is not a valid JSON Schema: at $.type"),
        ('{"properties": {"a": {"pattern": "("}}}', "is not a valid JSON Schema: at $.properties.a.pattern"),
        ('{"type": "array"}', "does not describe an object with properties"),
        ('{"type": "object"}', "does not describe an object with properties"),
        ('{"anyOf": [{"type": "object"}, {"type": "array"}]}', "does not describe an object"),
        ('{"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}', "is a choice between objects"),
        (
            '{"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"properties": {"b": {}}}}}',
            "is a choice between objects",
        ),
        ('{"type": "object", "properties": {"a": {"description": "\\ud83d"}}}', "holds half of a character"),
        ('{"$schema": "http://json-schema.org/draft-03/schema#"}', "of an unknown draft"),
    ],
)
def test_what_is_no_schema_of_an_object_is_told(folder: Path, text: str, words: str) -> None:
    (folder / "it.json").write_text(text)
    with pytest.raises(UsageError) as told:
        load_schema("it.json")
    assert words in str(told.value)


@pytest.mark.parametrize(
    "named",
    [
        "http://json-schema.org/schema#",
        "https://json-schema.org/schema",
        "https://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-04/schema",
        "http://json-schema.org/draft/2020-12/schema#",
    ],
)
def test_drafts_are_known_however_their_addresses_are_written(named: str) -> None:
    schema = make_schema({**OBJECT, "$schema": named, "$defs": {"all": {"$ref": "#"}}}, "example")
    assert schema.validator.is_valid({"number": "1"})
    assert not schema.page_validator.is_valid({"number": 1})


def test_an_object_that_may_be_null_is_asked_for_as_an_object() -> None:
    assert make_schema({**OBJECT, "type": ["object", "null"]}, "example").page["type"] == "object"


def test_a_schema_is_given_from_python_as_a_mapping_or_a_model() -> None:
    assert schema_of(MappingProxyType(OBJECT)).document == OBJECT
    with pytest.raises(UsageError, match="int is no Pydantic model"):
        schema_of(int)
    with pytest.raises(UsageError, match="is not JSON"):
        schema_of({**OBJECT, "default": {3j}})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "https://example.org/a.json"}, "refers to https://example.org/a.json, which is not inside it"),
        ({"$ref": "other.json#/a"}, "which is not inside it"),
        ({"$ref": "http://json-schema.org/draft-07/schema#"}, "which is not inside it"),
        ({"items": {"$ref": "#/$defs/none"}}, "refers to #/$defs/none, and there is no such schema"),
        ({"$ref": "#/properties/a"}, "refers to itself without an end"),
        ({"anyOf": [{"$ref": "#/properties/a"}, {}]}, "refers to itself without an end"),
        ({"$dynamicRef": "#a"}, "uses $dynamicRef"),
        ({"$id": "https://example.org/b.json"}, "$id of its own"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema of its own"),
        ({"$ref": "#/properties/a/enum/x", "enum": [3]}, "there is no such schema"),
    ],
)
def test_no_reference_leads_out_of_a_schema_or_in_circles(schema: Any, words: str) -> None:
    with pytest.raises(UsageError) as told:
        make_schema({"type": "object", "properties": {"a": schema}}, "example")
    assert words in str(told.value)


def test_what_is_referred_to_has_to_be_a_schema() -> None:
    document = {"type": "object", "properties": {"a": {"$ref": "#/components/a"}}, "components": {"a": {"allOf": 3}}}
    with pytest.raises(UsageError, match="is not a valid JSON Schema"):
        make_schema(document, "example")


def test_properties_may_have_the_names_of_keywords() -> None:
    schema = make_schema({"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}}, "example")
    assert list(schema.page["properties"]) == ["$ref", "$id"]

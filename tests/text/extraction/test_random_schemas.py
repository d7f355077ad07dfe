"""What holds for any schema, any instance of it, and any answer."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from muniment.errors import UsageError
from muniment.text.extraction import PageFields, merge, read_answer
from muniment.text.extraction.merging import same
from muniment.text.extraction.schema import make_schema
from tests.text.extraction.strategies import ANSWERS, VALUES, Json, documents

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SETTINGS
@given(st.data())
def test_what_is_answered_on_one_page_comes_back(data: st.DataObject) -> None:
    kind = data.draw(documents())
    instance = data.draw(kind.values)
    schema = make_schema(kind.schema, "random")
    around = data.draw(st.sampled_from(["@", "Here:\n```json\n@\n```\nDone."]))
    fields = read_answer(schema, around.replace("@", json.dumps(instance)))
    assert fields.problems == ()
    whole = merge(schema, [(1, fields)])
    assert same(whole.data, instance)
    assert whole.complete
    assert whole.conflicts == ()


@SETTINGS
@given(st.data())
def test_what_stands_on_several_pages_is_put_together(data: st.DataObject) -> None:
    kind = data.draw(documents())
    instance = data.draw(kind.values)
    schema = make_schema(kind.schema, "random")
    names = list(schema.page["properties"])
    where = {name: data.draw(st.integers(1, 3)) for name in instance}
    pages = [
        (
            page,
            read_answer(
                schema,
                json.dumps({name: instance[name] if where.get(name) == page else None for name in names}),
            ),
        )
        for page in (1, 2, 3)
    ]
    whole = merge(schema, pages)
    assert {name: value for name, value in whole.data.items() if name in instance or value is not None} == instance
    assert whole.complete
    assert whole.conflicts == ()


@SETTINGS
@given(st.data())
def test_a_page_schema_is_valid_and_takes_every_property_or_null(data: st.DataObject) -> None:
    kind = data.draw(documents())
    instance = data.draw(kind.values)
    schema = make_schema(kind.schema, "random")
    Draft202012Validator.check_schema(schema.page)
    assert list(schema.page["properties"]) == schema.page["required"] == list(kind.schema["properties"])
    assert schema.page_validator.is_valid(instance)
    page = Draft202012Validator(schema.page, registry=Registry())
    assert page.is_valid(dict.fromkeys(schema.page["properties"]))


@SETTINGS
@given(documents(), ANSWERS | VALUES.map(json.dumps))
def test_no_answer_is_too_odd(kind: Json, text: str) -> None:
    schema = make_schema(kind.schema, "random")
    fields = read_answer(schema, text)
    assert schema.page_validator.is_valid(fields.values)
    whole = merge(schema, [(1, fields), (2, fields)])
    json.dumps(whole.data, allow_nan=False).encode()
    assert whole.complete == schema.validator.is_valid(whole.data) or whole.problems


@SETTINGS
@given(st.data())
def test_no_message_has_a_word_of_the_document(data: st.DataObject) -> None:
    secret = "Zzyzx"
    kind = data.draw(documents())
    found = data.draw(VALUES.map(lambda value: _marked(value, secret)))
    schema = make_schema(kind.schema, "random")
    names = data.draw(st.lists(st.sampled_from([*kind.schema["properties"], secret]), min_size=1))
    answer = read_answer(schema, json.dumps(dict.fromkeys(names, found)))
    whole = merge(schema, [(1, answer), (2, answer)])
    assert secret not in repr((answer.problems, whole.problems, whole.conflicts))


def _marked(value: Json, secret: str) -> Json:
    if isinstance(value, dict):
        return {secret + name: _marked(inner, secret) for name, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, secret) for inner in value]
    return secret + value if isinstance(value, str) else value


_FLAT: dict[str, st.SearchStrategy[Json]] = {
    "type": st.sampled_from(["object", "array", "string", "integer", "null", ["object", "null"]]),
    "required": st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
    "minItems": st.integers(0, 2),
    "$ref": st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/properties/a"]),
    "enum": st.lists(st.sampled_from([None, "a", 1, True]), min_size=1, unique_by=repr),
    "const": st.sampled_from([None, "a", 1]),
}
_ONE = ["additionalProperties", "items", "not", "if", "then"]
_LISTS = ["prefixItems", "allOf", "anyOf", "oneOf"]
_NAMED = ["properties", "patternProperties", "dependentSchemas"]


@st.composite
def soups(draw: st.DrawFn, depth: int = 2) -> Json:
    """A schema of keywords that need not make sense together."""
    flat = draw(st.lists(st.sampled_from(sorted(_FLAT)), max_size=2, unique=True))
    soup: Json = {keyword: draw(_FLAT[keyword]) for keyword in flat}
    if not depth:
        return soup or draw(st.booleans())
    for keyword in draw(st.lists(st.sampled_from([*_ONE, *_LISTS, *_NAMED]), max_size=3, unique=True)):
        inner = draw(st.lists(soups(depth - 1), min_size=1, max_size=2))
        soup[keyword] = (
            inner[0] if keyword in _ONE else inner if keyword in _LISTS else dict(zip("ab", inner, strict=False))
        )
    return soup


@SETTINGS
@given(
    soups(),
    soups(),
    soups(),
    st.recursive(st.sampled_from([None, "a", 1]), lambda inner: st.dictionaries(st.sampled_from("abc"), inner)),
)
def test_no_schema_is_too_odd(root: Json, one: Json, other: Json, found: Json) -> None:
    document = {"properties": {"a": one}, **root, "type": "object", "$defs": {"a": one, "b": other}}
    try:
        schema = make_schema(document, "random")
    except UsageError:
        return
    Draft202012Validator.check_schema(schema.page)
    assert "allOf" not in json.dumps(schema.page)
    assert "oneOf" not in json.dumps(schema.page)
    fields = read_answer(schema, json.dumps({"a": found}))
    merge(schema, [(1, fields), (2, PageFields({}))])

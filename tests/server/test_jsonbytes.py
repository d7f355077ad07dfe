"""JSON in pieces is the JSON that it would be in one."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muniment.server.jsonbytes import as_json, listed, with_field
from tests.server.strategies import values


@given(values)
def test_values_are_written_as_they_are(value: Any) -> None:
    assert json.loads(as_json(value)) == value


@given(st.lists(values, max_size=4))
def test_an_array_of_written_values_is_an_array_of_the_values(found: list[Any]) -> None:
    written = b"".join(listed([as_json(value)[:1], as_json(value)[1:]] for value in found))
    assert json.loads(written) == found


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, min_size=1), values)
def test_a_written_field_stands_beside_the_others(fields: dict[str, Any], value: Any) -> None:
    fields.pop("messages", None)
    fields["model"] = "m"
    assert json.loads(with_field(fields, "messages", [as_json(value)])) == {**fields, "messages": value}

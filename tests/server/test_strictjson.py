"""Whatever bytes come as a body: an object of plain JSON, or a refusal that says what and quotes nothing."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.errors import ApiError
from muniment.server.strictjson import parse_object
from tests.server.strategies import MARKER, as_bytes, bodies


def refused(body: bytes) -> str:
    with pytest.raises(ApiError) as caught:
        parse_object(body)
    assert (caught.value.status, caught.value.type) == (400, "invalid_request_error")
    assert MARKER not in caught.value.message
    assert caught.value.__context__ is None, "what it came from holds the body"
    return caught.value.message


@given(bodies)
def test_an_object_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    assert parse_object(as_bytes(body)) == body
    assert parse_object(json.dumps(body, ensure_ascii=False).encode()) == body


@given(st.binary(max_size=60))
def test_any_bytes_make_an_object_or_a_refusal(body: bytes) -> None:
    with suppress(ApiError):
        assert isinstance(parse_object(body), dict)


@given(st.text(r'[]{},:"\0a1 ', max_size=40))
def test_what_is_read_is_what_a_lenient_parser_reads(text: str) -> None:
    try:
        found = parse_object(text.encode())
    except ApiError:
        return
    assert found == json.loads(text)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"[1]", "not an object"),
        (b'"a"', "not an object"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8: see byte 7"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a": "\xc0\xaf"}', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": 1', "not JSON: see character 7"),
        (b'{"a": 1} x', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": "\n"}', "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": NaN}', "NaN or Infinity"),
        (b'{"a": -Infinity}', "NaN or Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": -1e999}', "too large"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "too large"),
        (b'{"a": 0.' + b"1" * 5_000 + b"}", "too long"),
        (rb'{"a": "\ud800"}', "half a character"),
        (rb'{"a": ["\udc00\ud800"]}', "half a character"),
        (rb'{"a": {"\ud800": 1}}', "half a character"),
        (rb'{"a": "\ud83d\\\ude00"}', "half a character"),
    ],
)
def test_what_is_no_plain_json_object_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    assert reason in refused(body)


def test_whole_characters_may_be_escaped() -> None:
    assert parse_object(rb'{"a": "\ud83d\ude00 \u00e9"}') == {"a": "😀 é"}


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 1.5, -1e-7, 1e300])
def test_numbers_that_engines_count_with_are_read(number: float) -> None:
    assert parse_object(as_bytes({"a": number})) == {"a": number}


def test_a_field_given_twice_is_named_if_its_name_is_known() -> None:
    with pytest.raises(ApiError, match="'temperature' is given twice") as caught:
        parse_object(b'{"temperature": 0, "n": 1, "temperature": 1}')
    assert caught.value.param == "temperature"


def test_an_unknown_field_given_twice_is_not_named() -> None:
    assert refused(f'{{"a": {{"{MARKER}": 0, "{MARKER}": 1}}}}'.encode()) == "A field is given twice"


def test_an_escaped_spelling_of_a_key_is_the_same_key() -> None:
    assert "'n' is given twice" in refused(rb'{"n": 1, "\u006e": 2}')


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth // 2) + b"[" * (depth - depth // 2) + b"]" * (depth - depth // 2) + b"}" * (depth // 2)


def test_nesting_is_allowed_up_to_the_limit_and_no_further() -> None:
    assert parse_object(nested(64))
    assert "nested too deeply" in refused(nested(65))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["\\"",'])
def test_endless_nesting_is_refused_before_it_is_parsed(opening: bytes) -> None:
    assert "nested too deeply" in refused(b'{"a": ' + opening * 50_000)


@given(st.integers(0, 6))
def test_brackets_inside_texts_are_no_nesting(backslashes: int) -> None:
    text = "\\" * backslashes + '"' + "[" * 200 + "\\" * backslashes
    assert parse_object(as_bytes({"a": text, "b": [text]})) == {"a": text, "b": [text]}


MANY_QUOTES = rb'"\"' + rb"\"" * 150_000 + b'"'


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * 200_000, b'"",' * 200_000, b"[" + MANY_QUOTES + b"," + MANY_QUOTES + b"]"]
)
def test_a_body_of_very_many_parts_is_refused_before_it_is_parsed(body: bytes) -> None:
    assert "too many parts" in refused(body)


def test_a_long_text_is_not_many_parts() -> None:
    body = {"a": "A+/" * 1_000_000, "b": 'a,[]{}:"' * 50_000}
    assert parse_object(as_bytes(body)) == body

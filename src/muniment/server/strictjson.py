"""A JSON object out of untrusted bytes.

The standard library's parser, with hooks. Quicker ones were measured (``python -m benchmarks.request_bodies``) and take
the last of two equal keys without a word, so that one would have to look for those with a second parser.
"""

import json
from collections import Counter
from typing import Any, NoReturn

from muniment.server.errors import ApiError
from muniment.server.fields import NAMES

_MOST_MARKS = 200_000
"""Brackets, commas, colons and quotes. Each costs at most some 100 bytes once parsed, however large the body may be."""
_LONGEST_INTEGER, _LONGEST_NUMBER = 20, 64
"""Characters; what is longer fits no number that an engine counts with."""
_BOM = b"\xef\xbb\xbf"
_QUOTE, _BACKSLASH = b'"', b"\\"
_OPENING, _CLOSING = b"[{", b"]}"
_NO_MARKS = bytes(set(range(256)) - set(b"[]{},:"))


def parse_object(body: bytes | bytearray, most_depth: int = 64) -> dict[str, Any]:
    """The object in ``body``: UTF-8, no key twice, only finite numbers, only whole characters.

    Args:
        most_depth: how many objects and arrays may lie inside each other.

    Raises:
        ApiError: it is none. The message says what is wrong, and quotes nothing of it.
    """
    text = _decoded(body)
    _check_shape(body, most_depth)
    value = _parsed(text)
    if not isinstance(value, dict):
        _refuse("The body is JSON, but not an object: send {…} with the request's fields")
    if _BACKSLASH in body:  # only an escape can make half a character
        _check_characters(value)
    return value


def _refuse(message: str, param: str | None = None) -> NoReturn:
    raise ApiError(400, "invalid_request_error", message, param, code="invalid_json")


def _decoded(body: bytes | bytearray) -> str:
    if not body:
        _refuse("The body is empty: send a JSON object")
    if body.startswith(_BOM):
        _refuse("The body begins with a byte order mark: send UTF-8 without one")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        where = error.start
    _refuse(f"The body is not UTF-8: see byte {where:,}")  # outside, as that error holds the whole body


def _check_shape(body: bytes | bytearray, most_depth: int) -> None:
    """Count what costs a parser memory and stack. Long strings are stepped over, which takes next to no time."""
    at = depth = marks = 0
    while at < len(body):
        start = body.find(_QUOTE, at)
        outside = body[at:start] if start >= 0 else body[at:]
        found = outside.translate(None, _NO_MARKS)
        marks += len(found) + 1
        _check_marks(marks)
        for mark in found:
            depth += (mark in _OPENING) - (mark in _CLOSING)
            if depth > most_depth:
                _refuse(f"The body is nested too deeply: at most {most_depth} objects and arrays inside each other")
        if start < 0:
            return
        at, quotes = _after_string(body, start + 1, _MOST_MARKS - marks)
        marks += quotes


def _after_string(body: bytes | bytearray, at: int, most_quotes: int) -> tuple[int, int]:
    """Where the string that began before ``at`` is over, and how many quotes were met on the way.

    A quote is part of the string after an odd number of backslashes.
    """
    quotes = 0
    while (end := body.find(_QUOTE, at)) >= 0:
        quotes += 1
        _check_marks(quotes, most_quotes)
        if end == at or body[end - 1] != _BACKSLASH[0]:
            return end + 1, quotes
        before = body[at:end]
        if (len(before) - len(before.rstrip(_BACKSLASH))) % 2 == 0:
            return end + 1, quotes
        at = end + 1
    return len(body), quotes


def _check_marks(marks: int, most: int = _MOST_MARKS) -> None:
    if marks > most:
        _refuse("The body has too many parts: send fewer values, and shorter texts")


def _parsed(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = error.pos
    _refuse(f"The body is not JSON: see character {where:,}")  # outside, as that error holds the whole body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        if twice in NAMES:
            _refuse(f"The field {twice!r} is given twice", twice)
        _refuse("A field is given twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        _refuse(f"A number is too large: at most {_LONGEST_INTEGER} digits")
    return int(digits)


def _number(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER:
        _refuse(f"A number is too long: at most {_LONGEST_NUMBER} digits")
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        _refuse("A number is too large")
    return number


def _constant(_: str) -> NoReturn:
    _refuse("The body holds NaN or Infinity, which are no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _check_characters(value: Any) -> None:
    """Every string can be written as UTF-8; half a surrogate pair could not."""
    left = [value]
    while left:
        match left.pop():
            case str(text) if not text.isascii():
                _check_text(text)
            case dict(entries):
                left += entries
                left += entries.values()
            case list(entries):
                left += entries


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return
    _refuse("A text holds half a character: an escape of a surrogate (\\ud800 to \\udfff) without its other half")

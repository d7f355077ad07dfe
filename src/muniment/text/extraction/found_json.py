"""The JSON object in a model's answer, whatever stands around it."""

import json
import math
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

_MOST_DEPTH = 32
"""How deep lists and objects may stand in one another."""
_MOST_STARTS = 20
"""Braces that an object is looked for at, when those before led nowhere."""
_LONGEST_NUMBER = 300
_TOKEN = re.compile(r'[{}\[\]]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BEGINS_JSON = re.compile(r'\{\s*"')
_UNCLEAN = re.compile("[\0\ud800-\udfff]")


class Unusable(Enum):
    """Stands where an answer has what is not a value."""

    TWICE = "is given more than once"
    NO_NUMBER = "is not a number that JSON has"


class NoObject(Exception):
    """An answer holds no object that can be read; the message says why, without its content."""


class _TooDeep(ValueError):
    """Reading this might exhaust the stack."""


def find_objects(text: str) -> list[dict[str, Any]]:
    """The different objects in ``text`` that stand in no other, the longest first; at least one.

    Properties that are given twice, and numbers that are none, are ``Unusable``.

    Raises:
        NoObject: there is none, or it is broken.
    """
    reason = "is broken or cut off" if "{" in text else "holds no JSON object"
    try:
        whole = _decoded(text.strip())
    except ValueError:
        pass
    else:
        if not isinstance(whole, dict):
            raise NoObject("is not an object")
        return [whole]
    found: list[tuple[int, dict[str, Any]]] = []
    for start, end in _spans(text):
        try:
            found.append((end - start, _decoded(text[start:end])))
        except _TooDeep:
            reason = "is nested too deeply"
        except ValueError:
            continue
    if not found:
        raise NoObject(reason)
    found.sort(key=lambda item: -item[0])
    return [value for place, (_, value) in enumerate(found) if all(value != other for _, other in found[:place])]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where braces open and close again, outermost ones only."""
    start = text.find("{")
    for _ in range(_MOST_STARTS):
        end = -1
        while start >= 0 and (end := _end(text, start)) > 0:
            yield start, end
            start = text.find("{", end)
        if start < 0:
            return
        if _BEGINS_JSON.match(text, start):
            return  # what is inside belongs to something that was cut off
        start = text.find("{", start + 1)


def _end(text: str, start: int) -> int:
    """Where the brace at ``start`` is closed; -1 if it is not."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        match token[0]:
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
                if not depth:
                    return token.end()
    return -1


def _decoded(text: str) -> Any:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
    if deepest > _MOST_DEPTH:
        raise _TooDeep
    return _DECODER.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = clean(name)
        found[key] = Unusable.TWICE if key in found else value
    return found


def _whole_number(text: str) -> int | Unusable:
    return int(text) if len(text) <= _LONGEST_NUMBER else Unusable.NO_NUMBER


def _number(text: str) -> float | Unusable:
    value = float(text)
    return value if math.isfinite(value) else Unusable.NO_NUMBER


def clean(text: str) -> str:
    """``text`` without what is no character: NUL, and halves of surrogate pairs."""
    return _UNCLEAN.sub("", text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_whole_number,
    parse_float=_number,
    parse_constant=lambda _: Unusable.NO_NUMBER,
    strict=False,  # models write line breaks into strings
)

"""The JSON object in a model's answer, whatever stands around it."""

import json
import math
import re
from decimal import Decimal
from enum import Enum
from typing import Any

_MOST_DEPTH = 32
"""How deep lists and objects may stand in one another."""
_LONGEST_NUMBER = 300
_BEGINS_JSON = re.compile(r'\{\s*"')
_UNCLEAN = re.compile("[\0\ud800-\udfff]")


class Unusable(Enum):
    """Stands where an answer has what is not a value."""

    TWICE = "is given more than once"
    NO_NUMBER = "is not a number that JSON has"
    INEXACT = "is a number with more digits than can be kept"


class NoObject(Exception):
    """An answer holds no object that can be read; the message says why, without its content."""


def find_objects(text: str) -> list[dict[str, Any]]:
    """The different objects in ``text`` that stand in no other, in order; at least one.

    Properties that are given twice, and numbers that are none, are ``Unusable``.

    Raises:
        NoObject: there is none, or it is broken.
    """
    try:
        whole = _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        found, reason = _objects_among_words(text)
    else:
        if not isinstance(whole, dict):
            raise NoObject("is not an object")
        found, reason = [whole], ""
    if any(_is_deeper(each, _MOST_DEPTH) for each in found):
        raise NoObject("is nested too deeply")
    if not found:
        raise NoObject(reason)
    return [each for place, each in enumerate(found) if all(each != other for other in found[place + 1 :])]


def _objects_among_words(text: str) -> tuple[list[dict[str, Any]], str]:
    """Whole objects, and why there are no others."""
    found: list[dict[str, Any]] = []
    start = text.find("{")
    reason = "holds no JSON object" if start < 0 else "is broken or cut off"
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except RecursionError:
            return found, "is nested too deeply"
        except ValueError:
            if _BEGINS_JSON.match(text, start):
                break  # what is inside belongs to something that was cut off
            end = start + 1
        else:
            found.append(value)
        start = text.find("{", end)
    return found, reason


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return not depth or any(
        _is_deeper(inner, depth - 1) for inner in (value.values() if isinstance(value, dict) else value)
    )


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
    if not math.isfinite(value):
        return Unusable.NO_NUMBER
    try:
        is_kept = Decimal(text) == Decimal(repr(value))
    except ArithmeticError:  # an exponent beyond all bounds
        is_kept = False
    return value if is_kept else Unusable.INEXACT


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

"""Checks of single values out of a request. Each names the field that it refuses, and never what was in it."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from muniment.server.errors import ApiError

Check = Callable[[Any, str], Any]
"""Takes a value and its field's name; returns the value as it goes on, or raises ApiError."""

_SPELT = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What the name of a field looks like. Other keys may be anything, a piece of a document too, and are not quoted."""


def refusal(message: str, param: str | None, code: str = "invalid_value") -> ApiError:
    """A 400, to be raised."""
    return ApiError(400, "invalid_request_error", message, param, code)


def unknown_field(names: Collection[str], where: str, known: Collection[str]) -> ApiError:
    """That there are ``names`` which nobody knows in the object at ``where``; "" is the body itself."""
    name = next((name for name in sorted(names) if _SPELT.fullmatch(name)), None)
    param = None if name is None else field_of(where, name)
    said = "A field is not known" if param is None else f"The field {param!r} is not known"
    place = f"in {where!r}" if where else "here"
    return refusal(f"{said}; {place} belong {', '.join(sorted(known))}", param or where or None, "unknown_parameter")


def field_of(where: str, name: str) -> str:
    """The full name of a field in the object at ``where``."""
    return f"{where}.{name}" if where else name


def an_object(value: Any, param: str, known: Collection[str], null: Collection[str] = ()) -> Mapping[str, Any]:
    """An object whose fields are all ``known``, or such as may be there as ``null``, and are."""
    if not isinstance(value, dict):
        raise refusal(f"{param!r} has to be an object", param, "invalid_type")
    unknown = {name for name in value.keys() - set(known) if value[name] is not None or name not in null}
    if unknown:
        raise unknown_field(unknown, param, known)
    return value


def boolean(value: Any, param: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise refusal(f"{param!r} has to be true or false", param, "invalid_type")
    return value


def number(low: float, high: float, *, above: bool = False) -> Check:
    """A number from ``low`` to ``high``; with ``above``, not ``low`` itself."""

    def check(value: Any, param: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusal(f"{param!r} has to be a number", param, "invalid_type")
        if not low <= value <= high or (above and value == low):
            limits = f"above {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
            raise refusal(f"{param!r} has to be {limits}", param)
        return float(value)

    return check


def integer(low: int, high: int) -> Check:
    """A whole number from ``low`` to ``high``."""

    def check(value: Any, param: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refusal(f"{param!r} has to be a whole number", param, "invalid_type")
        if not low <= value <= high:
            limits = f"from {low} to {high}" if low < high else f"{low}"
            raise refusal(f"{param!r} has to be {limits}", param)
        return value

    return check


def string(value: Any, param: str, most: int) -> str:
    """A string of at least one character and at most ``most``."""
    if not isinstance(value, str):
        raise refusal(f"{param!r} has to be a string", param, "invalid_type")
    if not 1 <= len(value) <= most:
        raise refusal(f"{param!r} has to have from 1 to {most:,} characters", param)
    return value


def one_of(choices: Sequence[str]) -> Check:
    """One of some words."""

    def check(value: Any, param: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refusal(f"{param!r} has to be one of {', '.join(choices)}", param)
        return value

    return check

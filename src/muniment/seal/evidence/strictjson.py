"""JSON that says one thing only."""

import json
from typing import Any, NoReturn


def strict_object(content: bytes) -> dict[str, Any]:
    """The JSON object that ``content`` is: UTF-8, no field twice, whole numbers only, nothing after it.

    Raises:
        ValueError: it is not; the message says why, as the end of a sentence.
    """
    try:
        value = _DECODER.decode(content.decode())
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON from character {error.pos:,} on") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # of the content, not of a call
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice in it")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number in it is too large")
    return int(digits)


def _no_number(_: str) -> NoReturn:
    raise ValueError("a number in it is not a whole one")


_MOST_DIGITS = 20
_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_whole, parse_float=_no_number, parse_constant=_no_number
)

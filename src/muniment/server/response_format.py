"""The form that an answer is to have: text, JSON, or JSON by a schema."""

import json
import re
from typing import Any

from muniment.server.checks import an_object, boolean, field_of, one_of, refusal, string

_TYPES = one_of(("text", "json_object", "json_schema"))
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_SCHEMA, _MOST_DESCRIPTION = 100_000, 10_000


def check_response_format(value: Any, param: str) -> dict[str, Any]:
    """A ``response_format``, made anew.

    Raises:
        ApiError: it is of no known form, its schema is too long, or refers to something beside itself.
    """
    found = an_object(value, param, ("type", "json_schema"))
    kind = _TYPES(found.get("type"), field_of(param, "type"))
    where = field_of(param, "json_schema")
    if kind == "json_schema":
        return {"type": kind, "json_schema": _checked_schema(found.get("json_schema"), where)}
    if found.get("json_schema") is not None:
        raise refusal(f"{where!r} belongs to the type 'json_schema' only", where)
    return {"type": kind}


def _checked_schema(value: Any, param: str) -> dict[str, Any]:
    found = an_object(value, param, ("name", "description", "schema", "strict"))
    name = found.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        where = field_of(param, "name")
        raise refusal(f"{where!r} has to be 1 to 64 letters, digits, _ and -", where)
    checked: dict[str, Any] = {"name": name, "schema": _copied(found.get("schema"), field_of(param, "schema"))}
    if found.get("description") is not None:
        checked["description"] = string(found["description"], field_of(param, "description"), _MOST_DESCRIPTION)
    if found.get("strict") is not None:
        checked["strict"] = boolean(found["strict"], field_of(param, "strict"))
    return checked


def _copied(schema: Any, param: str) -> dict[str, Any]:
    if not isinstance(schema, dict):
        raise refusal(f"{param!r} has to be an object", param, "invalid_type")
    text = json.dumps(schema)
    if len(text) > _MOST_SCHEMA:
        raise refusal(f"{param!r} is too long: at most {_MOST_SCHEMA:,} characters", param)
    if any(_refers_elsewhere(part) for part in _parts(schema)):
        raise refusal(f"Muniment fetches nothing: {param!r} may refer to its own parts only (#/…)", param)
    copy: dict[str, Any] = json.loads(text)
    return copy


def _parts(value: Any) -> list[Any]:
    """``value`` and everything inside it."""
    found = [value]
    for part in found:
        if isinstance(part, dict):
            found += part.values()
        elif isinstance(part, list):
            found += part
    return found


def _refers_elsewhere(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    references = (part.get(key) for key in ("$ref", "$dynamicRef", "$recursiveRef"))
    return any(isinstance(reference, str) and not reference.startswith("#") for reference in references)

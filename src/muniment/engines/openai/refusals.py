"""What a server's error answer means."""

import json
import re
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from muniment.engines.openai.answers import Broken, Busy, EngineTrouble, Loading, Refused, TooLong, Unreachable
from muniment.engines.openai.request import OPTIONAL_FIELDS

_MOST_QUOTED = 200
_ENCODED = re.compile(r"(?:data:\S+|[A-Za-z0-9+/=_-]{48,})")
_CONTEXT = re.compile(
    r"context (?:length|window|size)|max_model_len|maximum model length|too (?:long|large)|max_tokens", re.I
)
_CONTEXT_SIZE = re.compile(r"(?:context|model) length(?: is| of)?\D{0,20}(\d[\d,]*)", re.IGNORECASE)
_PROMPT_SIZE = re.compile(
    r"(?:prompt|input)\D{0,40}?(\d[\d,]*)\s*(?:input )?tokens"
    r"|(\d[\d,]*) (?:in the messages|input tokens|prompt tokens)",
    re.IGNORECASE,
)
_FORM = re.compile(r"response_format|json[ _]?schema|grammar|structured", re.IGNORECASE)
_LOADING = re.compile(r"loading|starting|not ready|warming", re.IGNORECASE)
_STOPPING = re.compile(r"after shutdown|shutting down", re.IGNORECASE)
"""vLLM answers so to what comes while it ends what it has begun; its health is good until it is gone."""
_KEY_HINT = "Give a key that it accepts with --api-key or MUNIMENT_API_KEY."
_HINTS = {401: _KEY_HINT, 403: _KEY_HINT}
_DROPPABLE = (*OPTIONAL_FIELDS, "repetition_penalty")


def trouble_of(status: int, headers: dict[str, str], body: bytes) -> EngineTrouble:
    """The trouble behind an answer that is not 200.

    Args:
        headers: by names in lower case.
    """
    message = _message(body)
    said = f"The engine answered {status}" + (f": {message}" if message else "")
    if status >= 500 and _STOPPING.search(message):
        return Loading(said)
    if status in (429, 503):
        if status == 503 and _LOADING.search(message):
            return Loading(said)
        return Busy(said, _retry_after(headers.get("retry-after", "")))
    if status == 502:
        return Unreachable(said)
    if status in (408, 425) or status >= 500:
        return Broken(said, is_late=status in (408, 504))
    return _refusal(status, said, message)


def _refusal(status: int, said: str, message: str) -> EngineTrouble:
    field = next((field for field in _DROPPABLE if field in message), "")
    if not field and _FORM.search(message):
        field = "response_format"  # whoever asked checks the answer's form in any case
    if status in (400, 422) and field:
        return Refused(said, field=field, is_final=False)
    if status == 413 or (status in (400, 422) and _CONTEXT.search(message)):
        return TooLong(said, _number(_CONTEXT_SIZE, message), _number(_PROMPT_SIZE, message))
    return Refused(said, is_final=status in (401, 403, 404, 405), hint=_HINTS.get(status, ""))


def _message(body: bytes) -> str:
    """The server's own words, without anything that may be a page."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(found, dict):
        found = found.get("error", found)
    if isinstance(found, dict):
        found = found.get("message") or found.get("detail")
    if not isinstance(found, str):
        return ""
    return " ".join(_ENCODED.sub("…", found).split())[:_MOST_QUOTED]


def _number(pattern: re.Pattern[str], message: str) -> int | None:
    found = pattern.search(message)
    digits = next((group for group in found.groups() if group), "") if found else ""
    return int(digits.replace(",", "")) if digits else None


def _retry_after(value: str) -> float | None:
    """Seconds, from a number or a date; None if it is neither."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, TypeError):
        return None

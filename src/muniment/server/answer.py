"""What a route gives back."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON, EVENTS = "application/json", "text/event-stream; charset=utf-8"

SHUT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""The Content-Security-Policy under which nothing runs and nothing is loaded from anywhere."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its body at once, or in pieces as they come.

    Attributes:
        headers: beside Content-Type; names in lower case.
    """

    status: int = 200
    body: bytes | AsyncGenerator[bytes, None] = b""
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Mapping[str, Any] | Sequence[Any], status: int = 200, **headers: str) -> Answer:
    """``value`` as JSON."""
    return Answer(status, _encoded(json.dumps(value, ensure_ascii=False)), headers=headers)


def event(value: Mapping[str, Any] | str, name: str = "") -> bytes:
    """One server-sent event."""
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + b"data: " + _encoded(data) + b"\n\n"


def _encoded(text: str) -> bytes:
    """In UTF-8, which has nothing for half a surrogate pair; the text of a page may hold one."""
    return text.encode(errors="replace")

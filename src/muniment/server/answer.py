"""What a route gives back."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON, EVENTS = "application/json", "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its body at once, or in pieces as they come.

    Attributes:
        headers: beside Content-Type; names in lower case.
    """

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Mapping[str, Any] | Sequence[Any], status: int = 200, **headers: str) -> Answer:
    """``value`` as JSON."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), headers=headers)


def event(value: Mapping[str, Any] | str, name: str = "") -> bytes:
    """One server-sent event."""
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + b"data: " + data.encode() + b"\n\n"

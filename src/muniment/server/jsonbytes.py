"""JSON for engines, as bytes.

An image's base64 goes in as it is: nothing in it needs an escape, and looking for some in a string of a megabyte takes
longer than all else that is done with it (``python -m benchmarks.request_bodies``).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def as_json(value: Any) -> bytes:
    """``value`` in UTF-8, without spaces."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def listed(values: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """An array of ``values`` that have been written in pieces, in pieces."""
    yield b"["
    for number, value in enumerate(values):
        if number:
            yield b","
        yield from value
    yield b"]"


def with_field(fields: Mapping[str, Any], name: str, written: Iterable[bytes]) -> bytes:
    """An object of ``fields``, at least one, and of one more whose value has been ``written`` in pieces."""
    return b"".join((as_json(fields)[:-1], b",", as_json(name), b":", *written, b"}"))

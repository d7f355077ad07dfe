"""The header of a safetensors file: what it says must fit the file, so that an engine finds what it is told.

A file is eight bytes (the header's length, little-endian), the header (a JSON object from a tensor's name to its type,
shape and place) and the tensors' bytes, one after the other without gaps. Source: the format's description in the
safetensors project.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from muniment.errors import ModelError
from muniment.models.manifest import open_regular

MOST_HEADER_BYTES = 25_000_000
"""A thousand tensors take about a hundred thousand; huggingface_hub draws the line here too."""

_MOST = 1 << 63
"""What no number in a header reaches."""

_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""A type's bits an element. The sizes of types that came later are not judged."""


def check_weights(path: Path) -> None:
    """Hold what the header of a safetensors file says against the file.

    Raises:
        ModelError: it is damaged, or none.
    """
    try:
        with open_regular(path) as file:
            check_header(file, path.stat().st_size)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ModelError(f"{path} is no sound safetensors file: {error}", "Get the file again.") from None


def check_header(file: BinaryIO, size: int) -> None:
    """The same for an open file of ``size`` bytes.

    Raises:
        ValueError: what is wrong, as a clause.
    """
    head = file.read(8)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > min(MOST_HEADER_BYTES, size - 8):
        raise ValueError("its header would be longer than the file or than headers are")
    header = _parsed(file.read(length))
    end = 0
    for begin, after in sorted(_places(header)):
        if begin != end:
            raise ValueError("its tensors lie over each other or leave gaps")
        end = after
    if end != size - 8 - length:
        raise ValueError("its tensors do not end where the file does")


def _parsed(content: bytes) -> dict[str, Any]:
    if not content.startswith(b"{"):
        raise ValueError("its header does not begin as one")
    try:
        header = json.loads(content.decode(), object_pairs_hook=_once)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("its header is not JSON") from None
    assert isinstance(header, dict)  # noqa: S101  # it begins with a brace
    return header


def _places(header: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Where each tensor begins and ends, counted from the end of the header."""
    for name, value in header.items():
        if name == "__metadata__":
            if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
                raise ValueError("its metadata is not text")
        else:
            yield _place(value)


def _place(tensor: Any) -> tuple[int, int]:
    match tensor:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [begin, end], **rest} if not rest:
            if not all(type(one) is int and 0 <= one < _MOST for one in (*shape, begin, end)) or end < begin:
                raise ValueError("a tensor has no sound shape or place")
            if (bits := _BITS.get(kind)) and math.prod(shape) * bits != (end - begin) * 8:
                raise ValueError("a tensor's place is not of its size")
            return begin, end
    raise ValueError("a tensor is described in another form")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("its header names something twice")
    return found

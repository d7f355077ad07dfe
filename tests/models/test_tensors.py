"""A safetensors file is taken if its header fits it, and refused otherwise, whatever it holds."""

import io
import json
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import ModelError
from muniment.models.tensors import MOST_HEADER_BYTES, check_header, check_weights
from tests.models.making import framed, safetensors


def check(content: bytes) -> None:
    check_header(io.BytesIO(content), len(content))


def tensor(begin: int, end: int, **fields: Any) -> dict[str, Any]:
    return {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end], **fields}


def headed(header: dict[str, Any], data: bytes = b"") -> bytes:
    return framed(json.dumps(header).encode(), data)


@given(st.lists(st.integers(0, 300)))
def test_tensors_one_after_the_other_are_sound(sizes: list[int]) -> None:
    content = safetensors(*sizes)
    check(content)
    for other in (content[:-1], content + b"1"):
        with pytest.raises(ValueError):  # noqa: PT011  # the words differ
            check(other)


def test_tensors_may_be_named_in_any_order_and_the_header_may_end_in_spaces() -> None:
    header = {"__metadata__": {"format": "pt"}, "b": tensor(4, 6), "a": tensor(0, 4), "none": tensor(4, 4)}
    check(framed(json.dumps(header).encode() + b"   ", b"123456"))
    with pytest.raises(ValueError, match="leave gaps"):
        check(headed(header | {"a": tensor(0, 3)}, b"123456"))


@pytest.mark.parametrize(
    ("kind", "shape", "size"),
    [
        ("BF16", [2, 3], 12),
        ("F32", [], 4),
        ("F4", [2, 2], 2),
        ("F8_E4M3", [5], 5),
        ("F6_E2M3", [4], 3),
        ("I64", [0], 0),
    ],
)
def test_a_tensors_place_is_of_its_size(kind: str, shape: list[int], size: int) -> None:
    check(headed({"a": tensor(0, size, dtype=kind, shape=shape)}, b"1" * size))
    with pytest.raises(ValueError, match="not of its size"):
        check(headed({"a": tensor(0, size + 1, dtype=kind, shape=shape)}, b"1" * (size + 1)))


def test_a_type_that_came_later_is_taken_by_its_place() -> None:
    later = {"a": tensor(0, 7, dtype="F5", shape=[11])}
    check(headed(later, b"1234567"))
    with pytest.raises(ValueError, match="do not end where the file does"):
        check(headed(later, b"12345678"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        framed(b""),
        framed(b"[]"),
        framed(b"{"),
        framed(b"{}{}"),
        framed(b'{"\xff": 1}'),
        framed(b'{"a":' + b"[" * 100_000),
        framed(b'{"a": ' + b"9" * 5000 + b"}"),
        framed(b" {}"),
        framed(b"{}", b"1"),
        safetensors(5)[:-1],
        safetensors(5) + b"1",
        (1 << 63).to_bytes(8, "little") + b"{}",
        (3).to_bytes(8, "little") + b"{}",
        headed({"__metadata__": {"a": 1}}),
        headed({"__metadata__": "text"}),
        headed({"a": []}),
        headed({"a": {"dtype": "U8", "shape": [0]}}),
        headed({"a": tensor(0, 0, more=1)}),
        headed({"a": tensor(0, 1, shape=[-1, -1])}, b"1"),
        headed({"a": tensor(0, 1, shape=[True])}, b"1"),
        headed({"a": tensor(0, 1, shape=[1.0])}, b"1"),
        headed({"a": tensor(0, 1, dtype=8)}, b"1"),
        headed({"a": tensor(0, 1, data_offsets=[0, 1, 1])}, b"1"),
        headed({"a": tensor(0, 1, dtype="X", data_offsets=[1, 0])}, b"1"),
        headed({"a": tensor(0, 2), "b": tensor(1, 3)}, b"123"),
        headed({"a": tensor(0, 2), "b": tensor(0, 2)}, b"12"),
        headed({"a": tensor(1, 2)}, b"12"),
        headed({"a": tensor(0, 1), "b": tensor(2, 3)}, b"123"),
        framed(b'{"a": %s, "a": %s}' % ((json.dumps(tensor(0, 0)).encode(),) * 2)),
        framed(b'{"a": {"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
        framed(b'{"a": {"dtype":"U8","shape":[' + b"9" * 19 + b'],"data_offsets":[0,0]}}'),
    ],
)
def test_what_does_not_fit_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words differ
        check(content)


def test_a_header_is_not_read_that_is_longer_than_headers_are() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size == 8, "nothing beyond the length is read"
            return (MOST_HEADER_BYTES + 1).to_bytes(8, "little")

    with pytest.raises(ValueError, match="longer than"):
        check_header(cast("BinaryIO", Endless()), 1 << 40)


@given(st.binary())
def test_odd_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        check(content)


@given(st.data())
def test_a_changed_header_is_refused_or_still_fits(data: st.DataObject) -> None:
    content = bytearray(safetensors(5, 3))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        check(bytes(content))
    except ValueError:
        return
    length = int.from_bytes(content[:8], "little")
    ends = [one["data_offsets"][1] for one in json.loads(content[8 : 8 + length]).values()]
    assert max(ends) == len(content) - 8 - length


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"pickle")
    with pytest.raises(ModelError, match=str(path)):
        check_weights(path)

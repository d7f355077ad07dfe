"""Several readers of one descriptor do not disturb each other."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.documents.shared_file import open_shared


def test_two_readers_of_one_descriptor_keep_their_own_positions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1024)
    descriptor = os.open(path, os.O_RDONLY)
    with open_shared(os.dup(descriptor)) as first, open_shared(descriptor) as second:
        assert first.read(3) == b"\x00\x01\x02"
        second.seek(100_000)
        assert second.read(2) == path.read_bytes()[100_000:100_002]
        assert first.read(2) == b"\x03\x04"


def test_closing_closes_the_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    descriptor = os.open(path, os.O_RDONLY)
    open_shared(descriptor).close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


moves = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 300)),
        st.tuples(st.just("start"), st.integers(0, 300)),
        st.tuples(st.just("end"), st.integers(-200, 50)),
        st.tuples(st.just("on"), st.integers(0, 50)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(content=st.binary(min_size=200, max_size=400), moves=moves)
def test_it_reads_and_seeks_like_any_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, moves: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("shared") / "file"
    path.write_bytes(content)
    plain = io.BytesIO(content)
    with open_shared(os.open(path, os.O_RDONLY)) as shared:
        for move, amount in moves:
            if move == "read":
                assert shared.read(amount) == plain.read(amount)
            else:
                whence = {"start": os.SEEK_SET, "end": os.SEEK_END, "on": os.SEEK_CUR}[move]
                assert shared.seek(amount, whence) == plain.seek(amount, whence)
            assert shared.tell() == plain.tell()

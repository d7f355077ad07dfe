"""Records are whole or not there, whatever happened to the file."""

from pathlib import Path

import pytest

from muniment.errors import OutputError
from muniment.reading.jsonlines import append, whole_lines


@pytest.mark.parametrize("left", [b"", b"one\n", b"one\ntw", b"tw", b"x" * 200_000, b"one\n" + b"x" * 200_000])
def test_a_record_behind_half_a_line_is_not_lost_with_it(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(left)
    append(path, "new")
    assert list(whole_lines(path)) == [*([b"one"] if left.startswith(b"one\n") else []), b"new"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Neither one that cannot be opened nor one whose disk fails, as the beginning of a process's memory does."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "failing").symlink_to("/proc/self/mem")
    for name in ("folder", "failing"):
        with pytest.raises(OutputError, match=name):
            list(whole_lines(tmp_path / name))

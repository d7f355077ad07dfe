"""Files of one record a line that are only ever added to, and may end in the middle of a line."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from muniment.errors import unwritable

_LOOKED_BACK = 1 << 16


def append(path: Path, line: str) -> None:
    """Add a line to a file only its owner can read, behind its last whole one. Raises OutputError."""
    try:
        with open(path, "a+b", opener=_private) as file:
            _cut_half_line(file)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from None


def _cut_half_line(file: BinaryIO) -> None:
    """Take away what a full disk or a power cut left behind the last line's end."""
    end = file.seek(0, os.SEEK_END)
    start = end
    while start > 0:
        length = min(start, _LOOKED_BACK)
        file.seek(start - length)
        place = file.read(length).rfind(b"\n")
        if place >= 0:
            start = start - length + place + 1
            break
        start -= length
    if start < end:
        file.truncate(start)


def whole_lines(path: Path) -> Iterator[bytes]:
    """Lines of a file as far as they are whole; none if there is no file. Raises OutputError."""
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                yield line[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(path, error) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

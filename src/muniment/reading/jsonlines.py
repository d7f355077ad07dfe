"""Files of one record a line that are only ever added to, and may end in the middle of a line."""

import os
from collections.abc import Iterator
from pathlib import Path

from muniment.errors import unwritable


def append(path: Path, line: str) -> None:
    """Add a line to a file only its owner can read. Raises OutputError."""
    try:
        with open(path, "a", encoding="utf-8", opener=_private) as file:
            file.write(line + "\n")
    except OSError as error:
        raise unwritable(path, error) from None


def whole_lines(path: Path) -> Iterator[bytes]:
    """Lines of a file as far as they are whole; none if there is no file. Raises OutputError."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(path, error) from None
    with file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line[:-1]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""Files that are whole or not there, and stay when the power fails."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

PART = ".part"
"""How the hidden names end that files have until they are whole."""


def put(path: Path, content: bytes) -> None:
    """Put a file, readable to all, into its place at once. Raises OSError; an older one is whole then."""
    put_all({path: content})


def put_all(contents: Mapping[Path, bytes]) -> None:
    """Put files into their places, in their order. Nothing is in its place before all of them are on the disk.

    Raises:
        OSError: they cannot be written. Each is whole all the same; all are the older ones, unless it came while they
            were put into their places.
    """
    parts = {path: path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART}") for path in contents}
    try:
        for path, content in contents.items():
            _write(parts[path], content)
        for path, part in parts.items():
            part.replace(path)
            sync(path.parent)  # what is in its place after a power failure has all before it in theirs
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """See that the names in ``folder`` are on the disk. (Windows does so by itself.)"""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        if os.name == "posix":
            os.fchmod(file.fileno(), 0o644)  # for all whom the folder lets in, such as the server in its container
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

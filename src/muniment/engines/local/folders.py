"""The folders that a vLLM of ours writes into: nobody else may look into them, or put anything there."""

import os
import stat
import tempfile
from pathlib import Path

from muniment.errors import EngineError

_LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path; a rule of the kernel."""
_LONGEST_NAME = 37
"""Of the sockets that vLLM makes for its own processes: a slash and a UUID."""


def private_folder() -> Path:
    """A new folder, for one run, in which sockets can be made."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="muniment-"))
    except OSError as error:
        raise EngineError(
            f"No temporary folder can be made: {error.strerror}", "Make room, or name another place in TMPDIR."
        ) from None
    if len(os.fsencode(folder)) + _LONGEST_NAME > _LONGEST_SOCKET:
        folder.rmdir()
        raise EngineError(f"The path of temporary folders is too long for sockets: {folder.parent}", "Shorten TMPDIR.")
    return folder


def cache_folder(folder: Path) -> Path:
    """``folder``, made if it is not there. vLLM believes what it finds in there, compiled code included."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise EngineError(f"The cache {folder} cannot be made: {error.strerror}", _ANOTHER) from None
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EngineError(f"Others may write into the cache {folder}, and code from it is run", _ANOTHER)
    return folder.resolve()


_ANOTHER = "Remove it, or name another folder in XDG_CACHE_HOME."

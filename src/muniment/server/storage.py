"""How much is kept: of each owner, and beside what the disk has to have left."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from muniment.server.errors import ApiError


@dataclass(slots=True)
class _Use:
    """What an owner with uploads under way has: bytes that are kept, and bytes that came with those uploads."""

    uploads: int = 0
    kept: int = 0
    coming: int = 0


class Room:
    """What one upload takes of the disk."""

    def __init__(self, check: Callable[[int], None], use: _Use) -> None:
        self._check = check
        self._use = use
        self.taken = 0

    def check(self, size: int) -> None:
        """See that so many bytes may come. Raises what :meth:`take` does."""
        self._check(size)

    def take(self, size: int) -> None:
        """Count bytes that are about to be written.

        Raises:
            ApiError: 429, ``storage_quota_exceeded``, the owner has too many; 507, ``no_space``, the disk has too few.
        """
        self._check(size)
        self.taken += size
        self._use.coming += size


class Storage:
    """The room that there is for uploads. For one event loop.

    Args:
        folder: on the disk that they go to.
        reserve: bytes that stay free on it, so that what was handed in can be read and the audit be written.
        most: bytes that an owner may have kept.
        kept: tells how many it has.
    """

    def __init__(self, folder: Path, reserve: int, most: int, kept: Callable[[str], int]) -> None:
        self._folder = folder
        self._reserve = reserve
        self._most = most
        self._kept = kept
        self._uses: dict[str, _Use] = {}

    @property
    def free(self) -> float:
        """Bytes that are free on the disk; without end where the file system has no such number."""
        return _free(self._folder)

    @contextmanager
    def room(self, owner: str) -> Iterator[Room]:
        """Room for an upload, which counts with all others of ``owner`` until it is kept or not. Raises OutputError."""
        kept = self._kept(owner)
        use = self._uses.setdefault(owner, _Use())
        use.uploads, use.kept = use.uploads + 1, kept

        def check(size: int) -> None:
            self._check(use, size)

        room = Room(check, use)
        try:
            yield room
        finally:
            use.uploads -= 1
            use.coming -= room.taken
            use.kept += room.taken  # if it did not stay after all, that is noticed with the next upload
            if not use.uploads:
                del self._uses[owner]

    def _check(self, use: _Use, size: int) -> None:
        if use.kept + use.coming + size > self._most:
            message = f"At most {self._most:,} bytes of one key's documents and files are kept. Remove some, or wait."
            raise ApiError(429, "rate_limit_error", message, code="storage_quota_exceeded")
        if _free(self._folder) - size < self._reserve:
            message = "The service's disk is as full as it may be. Try again later."
            raise ApiError(507, "server_error", message, code="no_space")


def _free(folder: Path) -> float:
    """Bytes that are free on the folder's disk; without end where the file system has no such number."""
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize if system.f_blocks else math.inf

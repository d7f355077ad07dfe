"""Uploaded files, kept for a while to be read by a later request."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from muniment.server.contents import Contents, NotErased
from muniment.server.errors import ApiError

_CONTENT = "content"
_COLUMNS = "id, owner, name, size, created"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was uploaded; ``created`` in seconds since 1970."""

    id: str
    owner: str
    name: str
    size: int
    created: float


class FileStore(Contents):
    """All of them."""

    table, prefix = "files", "file"

    def path_of(self, file_id: str) -> Path:
        """Where a file's content is."""
        return self.folder_of(file_id) / _CONTENT

    def add(self, file: StoredFile) -> None:
        """Remember a file whose content is in its place."""
        with self._database.transaction() as connection:
            connection.execute(
                f"INSERT INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                (file.id, file.owner, file.name, file.size, file.created),
            )
        self._has_come(file.id)

    def find(self, file_id: str, owner: str, *, removed: bool = False) -> StoredFile:
        """A file of ``owner``, if it was not removed, or also then.

        Raises:
            ApiError: there is none; the same for one that is another's and one that never was.
        """
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM files WHERE id = ? AND owner = ? AND removed <= ?",  # noqa: S608
            *(file_id, owner, removed),
        )
        if not rows:
            raise ApiError(404, "invalid_request_error", "There is no such file", param="file_id", code="not_found")
        return StoredFile(**rows[0])

    def of_owner(
        self, owner: str, most: int, after: StoredFile | None = None, skipped: int = 0, *, oldest_first: bool = False
    ) -> list[StoredFile]:
        """The newest first unless it is the other way round; those that come after one of them, but for so many."""
        order, beyond = ("ASC", ">") if oldest_first else ("DESC", "<")
        place = () if after is None else (after.created, after.id)
        behind = f"AND (created, id) {beyond} (?, ?)" if place else ""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM files WHERE owner = ? AND NOT removed {behind} "  # noqa: S608
            f"ORDER BY created {order}, id {order} LIMIT ? OFFSET ?",
            *(owner, *place, most, skipped),
        )
        return [StoredFile(**row) for row in rows]

    def count(self, owner: str) -> int:
        """How many there are."""
        ((number,),) = self._database.query("SELECT COUNT(*) FROM files WHERE owner = ? AND NOT removed", owner)
        return int(number)

    def open(self, file_id: str, owner: str) -> tuple[BinaryIO, str, int]:
        """A file's content, its name and its size. Raises ApiError, and what :meth:`opened` does."""
        file = self.find(file_id, owner)
        return self.opened(self.path_of(file.id)), file.name, file.size

    def remove_old(self, lifetime: float) -> None:
        """Erase those that are older than ``lifetime`` seconds, and those whose removal came to no end.

        What still cannot be erased stays. Raises OutputError.
        """
        for row in self._database.query("SELECT id FROM files WHERE created < ? OR removed", time.time() - lifetime):
            with suppress(NotErased):
                self.remove(row["id"])

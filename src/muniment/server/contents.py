"""Content that belongs to a row of the database: a folder each, gone before the row is."""

import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar

from muniment.errors import DocumentError, OutputError, unwritable
from muniment.server.store import OPTION, Database

log = logging.getLogger("muniment.server")

_MEND = "Mend that; it is tried again."


class NotOpened(OutputError):
    """Content cannot be opened now, and may be later: too many files are open, or the disk has trouble."""


class NotErased(OutputError):
    """Content cannot be erased now. The log says why, and the next sweep tries again."""


class Contents:
    """A table whose rows have a folder each, named by their ids.

    Args:
        folder: for all of them; made with mode 0700.

    Attributes:
        table: its name; it has columns "id", "owner", "size" of the upload in bytes, and "removed", which says of which
            rows all is to be erased: they stay until that is done.
        prefix: what its ids begin with.
        removal: what makes such a row tell nothing any more.

    Raises:
        OutputError: the folder cannot be made.
    """

    table: ClassVar[str]
    prefix: ClassVar[str]
    removal: ClassVar[str] = "removed = 1, name = ''"

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._coming: set[str] = set()
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from None

    @contextmanager
    def coming(self) -> Iterator[str]:
        """An id that nobody guesses, and a folder for it, which is erased again unless there is a row at the end.

        Raises:
            OutputError: the folder cannot be made.
        """
        row_id = f"{self.prefix}_{secrets.token_hex(16)}"
        self._coming.add(row_id)
        try:
            _make(self.folder_of(row_id))
            yield row_id
        finally:
            if row_id in self._coming:
                self._coming.remove(row_id)
                with suppress(NotErased):
                    _erase(self.folder_of(row_id))

    def _has_come(self, row_id: str) -> None:
        """There is a row."""
        self._coming.discard(row_id)

    def folder_of(self, row_id: str) -> Path:
        return self._folder / row_id

    def size_of(self, owner: str) -> int:
        """Bytes of all uploads of ``owner`` that are kept. Raises OutputError."""
        ((size,),) = self._database.query(
            f"SELECT COALESCE(SUM(size), 0) FROM {self.table} WHERE owner = ?",  # noqa: S608
            owner,
        )
        return int(size)

    def opened(self, path: Path) -> BinaryIO:
        """The file of a row. Raises NotOpened, and DocumentError if it is gone."""
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise DocumentError(
                "What was uploaded is no longer on the service's disk", "Erase it here and send it again."
            ) from None
        except OSError as error:
            raise NotOpened(f"{path} cannot be opened: {error.strerror}") from None

    def remove(self, row_id: str) -> None:
        """Mark a row as removed and erase it. Raises what :meth:`mark` and :meth:`erase` do."""
        self.mark(row_id)
        self.erase(row_id)

    def mark(self, row_id: str) -> None:
        """Have nobody find a row any more. Raises OutputError; then all is as before."""
        with self._database.transaction(erases=True) as connection:
            connection.execute(f"UPDATE {self.table} SET {self.removal} WHERE id = ?", (row_id,))  # noqa: S608

    def erase(self, row_id: str) -> None:
        """Erase what a row that is marked holds, and then the row, so that nothing is left that nobody knows of.

        Raises:
            NotErased: not all of it can be erased now.
            OutputError: the database cannot be used.
        """
        _erase(self.folder_of(row_id))
        with self._database.transaction(erases=True) as connection:
            connection.execute(f"DELETE FROM {self.table} WHERE id = ?", (row_id,))  # noqa: S608

    def remove_strays(self) -> None:
        """Erase folders without a row, but for those of what is coming: others are of what did not come.

        What has no name of ours stays, as a disk's "lost+found" does, and so does what cannot be erased.

        Raises:
            NotErased: nobody can see what there is.
            OutputError: the database cannot be used.
        """
        known = {row["id"] for row in self._database.query(f"SELECT id FROM {self.table}")}  # noqa: S608
        try:
            folders = list(self._folder.iterdir())
        except OSError as error:
            raise NotErased(f"What is left in {self._folder} cannot be seen: {error.strerror}", _MEND) from None
        for folder in folders:
            is_ours = re.fullmatch(rf"{self.prefix}_[0-9a-f]{{32}}", folder.name)
            if is_ours and folder.name not in known | self._coming:
                with suppress(NotErased):
                    _erase(folder)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise unwritable(folder, error, OPTION) from None


def _erase(folder: Path) -> None:
    """Erase a folder, if it is there. Raises NotErased, and the log says so."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # all but what stands in the way
        if os.path.lexists(folder):
            problem = NotErased(f"{folder} cannot be erased: {error.strerror or error}", _MEND)
            log.error("%s", problem)  # noqa: TRY400 - an expected one, without a trace
            raise problem from None

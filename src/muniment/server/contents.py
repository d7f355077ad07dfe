"""Content that belongs to a row of the database: a folder each, gone when the row is."""

import secrets
import shutil
from pathlib import Path
from typing import BinaryIO, ClassVar

from muniment.errors import DocumentError, OutputError, unwritable
from muniment.server.store import Database


class NotOpened(OutputError):
    """Content cannot be opened now, and may be later: too many files are open, or the disk has trouble."""


class Contents:
    """A table whose rows have a folder each, named by their ids.

    Args:
        folder: for all of them; made with mode 0700.

    Attributes:
        table: its name; the ids are in its column "id".
        prefix: what its ids begin with.

    Raises:
        OutputError: the folder cannot be made.
    """

    table: ClassVar[str]
    prefix: ClassVar[str]

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from None

    def new_id(self) -> str:
        """An id that nobody guesses, and a folder for it."""
        row_id = f"{self.prefix}_{secrets.token_hex(16)}"
        self.folder_of(row_id).mkdir(mode=0o700)
        return row_id

    def folder_of(self, row_id: str) -> Path:
        return self._folder / row_id

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
        """Forget a row and erase what it holds: the content first, so that none is left without a row."""
        shutil.rmtree(self.folder_of(row_id), ignore_errors=True)
        with self._database.transaction(erases=True) as connection:
            connection.execute(f"DELETE FROM {self.table} WHERE id = ?", (row_id,))  # noqa: S608

    def remove_strays(self) -> None:
        """Erase folders without a row: what was coming when the service was killed."""
        known = {row["id"] for row in self._database.query(f"SELECT id FROM {self.table}")}  # noqa: S608
        for folder in self._folder.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

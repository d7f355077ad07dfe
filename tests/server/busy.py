"""Databases that somebody else writes to all the while."""

import sqlite3
from pathlib import Path

from muniment.server.store import FILE


class Writer:
    """Somebody else, who can hold the database of a data folder. To be closed."""

    def __init__(self, data: Path) -> None:
        self._connection = sqlite3.connect(data / FILE, isolation_level=None, check_same_thread=False)

    def hold(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def jobs(self) -> int:
        """How many rows there are of them, those included that are to be erased."""
        ((number,),) = self._connection.execute("SELECT COUNT(*) FROM jobs")
        return int(number)

    def let_go(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()

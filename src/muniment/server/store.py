"""The service's data folder, and the SQLite file in it that holds what must survive a restart."""

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muniment.errors import OutputError, unwritable

DATA_VARIABLE = "MUNIMENT_DATA_DIR"
OPTION = "--data"
FILE = "service.db"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            hash BLOB NOT NULL UNIQUE,
            rate INTEGER,
            concurrent INTEGER,
            pages_a_day INTEGER,
            created INTEGER NOT NULL,
            expires INTEGER,
            revoked INTEGER
        )""",
        "CREATE UNIQUE INDEX keys_in_force ON keys (name) WHERE revoked IS NULL",
        """CREATE TABLE pages_charged (
            key TEXT NOT NULL REFERENCES keys (id),
            day TEXT NOT NULL,
            pages INTEGER NOT NULL,
            PRIMARY KEY (key, day)
        ) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            model TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            page_count INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            numbers TEXT NOT NULL,
            state TEXT NOT NULL,
            created REAL NOT NULL,
            finished REAL,
            problem TEXT NOT NULL,
            idempotency TEXT,
            UNIQUE (owner, idempotency)
        )""",
        """CREATE TABLE files (
            id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            size INTEGER NOT NULL,
            created REAL NOT NULL
        )""",
    ),
    ("ALTER TABLE jobs ADD COLUMN charged_on TEXT NOT NULL DEFAULT ''",),
    ("ALTER TABLE jobs ADD COLUMN progress TEXT",),
    (
        "ALTER TABLE jobs ADD COLUMN removed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE files ADD COLUMN removed INTEGER NOT NULL DEFAULT 0",
    ),
    ("ALTER TABLE jobs ADD COLUMN size INTEGER NOT NULL DEFAULT 0",),
)
"""What brings the file from one version to the next; only ever add to the end. Times are seconds since 1970."""

_PATIENCE = 5.0
"""Seconds to wait for another process, like the service or the command that makes keys, to finish writing."""

_HINTS = {
    "FULL": "Make room and try again.",
    "READONLY": f"Change its permissions or choose another folder with {OPTION}.",
    "CANTOPEN": f"Change its permissions or choose another folder with {OPTION}.",
    "CORRUPT": "It is damaged: bring back a copy, or move it away and make new keys.",
    "NOTADB": "It is damaged: bring back a copy, or move it away and make new keys.",
}


class DatabaseBusy(OutputError):
    """Another process has held the database for too long; it can be used later."""


def data_folder(given: Path | None) -> Path:
    """The folder for what the service keeps: ``given``, or $MUNIMENT_DATA_DIR, or one in the user's state folder.

    Made, for its owner only, unless it is there.

    Raises:
        OutputError: it cannot be made, or others can write to it.
    """
    folder = given or _usual_folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise unwritable(folder, error, OPTION) from None
    # Whoever can write here can make keys for themselves.
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or status.st_uid not in (os.geteuid(), 0):
        raise OutputError(
            f"{folder} is not safe for keys: others can write to it",
            f"Own it and run chmod 700 on it, or choose another folder with {OPTION}.",
        )
    return folder


def _usual_folder() -> Path:
    if chosen := os.environ.get(DATA_VARIABLE):
        return Path(chosen)
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if state.is_absolute():  # the XDG specification has relative ones ignored
        return state / "muniment"
    try:
        return Path.home() / ".local" / "state" / "muniment"
    except RuntimeError:
        raise OutputError(
            "There is no folder for the service's data: this user has no home",
            f"Choose a folder with {OPTION} or {DATA_VARIABLE}.",
        ) from None


class Database:
    """The SQLite file ``service.db``; for use from any thread, and by several processes at once.

    Args:
        folder: the data folder; the file is made there, readable by its owner only, unless it is there.
        patience: seconds to wait for another process to finish writing, once all is set up. All else in the thread
            waits too.

    Raises:
        OutputError: it cannot be used; DatabaseBusy, not now. The same goes for all methods.
    """

    def __init__(self, folder: Path, patience: float = _PATIENCE) -> None:
        self._path = folder / FILE
        self._lock = threading.RLock()
        _make_private(self._path)
        with self._telling():
            self._connection = sqlite3.connect(
                self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        try:
            with self._telling():
                self._set_up()
                self._connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        except BaseException:
            self.close()
            raise

    def query(self, statement: str, *values: str | bytes | float | None) -> list[sqlite3.Row]:
        """The rows that a statement which changes nothing gives."""
        with self._lock, self._telling():
            rows: list[sqlite3.Row] = self._connection.execute(statement, values).fetchall()
            return rows

    @contextmanager
    def transaction(self, *, durable: bool = False, erases: bool = False) -> Iterator[sqlite3.Connection]:
        """All changes that are made within, or none if an exception leaves it; no one else writes meanwhile.

        One within another of the same thread is a part of that, whose arguments count.

        Args:
            durable: the changes survive a power cut too, at the price of waiting for the disk; they survive the end of
                the process in any case.
            erases: nothing of what is deleted within is left in the journal either.
        """
        with self._lock, self._telling():
            if self._connection.in_transaction:
                yield self._connection
            else:
                with self._whole_transaction(durable=durable, erases=erases):
                    yield self._connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _whole_transaction(self, *, durable: bool, erases: bool) -> Iterator[None]:
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        if erases:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _set_up(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted holds the names of documents
        with self.transaction(durable=True) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise OutputError(
                    f"{self._path} was written by a newer Muniment", f"Use that one, or another folder with {OPTION}."
                )
            for statement in (statement for step in MIGRATIONS[version:] for statement in step):
                connection.execute(statement)
            if version < len(MIGRATIONS):
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        self._connection.execute("PRAGMA journal_mode = WAL")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turns what SQLite says of the file into an OutputError, which quotes no values."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a mistake in Muniment
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "SQLITE_ERROR").removeprefix("SQLITE_")
            what, kind = f"{self._path} cannot be used: SQLite says {name}", name.partition("_")[0]
            if kind == "BUSY":
                raise DatabaseBusy(what, "Another process has held it for too long; try again.") from None
            raise OutputError(what, _HINTS.get(kind, f"Choose another folder with {OPTION}.")) from None


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner can read; SQLite gives its journal the same permissions.

    A file that is there is not opened: closing it would drop the locks that SQLite holds on it for this process.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            return
        if stat.S_IMODE(path.stat().st_mode) != 0o600:
            path.chmod(0o600)
    except OSError as error:
        raise unwritable(path, error, OPTION) from None

"""Keys that clients show: shown once when they are made, kept as hashes."""

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from muniment.errors import UsageError
from muniment.server.store import Database

PREFIX = "mun_"
"""What every key begins with, so that scanners for leaked secrets can tell one."""

_LONGEST_NAME = 100
_RESERVED = re.compile(r"(mun|key)_")


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """How much one key may ask for; None is without a limit.

    Attributes:
        rate: requests in any minute.
        concurrent: requests at once.
        pages_a_day: pages in a day of UTC.
    """

    rate: int | None = None
    concurrent: int | None = None
    pages_a_day: int | None = None

    def __post_init__(self) -> None:
        if any(limit is not None and limit < 1 for limit in (self.rate, self.concurrent, self.pages_a_day)):
            raise UsageError("A key's limits are at least 1", "To let a key do nothing, revoke it.")


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; the secret itself is not.

    Attributes:
        id: stands for the key in the audit log; unlike the name, never given twice.
        name: unique among keys that are not revoked.
        expires: from when on it counts no more; None is never.
        revoked: when it was revoked; None if it was not.
    """

    id: str
    name: str
    limits: KeyLimits
    created: datetime
    expires: datetime | None
    revoked: datetime | None


class KeyStore:
    """The keys in the service's database. What one process changes counts at once in all.

    Args:
        clock: seconds since 1970.

    Raises:
        OutputError: the database cannot be used; all methods.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, limits: KeyLimits, expires: datetime | None) -> tuple[Key, str]:
        """Make a key; gives it and its secret, which cannot be had again.

        Raises:
            UsageError: the name is taken or will not do, or ``expires`` is past.
        """
        _check_name(name)
        now = int(self._clock())
        end = None if expires is None else int(expires.timestamp())
        if end is not None and end <= now:
            raise UsageError("The key would have expired already", "Choose a later day.")
        identity = "key_" + secrets.token_hex(6)
        secret = PREFIX + secrets.token_urlsafe(32)
        row = (identity, name, _hashed(secret), limits.rate, limits.concurrent, limits.pages_a_day, now, end, None)
        with self._database.transaction(durable=True) as connection:
            if connection.execute("SELECT 1 FROM keys WHERE name = ? AND revoked IS NULL", (name,)).fetchone():
                raise UsageError(f'There is a key named "{name}"', "Revoke it, or choose another name.")
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return Key(identity, name, limits, _moment(now), None if end is None else _moment(end), None), secret

    def all(self) -> list[Key]:
        """Every key that was ever made, the oldest first."""
        return [_key(row) for row in self._database.query("SELECT * FROM keys ORDER BY created, rowid")]

    def revoke(self, name_or_id: str) -> Key:
        """Let a key count no more; requests that are under way go on.

        Raises:
            UsageError: no key that is not revoked has that name or id.
        """
        now = int(self._clock())
        with self._database.transaction(durable=True) as connection:
            row = connection.execute(
                "SELECT * FROM keys WHERE (name = ? OR id = ?) AND revoked IS NULL", (name_or_id, name_or_id)
            ).fetchone()
            if row is None:
                # What was asked for is not repeated: it could be a key, pasted by mistake.
                raise UsageError("No key that counts has that name or id", 'See "muniment key list".')
            connection.execute("UPDATE keys SET revoked = ? WHERE id = ?", (now, row["id"]))
        return replace(_key(row), revoked=_moment(now))

    def find(self, secret: str) -> Key | None:
        """The key with this secret, if it is neither expired nor revoked."""
        hashed = _hashed(secret)
        for row in self._database.query("SELECT * FROM keys WHERE hash = ? AND revoked IS NULL", hashed):
            in_force = row["expires"] is None or self._clock() < row["expires"]
            if hmac.compare_digest(row["hash"], hashed) and in_force:
                return _key(row)
        return None

    def any_made(self) -> bool:
        """Whether keys are wanted: one that is revoked or expired still says so."""
        return bool(self._database.query("SELECT 1 FROM keys LIMIT 1"))


def _check_name(name: str) -> None:
    if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= _LONGEST_NAME:
        raise UsageError(
            "That will not do for a key's name",
            f"Give 1 to {_LONGEST_NAME} printable characters, without spaces at the ends.",
        )
    if _RESERVED.match(name):
        raise UsageError("A key's name does not begin with mun_ or key_", "Keys and their ids do; choose another name.")


def _hashed(secret: str) -> bytes:
    # One round of SHA-256 is enough: a slow hash guards passwords, which can be guessed; 256 random bits cannot.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: sqlite3.Row) -> Key:
    limits = KeyLimits(row["rate"], row["concurrent"], row["pages_a_day"])
    expires, revoked = (None if row[name] is None else _moment(row[name]) for name in ("expires", "revoked"))
    return Key(row["id"], row["name"], limits, _moment(row["created"]), expires, revoked)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

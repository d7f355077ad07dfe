"""What one key may ask for: requests a minute, requests at once, pages a day, documents that are not finished."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from muniment.server.errors import ApiError
from muniment.server.keys import Key
from muniment.server.store import Database

_MINUTE = 60.0
_NEW_WEIGHT = 0.2
"""How much the latest request changes what is taken for a key's typical duration."""

_DOCUMENT_LATER = 30.0
"""Seconds after which it is worth asking whether a document was finished."""


@dataclass(slots=True)
class _Use:
    """What one key is doing: when its requests of the last minute and those under way began, and how long one takes."""

    recent: deque[float] = field(default_factory=deque)
    running: list[float] = field(default_factory=list)
    typical: float = 1.0


@dataclass(frozen=True, slots=True)
class Charge:
    """Pages that count towards a key's day. A job keeps the day, so that pages can be given back after a restart.

    Attributes:
        key_id: None if the key has no limit on pages.
        day: of UTC, as in ISO 8601.
    """

    key_id: str | None
    day: str
    pages: int


class Gate:
    """Lets requests in as far as their keys' limits allow. None for a key, where none is wanted, has no limits.

    Requests are counted in this process and in one thread; pages in the database, so that a restart forgets none.

    Args:
        clock: seconds from any beginning, never going back.
        now: seconds since 1970; tells the day.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._clock = clock
        self._now = now
        self._uses: dict[str, _Use] = {}

    @contextmanager
    def request(self, key: Key | None) -> Iterator[None]:
        """Count a request of ``key`` while it is under way. One that is refused counts for nothing.

        Raises:
            ApiError: 429, ``rate_limit_exceeded`` or ``concurrency_limit_exceeded``. For the first, ``retry_after`` is
                when there is room again; for the second it is estimated from how long the key's requests take.
        """
        if key is None:
            yield
            return
        use = self._uses.setdefault(key.id, _Use())
        begun = self._clock()
        _check_concurrent(use, key.limits.concurrent, begun)
        _check_rate(use, key.limits.rate, begun)
        use.running.append(begun)
        try:
            yield
        finally:
            use.running.remove(begun)
            use.typical += _NEW_WEIGHT * (self._clock() - begun - use.typical)

    def charge(self, key: Key | None, pages: int) -> Charge:
        """Count ``pages`` towards the key's day, before they are read.

        Raises:
            ApiError: 429, ``page_quota_exceeded``; nothing was counted. ``retry_after`` is the day's end, or None if
                there are more pages than the key may have in any day.
            OutputError: the database cannot be used.
        """
        now = datetime.fromtimestamp(self._now(), UTC)
        today = now.date().isoformat()
        if key is None or key.limits.pages_a_day is None or pages == 0:
            return Charge(None, today, pages)
        limit = key.limits.pages_a_day
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT pages FROM pages_charged WHERE key = ? AND day = ?", (key.id, today)
            ).fetchone()
            used = row["pages"] if row else 0
            if used + pages > limit:
                raise _quota_exceeded(pages, limit, limit - used, now)
            # Yesterday's stays: a clock that is set back over midnight is no new day.
            yesterday = (now.date() - timedelta(days=1)).isoformat()
            connection.execute("DELETE FROM pages_charged WHERE key = ? AND day < ?", (key.id, yesterday))
            connection.execute("INSERT OR REPLACE INTO pages_charged VALUES (?, ?, ?)", (key.id, today, used + pages))
        return Charge(key.id, today, pages)

    def give_back(self, charge: Charge, pages: int) -> None:
        """Uncount ``pages`` of ``charge`` that were not read; each only once. Raises OutputError."""
        if not 0 <= pages <= charge.pages:
            raise ValueError(f"{pages} of {charge.pages} pages cannot be given back")
        if charge.key_id is None or pages == 0:
            return
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE pages_charged SET pages = MAX(0, pages - ?) WHERE key = ? AND day = ?",
                (pages, charge.key_id, charge.day),
            )


def check_unfinished(count: int, most: int) -> None:
    """See that an owner may hand in one document more than those that wait or are being read.

    Raises:
        ApiError: 429, ``document_limit_exceeded``.
    """
    if count >= most:
        raise _exceeded(
            "document_limit_exceeded",
            f"At most {most} documents of one key may wait or be read. Wait for one to be finished, or remove one.",
            _DOCUMENT_LATER,
        )


def _check_concurrent(use: _Use, limit: int | None, now: float) -> None:
    if limit is not None and len(use.running) >= limit:
        raise _exceeded(
            "concurrency_limit_exceeded",
            f"This key may have {limit} requests under way at once. Wait for one to end.",
            use.typical - (now - min(use.running)),
        )


def _check_rate(use: _Use, limit: int | None, now: float) -> None:
    """Check the last minute, whenever it began, and count this request into it."""
    if limit is None:
        return
    while use.recent and use.recent[0] + _MINUTE <= now:
        use.recent.popleft()
    if len(use.recent) >= limit:
        raise _exceeded(
            "rate_limit_exceeded",
            f"This key may send {limit} requests a minute. Send them more slowly.",
            use.recent[0] + _MINUTE - now,
        )
    use.recent.append(now)


def _quota_exceeded(pages: int, limit: int, left: int, now: datetime) -> ApiError:
    if pages > limit:
        return _exceeded(
            "page_quota_exceeded",
            f"This key may have {limit} pages read a day, and this request has {pages}. Send fewer pages at once.",
            None,
        )
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return _exceeded(
        "page_quota_exceeded",
        f"This key may have {limit} pages read a day (UTC). {left} are left today, and this request has {pages}.",
        (midnight - now).total_seconds(),
    )


def _exceeded(code: str, message: str, retry_after: float | None) -> ApiError:
    """Seconds are rounded up, as the header has whole ones and a retry should not come a moment early."""
    seconds = None if retry_after is None else float(max(1, math.ceil(retry_after)))
    return ApiError(429, "rate_limit_error", message, code=code, retry_after=seconds)

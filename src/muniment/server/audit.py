"""The audit log: who had what read when, a line of JSON a request, and nothing of what was read."""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
import threading
import time
from collections import deque
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, field_serializer
from pydantic.dataclasses import dataclass

from muniment.errors import OutputError, unwritable
from muniment.server.errors import ApiError
from muniment.server.store import OPTION

SECRET_FILE = "audit.secret"  # noqa: S105  # its name
_LOOKS, _MOMENT = 5, 0.005
"""How often, and after how many seconds each, a log's end is looked at before it counts as cut off."""
MOST_KEPT = 10_000
"""Lines, of some 400 bytes, that are kept in memory while the file cannot be written."""

_SECRET_BYTES = 32
_RETRY_AFTER = 10.0

_Count = Annotated[int, Field(ge=0)]
_SEGMENT = r"([a-z][a-z_-]*(\.json)?|\{[a-z_]+(:[a-z]+)?\})"
_Template = Annotated[str, Field(max_length=100, pattern=rf"^/((v1/)?{_SEGMENT}(/{_SEGMENT})*)?$")]


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, config=ConfigDict(strict=True, hide_input_in_errors=True))
class AuditLine:
    """One request. No field takes free text, and what does not fit a field is refused without being quoted.

    Attributes:
        time: when the request came; written in UTC, to the millisecond.
        request_id: made by the service, not by the client.
        key_id: None where no key was wanted, or none that counts was shown.
        route: the route's template, like "/v1/documents/{job}", never the path that came; None if no route fits.
        bytes_in: the size of the body, as far as it was taken.
        duration: seconds, to the millisecond.
        document: what :meth:`Audit.document_hash` gave, or None if there was no document.
    """

    time: AwareDatetime
    request_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
    key_id: Annotated[str, Field(pattern=r"^key_[0-9a-f]{12}$")] | None
    route: _Template | None
    status: Annotated[int, Field(ge=100, le=599)]
    pages: _Count
    bytes_in: _Count
    prompt_tokens: _Count
    completion_tokens: _Count
    duration: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    outcome: Outcome
    document: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None

    @field_serializer("time")
    def _utc(self, time: datetime) -> str:
        return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @field_serializer("duration")
    def _milliseconds(self, duration: float) -> float:
        return round(duration, 3)


_line = TypeAdapter(AuditLine)


class Audit:
    """Appends to the audit log, from any thread. Nothing is opened before the first line or check.

    Each line is one write to a file open for appending, so that lines are whole even if several processes write. A file
    that was rotated or removed is begun anew.

    Args:
        path: the log; made readable by its owner only. It must be a plain file, not a link.
        secret: what documents are hashed with; see :func:`audit_secret`.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret
        self._lock = threading.Lock()
        self._file = -1
        self._waiting: deque[bytes] = deque()
        self._lost = 0

    def record(self, line: AuditLine) -> None:
        """Write a line. One that cannot be written is kept, makes :meth:`check` fail, and is written before later ones.

        If too many wait, the latest are only counted: ``{"lost_lines": 12}`` then stands in the log in their place.
        """
        with self._lock:
            if len(self._waiting) < MOST_KEPT:
                self._waiting.append(_line.dump_json(line))
            else:
                self._lost += 1
            with contextlib.suppress(OSError):  # what waits says so
                self._write_all()

    def is_writable(self) -> bool:
        """Whether the next line can be written, and all earlier ones could; those that wait are tried again."""
        try:
            with self._lock:
                self._write_all()
                self._check_room()
        except OSError:
            return False
        return True

    def check(self) -> None:
        """See that the next line can be written, before a document is taken.

        Raises:
            ApiError: 503, as it cannot, or earlier lines still cannot.
        """
        if not self.is_writable():
            raise ApiError(
                503,
                "server_error",
                "Documents are refused while the audit log cannot be written. Tell whoever runs this service.",
                code="audit_unavailable",
                retry_after=_RETRY_AFTER,
            )

    def document_hash(self, sha256: bytes) -> str:
        """What stands for a document in the log; without the secret, nobody can tell whether it is one they have.

        Args:
            sha256: the SHA-256 digest of the document's bytes.
        """
        return hmac.new(self._secret, sha256, hashlib.sha256).hexdigest()[:32]

    def close(self) -> None:
        with self._lock:
            self._close()

    def _write_all(self) -> None:
        """Write the lines that wait, oldest first. Raises OSError; what was not written goes on waiting."""
        self._open_if_moved()
        try:
            while self._waiting:
                _append(self._file, self._waiting[0])
                self._waiting.popleft()
            if self._lost:
                _append(self._file, json.dumps({"lost_lines": self._lost}).encode())
                self._lost = 0
        except OSError:
            self._close()  # opened anew, it is looked at whether half a line was left
            raise

    def _open_if_moved(self) -> None:
        """Have the file open that now has the log's name."""
        if self._file >= 0:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.lstat(self._path), os.fstat(self._file)):
                    return
            self._close()
        # Without O_NONBLOCK, opening a pipe would wait for somebody to read it.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._file = os.open(self._path, flags, 0o600)
        try:
            _end_half_line(self._file)
        except OSError:
            self._close()
            raise

    def _check_room(self) -> None:
        system = os.fstatvfs(self._file)
        if system.f_flag & os.ST_RDONLY or (system.f_blocks and not system.f_bavail):
            raise OSError

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _append(file: int, line: bytes) -> None:
    whole = line + b"\n"
    if os.write(file, whole) < len(whole):
        raise OSError


def _end_half_line(file: int) -> None:
    """Let what a full disk left of a line be a line of its own, so that the next one is whole. Plain files only."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError
    for _ in range(_LOOKS):  # half of a line that another process writes just now is whole in a moment
        if _ends_whole(file):
            return
        time.sleep(_MOMENT)
    os.write(file, b"\n")


def _ends_whole(file: int) -> bool:
    size = os.fstat(file).st_size
    return not size or os.pread(file, 1, size - 1) == b"\n"


def audit_secret(folder: Path) -> bytes:
    """The secret that documents are hashed with, made when it is first asked for and kept in the data folder.

    Raises:
        OutputError: it can be neither read nor made.
    """
    path = folder / SECRET_FILE
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_bytes()
    except OSError as error:
        raise unwritable(path, error, OPTION) from None
    if len(secret) != _SECRET_BYTES:
        raise OutputError(
            f"{path} is damaged", "Bring back a copy, or remove it: documents then have other hashes than before."
        )
    return secret


def _make_secret(path: Path) -> None:
    """Put a secret into its place whole, unless another process was first."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, secrets.token_bytes(_SECRET_BYTES))
        os.fsync(file)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        os.close(file)
        part.unlink()

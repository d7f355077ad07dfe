"""Documents as the reading process holds them: an open file that only workers look into."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import BinaryIO, cast

from muniment.documents.sources import Source
from muniment.errors import LimitExceeded, NotADocument
from muniment.reading.data import DocumentInfo
from muniment.reading.worker_process import WorkerLostError, WorkerProcess

LARGEST_STREAM = 2 << 30
"""Bytes of a document that comes without a file: it is kept in memory, and no copy of it on a disk."""

KEPT_OPEN = 2
"""Documents a worker keeps open: the one it reads and the next."""

_numbers = count(1)


@dataclass(eq=False)
class OpenDocument:
    """An open file and its place in the run.

    Attributes:
        name: for messages and results.
        file: read by nobody here but to hash it.
        number: what workers call it.
        sha256: of its bytes, hexadecimal; "" until :meth:`hash` was called.
    """

    name: str
    file: BinaryIO
    password: str | None
    number: int = field(default_factory=lambda: next(_numbers))
    kind: str = ""
    page_count: int = 0
    sha256: str = ""

    def open_in(self, worker: WorkerProcess, timeout: float) -> None:
        """Make sure ``worker`` has the document open. Raises DocumentError, WorkerLostError."""
        if self.number in worker.documents:
            return
        for other in sorted(worker.documents)[: max(0, len(worker.documents) - KEPT_OPEN + 1)]:
            worker.close(other)
        opened = worker.open(self.number, self.name, self.password, self.file.fileno(), timeout)
        self.kind, self.page_count = opened.document_kind, opened.page_count

    def hash(self, is_stopped: Callable[[], bool] = lambda: False) -> str:
        """SHA-256 of the file's bytes, hexadecimal.

        Args:
            is_stopped: asked now and then, as a large file takes a while.

        Raises:
            NotADocument: they cannot be read.
            WorkerLostError: it was stopped.
        """
        if not self.sha256:
            try:
                self.sha256 = _digest(self.file.fileno(), is_stopped)
            except OSError as error:
                raise _unreadable(self.name, error) from None
        return self.sha256

    @property
    def info(self) -> DocumentInfo:
        return DocumentInfo(self.name, self.kind, self.page_count, self.hash())

    def close(self) -> None:
        self.file.close()


def _digest(descriptor: int, is_stopped: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    offset = 0
    # pread leaves the descriptor's position alone: workers share it.
    while chunk := os.pread(descriptor, 1 << 20, offset):
        digest.update(chunk)
        offset += len(chunk)
        if is_stopped():
            raise WorkerLostError("was stopped")
    return digest.hexdigest()


def open_source(source: Source) -> BinaryIO:
    """The source's file, open for reading; standard input is taken into memory and never put on a disk.

    Raises:
        NotADocument: it cannot be opened.
    """
    try:
        return _standard_input() if source.path is None else source.path.open("rb")
    except OSError as error:
        raise _unreadable(source.name, error) from None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise NotADocument("Standard input is closed", "Send a document to it, or name a file.")
    file = in_memory(sys.stdin.buffer)
    if not file.read(1):
        file.close()
        raise NotADocument("Nothing came from standard input", "Check the command that should send the document.")
    return file


def _unreadable(name: str, error: OSError) -> NotADocument:
    return NotADocument(f"{name} cannot be read: {error.strerror}", "Check that it exists and that you may read it.")


def in_memory(stream: BinaryIO) -> BinaryIO:
    """All of ``stream`` as a file with a descriptor that workers can be given.

    Raises:
        LimitExceeded: it is longer than ``LARGEST_STREAM``.
    """
    file = _memory_file()
    while chunk := stream.read(1 << 20):
        if file.tell() + len(chunk) > LARGEST_STREAM:
            file.close()
            raise LimitExceeded(
                f"More than {LARGEST_STREAM:,} bytes came, which have to stay in memory",
                "Save them as a file and name it.",
            )
        file.write(chunk)
    file.flush()
    file.seek(0)
    return file


def bytes_in_memory(data: bytes | bytearray) -> BinaryIO:
    """``data`` as such a file."""
    file = _memory_file()
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def _memory_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("document"), "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())  # closed with the document

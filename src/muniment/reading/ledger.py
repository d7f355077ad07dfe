"""The ledger: what a run has finished, kept beside its results, so that nothing is read twice or lost.

Lives in the folder ``.muniment`` of the output folder. ``finished.jsonl`` has a line for each finished document;
``<key>.pages.jsonl`` holds the pages of a document in progress and goes when the document is finished. The key covers
the document's bytes, its name, and everything that changes the result; another version of Muniment reads anew.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from muniment._version import __version__
from muniment.documents.sources import Source
from muniment.errors import OutputError
from muniment.reading.data import DocumentInfo, PageReading, PageStatus

FOLDER = ".muniment"


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished document: how many pages, and which of them by a fallback or not at all."""

    key: str
    pages: int
    fallback: tuple[int, ...]
    failed: tuple[int, ...]


@cache
def _finished() -> TypeAdapter[Finished]:
    return TypeAdapter(Finished)


@cache
def _page() -> TypeAdapter[PageReading]:
    return TypeAdapter(PageReading)


class Ledger:
    """What is finished in one output folder; held by one run at a time.

    Args:
        folder: the output folder; it must exist.
        settings: everything beside the document that changes the results, in a stable form.
        results: the files a source's results are in; a document whose results are gone is read again.
        forget: start anew, whatever was finished before.

    Raises:
        OutputError: the folder cannot be written, or another run holds it.
    """

    def __init__(
        self, folder: Path, settings: str, results: Callable[[Source], Sequence[Path]], *, forget: bool = False
    ) -> None:
        self._folder = folder / FOLDER
        self._settings = settings
        self._results = results
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = (self._folder / "lock").open("w")
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise OutputError(
                f"Another run is writing to {folder}", "Wait for it to end, or choose another folder with -o."
            ) from None
        self._known = {} if forget else self._load()
        self._forget = forget

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other runs have the folder."""
        self._lock.close()

    def entry(self, source: Source, info: DocumentInfo, numbers: Sequence[int]) -> "Entry":
        """The entry for reading pages ``numbers`` of a document."""
        identity = [__version__, self._settings, source.name, info.sha256, list(numbers)]
        key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]
        finished = self._known.get(key)
        if finished is not None and not all(path.exists() for path in self._results(source)):
            finished = None
        partial = self._folder / f"{key}.pages.jsonl"
        if self._forget:
            partial.unlink(missing_ok=True)
        return Entry(self, key, partial, tuple(numbers), finished)

    def record(self, finished: Finished) -> None:
        """Remember a finished document."""
        self._known[finished.key] = finished
        append(self._folder / "finished.jsonl", json.dumps(asdict(finished)))

    def _load(self) -> dict[str, Finished]:
        known = {}
        for line in _whole_lines(self._folder / "finished.jsonl"):
            with contextlib.suppress(ValidationError):
                entry = _finished().validate_json(line)
                known[entry.key] = entry
        return known


class Entry:
    """One document's place in the ledger.

    Attributes:
        finished: what an earlier run finished, or None if there is something to do.
        done: how many of the pages, from the first, an earlier run has read already.
    """

    def __init__(
        self, ledger: Ledger, key: str, partial: Path, numbers: tuple[int, ...], finished: Finished | None
    ) -> None:
        self._ledger = ledger
        self._key = key
        self._partial = partial
        self._numbers = numbers
        self._fallback: list[int] = []
        self._failed: list[int] = []
        self.finished = finished
        self.done = 0 if finished else self._keep_what_is_whole()

    def pages(self) -> Iterator[PageReading]:
        """The pages an earlier run has read, in order."""
        for number, line in zip(range(self.done), _whole_lines(self._partial), strict=False):
            page = _page().validate_json(line)
            assert page.number == self._numbers[number]  # noqa: S101 - checked when the entry was made
            self._count(page)
            yield page

    def add(self, page: PageReading) -> None:
        """Remember a page. Raises OutputError."""
        self._count(page)
        append(self._partial, _page().dump_json(page).decode())

    def finish(self) -> None:
        """Remember that the document's results are written, and forget its pages. Raises OutputError."""
        self._ledger.record(Finished(self._key, len(self._numbers), tuple(self._fallback), tuple(self._failed)))
        self._partial.unlink(missing_ok=True)

    def _count(self, page: PageReading) -> None:
        if page.status is PageStatus.FALLBACK:
            self._fallback.append(page.number)
        elif page.status is PageStatus.FAILED:
            self._failed.append(page.number)

    def _keep_what_is_whole(self) -> int:
        """Cut the file of pages after its last good line, and count those."""
        size = done = 0
        for number, line in zip(self._numbers, _whole_lines(self._partial), strict=False):
            try:
                page = _page().validate_json(line)
            except ValidationError:
                break
            if page.number != number:
                break
            done += 1
            size += len(line) + 1
        if self._partial.exists():
            os.truncate(self._partial, size)
        return done


def append(path: Path, line: str) -> None:
    """Add a line to a file only its owner can read. Raises OutputError."""
    try:
        with open(path, "a", encoding="utf-8", opener=_private) as file:
            file.write(line + "\n")
    except OSError as error:
        raise _unwritable(path, error) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Lines of a file as far as they are whole; none if there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line[:-1]


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error.strerror}", "Check its permissions and the free space, or choose another -o."
    )

"""The ledger: what a run has finished, kept beside its results, so that nothing is read twice or lost.

Lives in the folder ``.muniment`` of the output folder. ``finished.jsonl`` has a line for each finished document, and of
each result file the last line that names it counts. ``<place>.<key>.pages.jsonl`` holds the pages of a document in
progress and goes when the document is finished, or when something else is read for the same place. The key covers the
document's bytes, its name and place, and everything that changes the result; another version of Muniment reads anew.
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
from muniment.errors import OutputError, unwritable
from muniment.reading.data import DocumentInfo, PageReading, PageStatus
from muniment.reading.jsonlines import append, whole_lines

FOLDER = ".muniment"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document's results go.

    Attributes:
        name: unlike any other document's in the output folder, and the same in every run.
        files: the results, in the output folder.
    """

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished document: its files, how many pages, and which of them by a fallback or not at all."""

    key: str
    files: tuple[str, ...]
    pages: int
    fallback: tuple[int, ...]
    failed: tuple[int, ...]


@cache
def _finished_lines() -> TypeAdapter[Finished]:
    return TypeAdapter(Finished)


@cache
def _page() -> TypeAdapter[PageReading]:
    return TypeAdapter(PageReading)


class Ledger:
    """What is finished in one output folder; held by one run at a time.

    Args:
        folder: the output folder; it must exist.
        settings: everything beside the document and its reader that changes the results, in a stable form.
        place_of: where a source's results go; a document whose results are gone or of something else is read again.
        forget: start anew, whatever was finished before.

    Raises:
        OutputError: the folder cannot be written, or another run holds it.
    """

    def __init__(
        self, folder: Path, settings: str, place_of: Callable[[Source], Place], *, forget: bool = False
    ) -> None:
        self._folder = folder / FOLDER
        self._settings = settings
        self._place_of = place_of
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = (self._folder / "lock").open("w")
        except OSError as error:
            raise unwritable(self._folder, error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise OutputError(
                f"Another run is writing to {folder}", "Wait for it to end, or choose another folder with -o."
            ) from None
        except OSError as error:  # some network file systems know no locks
            self._lock.close()
            raise unwritable(self._folder / "lock", error) from None
        self._known = {} if forget else self._load()
        self._forget = forget

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other runs have the folder."""
        self._lock.close()

    def entry(self, source: Source, info: DocumentInfo, numbers: Sequence[int], reader: str) -> "Entry":
        """The entry for pages ``numbers`` of a document, read by what ``reader`` stands for. Raises OutputError."""
        place = self._place_of(source)
        key = _digest([__version__, self._settings, reader, place.name, source.name, info.sha256, list(numbers)])
        partial = self._partial(place, key)
        return Entry(self, key, self._names(place), partial, tuple(numbers), self._finished(key, place))

    def strangers(self, place: Place) -> list[Path]:
        """Files where results are to go that are there already and were not written by a run with this ledger.

        What a run that was killed has put there counts as its own: it left its pages.
        """
        if self._forget or any(self._folder.glob(f"{_digest([place.name])}.*.pages.jsonl")):
            return []
        names = zip(self._names(place), place.files, strict=True)
        return [path for name, path in names if name not in self._known and os.path.lexists(path)]

    def record(self, finished: Finished) -> None:
        """Remember a finished document. Raises OutputError."""
        self._known |= dict.fromkeys(finished.files, finished)
        append(self._folder / "finished.jsonl", json.dumps(asdict(finished)))

    def _load(self) -> dict[str, Finished]:
        """What was finished last for each result file."""
        known: dict[str, Finished] = {}
        for line in whole_lines(self._folder / "finished.jsonl"):
            with contextlib.suppress(ValidationError):
                finished = _finished_lines().validate_json(line)
                known |= dict.fromkeys(finished.files, finished)
        return known

    def _names(self, place: Place) -> tuple[str, ...]:
        return tuple(path.relative_to(self._folder.parent).as_posix() for path in place.files)

    def _finished(self, key: str, place: Place) -> Finished | None:
        """What is known of this very document, if all its files are there and the last that was written to them."""
        last = [self._known.get(name) for name in self._names(place)]
        whole = all(finished is not None and finished.key == key for finished in last)
        return last[0] if last and whole and all(path.exists() for path in place.files) else None

    def _partial(self, place: Place, key: str) -> Path:
        """The file of pages for ``key``; those of anything else that was to go to the same place are removed."""
        start = _digest([place.name])
        partial = self._folder / f"{start}.{key}.pages.jsonl"
        for other in self._folder.glob(f"{start}.*.pages.jsonl"):
            if self._forget or other != partial:
                _remove(other)
        return partial


class Entry:
    """One document's place in the ledger.

    Attributes:
        finished: what an earlier run finished, or None if there is something to do.
        done: how many of the pages, from the first, an earlier run has read already.
    """

    def __init__(
        self,
        ledger: Ledger,
        key: str,
        files: tuple[str, ...],
        partial: Path,
        numbers: tuple[int, ...],
        finished: Finished | None,
    ) -> None:
        self._ledger = ledger
        self._key = key
        self._files = files
        self._partial = partial
        self._numbers = numbers
        self._fallback: list[int] = []
        self._failed: list[int] = []
        self.finished = finished
        self.done = 0 if finished else self._keep_what_is_whole()

    def pages(self) -> Iterator[PageReading]:
        """The pages an earlier run has read, in order."""
        for number, line in zip(range(self.done), whole_lines(self._partial), strict=False):
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
        counts = (len(self._numbers), tuple(self._fallback), tuple(self._failed))
        self._ledger.record(Finished(self._key, self._files, *counts))
        _remove(self._partial)

    def _count(self, page: PageReading) -> None:
        if page.status is PageStatus.FALLBACK:
            self._fallback.append(page.number)
        elif page.status is PageStatus.FAILED:
            self._failed.append(page.number)

    def _keep_what_is_whole(self) -> int:
        """Cut the file of pages after its last good line, and count those."""
        size = done = 0
        for number, line in zip(self._numbers, whole_lines(self._partial), strict=False):
            try:
                page = _page().validate_json(line)
            except ValidationError:
                break
            if page.number != number:
                break
            done += 1
            size += len(line) + 1
        with _telling(self._partial), contextlib.suppress(FileNotFoundError):
            os.truncate(self._partial, size)
        return done


def _digest(identity: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]


def _remove(path: Path) -> None:
    with _telling(path):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turns what the system says of ``path`` into an OutputError."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None

"""How a run went: for people, for programs, and as an exit code."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from muniment.cli.messages import counted, duration, say
from muniment.documents import Source
from muniment.errors import ExitCode, MunimentError
from muniment.reading import (
    DocumentFailed,
    DocumentOpened,
    DocumentSkipped,
    Event,
    PageDone,
    PageReading,
    PageStatus,
)
from muniment.text import Flag

MOST_LINES = 20
"""Lines about pages and documents that went wrong; what is beyond is counted."""


@dataclass(slots=True)
class DocumentRecord:
    """What came of one document.

    Attributes:
        failed: page number to reason; "" where an earlier run told it.
        flags: flag to the pages that carry it.
        skipped: an earlier run had finished it.
        error: why it could not be opened.
    """

    name: str
    files: tuple[Path, ...] = ()
    pages: int = 0
    fallback: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    flags: dict[str, list[int]] = field(default_factory=dict)
    skipped: bool = False
    error: MunimentError | None = None

    @property
    def complete(self) -> bool:
        return not (self.fallback or self.failed or self.error)

    @property
    def anything_read(self) -> bool:
        return self.pages > len(self.failed)


class Summary:
    """Grows by a small record a document, whatever its length."""

    def __init__(self) -> None:
        self._documents: list[DocumentRecord] = []
        self._began = time.monotonic()
        self._told_now = 0
        self._failed_now = 0

    def missing(self, name: str, error: MunimentError) -> None:
        """Remember an argument that gave nothing to read."""
        self._documents.append(DocumentRecord(name, error=error))

    def take(self, event: Event, files_of: Callable[[Source], tuple[Path, ...]]) -> None:
        """Remember an event of the run."""
        match event:
            case DocumentOpened():
                self._documents.append(DocumentRecord(event.source.name, files_of(event.source)))
            case PageDone():
                self._told_now += not event.resumed
                self._failed_now += not event.resumed and event.page.status is PageStatus.FAILED
                self._take_page(self._documents[-1], event.page)
            case DocumentFailed():
                self._documents.append(DocumentRecord(event.source.name, error=event.error))
            case DocumentSkipped():
                self._documents.append(
                    DocumentRecord(
                        event.source.name,
                        files_of(event.source),
                        event.pages,
                        list(event.fallback),
                        dict.fromkeys(event.failed, ""),
                        skipped=True,
                    )
                )
            case _:
                pass

    @staticmethod
    def _take_page(document: DocumentRecord, page: PageReading) -> None:
        document.pages += 1
        if page.status is PageStatus.FALLBACK:
            document.fallback.append(page.number)
        elif page.status is PageStatus.FAILED:
            document.failed[page.number] = page.problem
        for flag in page.flags:
            document.flags.setdefault(flag.value, []).append(page.number)

    @property
    def exit_code(self) -> ExitCode:
        if any(document.anything_read for document in self._documents):
            complete = all(document.complete for document in self._documents)
            return ExitCode.OK if complete else ExitCode.INCOMPLETE
        codes = {document.error.exit_code if document.error else ExitCode.NOTHING_READ for document in self._documents}
        return codes.pop() if len(codes) == 1 else ExitCode.NOTHING_READ

    def as_json(self) -> dict[str, object]:
        """For programs; docs/cli.md describes it."""
        return {
            "exit_code": int(self.exit_code),
            "seconds": round(time.monotonic() - self._began, 2),
            "pages": sum(document.pages for document in self._documents),
            "documents": [_as_json(document) for document in self._documents],
        }

    def show(self, output: Path | None) -> None:
        """Say on standard error how it went."""
        for line in self.lines(output, time.monotonic() - self._began):
            say(line)

    def lines(self, output: Path | None, seconds: float) -> list[str]:
        """What to say; nothing if nothing was opened, for that was told when it happened."""
        opened = [document for document in self._documents if document.error is None]
        if not opened:
            return []
        skipped = sum(document.skipped for document in opened)
        where = f"; results are in {output}" if output else ""
        read = "Nothing was left to read"
        if skipped < len(opened):
            read = f"Read {self._pages_read()} of {counted(len(opened) - skipped, 'document')} in {duration(seconds)}"
        lines = [f"{read}{_speed(self._told_now, seconds)}{where}."]
        if skipped:
            lines.append(f"  {counted(skipped, 'document')} had been read before; --force reads again.")
        troubles = _troubles(self._documents)
        lines += islice(troubles, MOST_LINES)
        beyond = sum(1 for _ in troubles)
        return [*lines, f"  … and {beyond:,} more"] if beyond else lines

    def _pages_read(self) -> str:
        pages = counted(self._told_now, "page")
        return f"{self._told_now - self._failed_now:,} of {pages}" if self._failed_now else pages


def _speed(pages: int, seconds: float) -> str:
    speed = pages / seconds if seconds else 0.0
    return f" ({speed:.1f} pages/s)" if speed >= 0.05 else ""


def _troubles(documents: Sequence[DocumentRecord]) -> Iterator[str]:
    for document in documents:
        if document.error is not None:
            yield f"  {document.error}"
        yield from _remarks(document)
        for number, reason in document.failed.items():
            yield f"  {reason or f'{document.name}: page {number} failed'}"


def _remarks(document: DocumentRecord) -> Iterator[str]:
    """What a reader should know of pages that were read, if not as they should be."""
    damaged = document.flags.get(Flag.DAMAGED, [])
    remarks = {
        "damaged, and read as far as it goes": damaged,
        "read by a fallback": [number for number in document.fallback if number not in damaged],
        "without text of its own": document.flags.get(Flag.NO_TEXT_LAYER, []),
    }
    for remark, numbers in remarks.items():
        if numbers:
            yield f"  {document.name}: {remark}: page {_numbers(numbers)}"


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_LINES]))
    return f"{shown}, …" if len(numbers) > MOST_LINES else shown


def _as_json(document: DocumentRecord) -> dict[str, object]:
    return {
        "name": document.name,
        "files": [str(path) for path in document.files],
        "pages": document.pages,
        "fallback": document.fallback,
        "failed": [{"page": number, "problem": problem} for number, problem in document.failed.items()],
        "flags": document.flags,
        "skipped": document.skipped,
        "problem": "" if document.error is None else str(document.error),
    }

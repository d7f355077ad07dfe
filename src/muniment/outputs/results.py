"""A document's results as files, one a format, written while it is read."""

import contextlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType

from muniment.outputs.files import AtomicFile
from muniment.outputs.writer import Format, writer_for
from muniment.reading import DocumentInfo, PageReading


def result_names(name: PurePosixPath, formats: Sequence[Format]) -> tuple[PurePosixPath, ...]:
    """The files of the document that was given ``name`` by ``plan_names``."""
    return tuple(name.with_name(f"{name.name}{kind.suffix}") for kind in formats)


class ResultFiles:
    """The files of one document. None of them is there before ``commit``.

    Args:
        root: the output folder; it must exist.
        name: the document's, by ``plan_names``.
        formats: which to write.
        info: the document.

    Raises:
        OutputError: a file cannot be written. The same goes for all methods.
    """

    def __init__(self, root: Path, name: PurePosixPath, formats: Sequence[Format], info: DocumentInfo) -> None:
        self._writers = [writer_for(kind) for kind in formats]
        self._files: list[AtomicFile] = []
        with contextlib.ExitStack() as opened:
            for file in result_names(name, formats):
                self._files.append(opened.enter_context(AtomicFile(root, file)))
            self._write([writer.begin(info) for writer in self._writers])
            opened.pop_all()

    def __enter__(self) -> "ResultFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def page(self, page: PageReading) -> None:
        """Write one page; in page order."""
        self._write([writer.page(page) for writer in self._writers])

    def commit(self) -> None:
        """All pages are written: put the files under their names."""
        self._write([writer.end() for writer in self._writers])
        for file in self._files:
            file.commit()

    def discard(self) -> None:
        """Leave nothing of what was not committed."""
        for file in self._files:
            file.discard()

    def _write(self, texts: Sequence[str]) -> None:
        for file, text in zip(self._files, texts, strict=True):
            file.write(text)

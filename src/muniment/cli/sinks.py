"""Where results go: standard output, or files in a folder."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from muniment.cli.standard_output import write_standard_output
from muniment.documents import Source
from muniment.outputs import Format, ResultFiles, result_names, writer_for
from muniment.reading import DocumentInfo, DocumentReading, PageReading, Place


class Sink(Protocol):
    """Takes documents one after the other, pages in order; raises OutputError where they cannot be written."""

    def paths(self, source: Source) -> tuple[Path, ...]:
        """The files a source's results are in, or will be."""
        ...

    def begin(self, source: Source, info: DocumentInfo) -> None: ...

    def page(self, page: PageReading) -> None: ...

    def end(self) -> None:
        """All pages were given: make the results final."""
        ...

    def close(self) -> None:
        """Leave nothing behind of a document that was not ended."""
        ...


class StandardOutput:
    """Each page goes out as soon as it is read; nothing else is written there."""

    def __init__(self, output_format: Format) -> None:
        self._writer = writer_for(output_format)

    def paths(self, source: Source) -> tuple[Path, ...]:  # noqa: ARG002
        return ()

    def begin(self, source: Source, info: DocumentInfo) -> None:  # noqa: ARG002  # there is one document only
        write_standard_output(self._writer.begin(info))

    def page(self, page: PageReading) -> None:
        write_standard_output(self._writer.page(page))

    def end(self) -> None:
        write_standard_output(self._writer.end())

    def close(self) -> None:
        """Nothing to do: what is out is out."""


class WholeDocuments:
    """Keeps a document's pages until all are there.

    Args:
        tell: given each document when it is finished; writes it to standard output.
    """

    def __init__(self, tell: Callable[[DocumentReading], None]) -> None:
        self._tell = tell
        self._info: DocumentInfo | None = None
        self._pages: list[PageReading] = []

    def paths(self, source: Source) -> tuple[Path, ...]:  # noqa: ARG002
        return ()

    def begin(self, source: Source, info: DocumentInfo) -> None:  # noqa: ARG002
        self._info, self._pages = info, []

    def page(self, page: PageReading) -> None:
        self._pages.append(page)

    def end(self) -> None:
        assert self._info is not None, "the end comes after the beginning"  # noqa: S101
        self._tell(DocumentReading(self._info, tuple(self._pages)))

    def close(self) -> None:
        """Nothing to do: what is out is out."""


class Folder:
    """A file a document and format, written beside its place and put there when the document is finished."""

    def __init__(self, root: Path, names: Mapping[Source, PurePosixPath], formats: Sequence[Format]) -> None:
        self._root = root
        self._names = names
        self._formats = formats
        self._open: ResultFiles | None = None

    def paths(self, source: Source) -> tuple[Path, ...]:
        return tuple(self._root / name for name in result_names(self._names[source], self._formats))

    def place(self, source: Source) -> Place:
        """What the ledger knows a source's results by."""
        return Place(str(self._names[source]), self.paths(source))

    def begin(self, source: Source, info: DocumentInfo) -> None:
        self._open = ResultFiles(self._root, self._names[source], self._formats, info)

    def page(self, page: PageReading) -> None:
        self._opened.page(page)

    def end(self) -> None:
        self._opened.commit()
        self._open = None

    def close(self) -> None:
        if self._open is not None:
            self._open.discard()

    @property
    def _opened(self) -> ResultFiles:
        assert self._open is not None, "pages come after their document's beginning"  # noqa: S101
        return self._open

"""Reading one document from Python."""

import io
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from muniment.documents.sources import Source
from muniment.errors import MunimentError
from muniment.reading.data import DocumentInfo, DocumentReading, PageReading
from muniment.reading.events import DocumentFailed, DocumentOpened, EngineNotice, Event, PageDone, SandboxWarning
from muniment.reading.options import ReadOptions
from muniment.reading.questions import PlainQuestion, Question
from muniment.reading.run import Run
from muniment.reading.source import in_memory

if TYPE_CHECKING:
    from pydantic import BaseModel

    from muniment.reading.extracting import DocumentExtraction

DocumentSource = str | os.PathLike[str] | bytes | BinaryIO
"""A path, a document's bytes, or a binary file open for reading."""


class PageStream:
    """The pages of one document, in order, each as soon as it is ready. Iterate once; close it if you stop early.

    Attributes:
        info: what is known of the document before its pages are read.
    """

    def __init__(self, run: Run) -> None:
        self._events: Iterator[Event] = iter(run)
        self._run = run
        try:
            self.info = self._open()
        except BaseException:
            run.close()
            raise

    def _open(self) -> DocumentInfo:
        for event in self._events:
            if isinstance(event, DocumentOpened):
                return event.info
            _warn(event)
            if isinstance(event, DocumentFailed):
                raise event.error
        raise MunimentError("The document was neither opened nor refused")

    def __iter__(self) -> Iterator[PageReading]:
        for event in self._events:
            _warn(event)
            if isinstance(event, PageDone):
                yield event.page

    def __enter__(self) -> "PageStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers. Safe to call more than once."""
        self._run.close()


def _warn(event: Event) -> None:
    """Pass on what somebody who calls from Python should know."""
    if isinstance(event, SandboxWarning):
        text = f"Workers could not shut themselves off from the network: {event.reason}"
        warnings.warn(text, RuntimeWarning, stacklevel=4)
    elif isinstance(event, EngineNotice):
        warnings.warn(event.what, RuntimeWarning, stacklevel=4)


def stream(source: DocumentSource, options: ReadOptions | None = None) -> PageStream:
    """Read a document page by page, holding only a few pages in memory.

    Args:
        source: a path, a document's bytes, or a binary file open for reading.
        options: how to read; the defaults if None.

    Returns:
        An iterator of pages in order; use it as a context manager.

    Raises:
        DocumentError: the document cannot be opened.
        UsageError: ``options`` make no sense, or not for this document.
        EngineError: no page can be read on this machine as it is.
    """
    return _stream(source, options or ReadOptions(), None)


def read(source: DocumentSource, options: ReadOptions | None = None) -> DocumentReading:
    """Read a whole document.

    Args:
        source: a path, a document's bytes, or a binary file open for reading.
        options: how to read; the defaults if None.

    Returns:
        The document with all pages asked for. Pages that could not be read are there too, with status "failed".

    Raises:
        DocumentError: the document cannot be opened.
        UsageError: ``options`` make no sense, or not for this document.
        EngineError: no page can be read on this machine as it is.
    """
    with stream(source, options) as pages:
        return DocumentReading(pages.info, tuple(pages))


def ask(source: DocumentSource, question: str, options: ReadOptions) -> DocumentReading:
    """Ask every page of a document a question.

    Args:
        source: a path, a document's bytes, or a binary file open for reading.
        question: in plain words.
        options: which model to ask, and how; the embedded engine answers no questions.

    Returns:
        The document with all pages asked for. A page that tells has the answer for its only block, a paragraph; one
        that does not has none; one that could not be asked has status "failed".

    Raises:
        DocumentError: the document cannot be opened.
        UsageError: the question or ``options`` make no sense, or not for this document.
        EngineError: no page can be asked.
    """
    with _stream(source, options, PlainQuestion(question)) as pages:
        return DocumentReading(pages.info, tuple(pages))


def extract(
    source: DocumentSource,
    schema: "str | os.PathLike[str] | Mapping[str, Any] | type[BaseModel]",
    options: ReadOptions,
) -> "DocumentExtraction":
    """Extract data from a document, as a schema wants it.

    Args:
        source: a path, a document's bytes, or a binary file open for reading.
        schema: a Pydantic model; or a JSON Schema, as a dictionary or the path of a file; or a model's name,
            "package.module:Model" or "models.py:Model".
        options: which model to ask, and how; the embedded engine extracts nothing.

    Returns:
        The data, where each field comes from and what is wrong with it; nothing is raised for that.

    Raises:
        DocumentError: the document cannot be opened.
        UsageError: the schema or ``options`` make no sense, or not for this document.
        EngineError: no page can be asked.
    """
    from muniment.reading.extracting import DocumentExtraction, SchemaQuestion, extraction_of
    from muniment.text.extraction import load_schema, schema_of

    wanted = schema_of(schema) if isinstance(schema, type | Mapping) else load_schema(os.fspath(schema))
    with _stream(source, options, SchemaQuestion(wanted)) as pages:
        read = tuple(pages)
        return DocumentExtraction(pages.info, extraction_of(wanted, read), read)


def _stream(source: DocumentSource, options: ReadOptions, question: Question | None) -> PageStream:
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return PageStream(Run([Source(path, path.name)], options, question=question))
    content = io.BytesIO(source) if isinstance(source, bytes) else source
    return PageStream(Run([Source(None, "document")], options, opener=lambda _: in_memory(content), question=question))

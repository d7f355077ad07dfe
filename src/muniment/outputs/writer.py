"""What every writer does, and how to get one."""

from enum import StrEnum
from typing import Protocol

from muniment.errors import UsageError
from muniment.outputs.csv import CsvWriter
from muniment.outputs.html import HtmlWriter
from muniment.outputs.json import JsonWriter
from muniment.outputs.markdown import MarkdownWriter
from muniment.outputs.plaintext import TextWriter
from muniment.reading import DocumentInfo, DocumentReading, PageReading


class Format(StrEnum):
    """What a result can be written as; the value is the file's suffix without the dot."""

    MD = "md"
    """GitHub-flavoured Markdown."""
    JSON = "json"
    """Everything that is known, after docs/output.schema.json."""
    HTML = "html"
    """One self-contained page."""
    TXT = "txt"
    """Plain text, a form feed between pages."""
    CSV = "csv"
    """The tables only."""

    @property
    def suffix(self) -> str:
        """The file's suffix with the dot."""
        return f".{self.value}"


class Writer(Protocol):
    """Turns one document into text, page by page; holds state, so one writer a document."""

    def begin(self, info: DocumentInfo) -> str:
        """Text to write before the first page."""
        ...

    def page(self, page: PageReading) -> str:
        """Text for one page; called in page order."""
        ...

    def end(self) -> str:
        """Text to write after the last page."""
        ...


_WRITERS: dict[Format, type[Writer]] = {
    Format.MD: MarkdownWriter,
    Format.JSON: JsonWriter,
    Format.HTML: HtmlWriter,
    Format.TXT: TextWriter,
    Format.CSV: CsvWriter,
}


def writer_for(format: Format) -> Writer:  # noqa: A002  # the word everybody uses
    """A fresh writer."""
    return _WRITERS[format]()


def render(document: DocumentReading, format: Format | str = Format.MD) -> str:  # noqa: A002
    """A whole document as text.

    Args:
        document: what was read.
        format: a ``Format`` or its value: "md", "json", "html", "txt" or "csv".

    Raises:
        UsageError: there is no such format.
    """
    writer = writer_for(format_named(format))
    return "".join([writer.begin(document.info), *map(writer.page, document.pages), writer.end()])


def format_named(name: str) -> Format:
    """The format called ``name``. Raises UsageError."""
    try:
        return Format(name)
    except ValueError:
        raise UsageError(f"There is no format {name}", f"Choose from {', '.join(Format)}.") from None

"""Where extracted data goes: standard output, as the data alone or as a report a document."""

from collections.abc import Callable
from pathlib import Path

from muniment.cli.messages import complain
from muniment.cli.sinks import write_standard_output
from muniment.documents import Source
from muniment.outputs import as_json
from muniment.reading import DocumentInfo, PageReading, PageStatus
from muniment.reading.extracting import DocumentExtraction, extraction_of
from muniment.text.extraction import Schema


class DataSink:
    """Puts a document's pages together when it is finished, and tells what is wrong field by field.

    Args:
        written: gives what a document's data looks like on standard output.

    Attributes:
        is_incomplete: the data of some document is not what the schema asks for.
    """

    def __init__(self, schema: Schema, written: Callable[[DocumentExtraction], str]) -> None:
        self.is_incomplete = False
        self._schema = schema
        self._written = written
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
        found = DocumentExtraction(self._info, extraction_of(self._schema, self._pages), tuple(self._pages))
        self.is_incomplete |= not found.extraction.complete
        write_standard_output(self._written(found))
        for remark in (*found.extraction.problems, *found.extraction.conflicts):
            complain(f"{self._info.name}: {remark}.")

    def close(self) -> None:
        """Nothing to do: what is out is out."""


def data_alone(found: DocumentExtraction) -> str:
    """The data, for the next program; nothing if no page could be asked, which is told elsewhere."""
    if all(page.status is PageStatus.FAILED for page in found.pages):
        return ""
    return as_json(found.extraction.data, indent=2) + "\n"


def report(found: DocumentExtraction) -> str:
    """One line; docs/cli.md describes it."""
    extraction = found.extraction
    told = {
        "document": found.info.name,
        "sha256": found.info.sha256,
        "data": extraction.data,
        "pages": extraction.sources,
        "problems": [{"field": each.field, "page": each.page, "what": each.what} for each in extraction.problems],
        "conflicts": [{"field": each.field, "pages": each.pages} for each in extraction.conflicts],
        "failed": [{"page": page.number, "problem": page.problem} for page in found.pages if page.problem],
    }
    return as_json(told) + "\n"

"""Where extracted data goes: standard output, as the data alone or as a report a document."""

from collections.abc import Callable

from muniment.cli.messages import complain
from muniment.cli.standard_output import write_standard_output
from muniment.outputs import as_json
from muniment.reading import DocumentReading, PageStatus
from muniment.reading.extracting import DocumentExtraction, extraction_of
from muniment.text.extraction import Schema


class DataTeller:
    """Puts a document's pages together, writes the whole, and tells what is wrong field by field.

    Args:
        written: gives what a document's data looks like on standard output.

    Attributes:
        is_incomplete: the data of some document is not what the schema asks for.
    """

    def __init__(self, schema: Schema, written: Callable[[DocumentExtraction], str]) -> None:
        self.is_incomplete = False
        self._schema = schema
        self._written = written

    def tell(self, document: DocumentReading) -> None:
        """Write a document's data. Raises OutputError."""
        extraction = extraction_of(self._schema, document.pages)
        self.is_incomplete |= not extraction.complete
        write_standard_output(self._written(DocumentExtraction(document.info, extraction, document.pages)))
        for remark in (*extraction.problems, *extraction.conflicts):
            complain(f"{document.info.name}: {remark}.")


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

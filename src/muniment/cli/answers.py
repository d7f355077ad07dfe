"""Where answers go: standard output, as lines of text or as a line of JSON a document."""

from pathlib import Path

from muniment.cli.messages import printable
from muniment.cli.standard_output import write_standard_output
from muniment.documents import Source
from muniment.outputs import as_json, cleaned
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import Paragraph

NOT_MENTIONED = "Not mentioned."


class AnswerLines:
    """Each answer as soon as it is there, behind its page.

    Args:
        named: there are several documents, so each line begins with the document's name.
    """

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._name = ""
        self._is_mentioned = False
        self._has_failed = False

    def paths(self, source: Source) -> tuple[Path, ...]:  # noqa: ARG002
        return ()

    def begin(self, source: Source, info: DocumentInfo) -> None:  # noqa: ARG002
        self._name = f"{printable(source.name)}: " if self._named else ""
        self._is_mentioned = self._has_failed = False

    def page(self, page: PageReading) -> None:
        self._has_failed |= page.status is PageStatus.FAILED
        answer = answer_of(page)
        if not answer:
            return
        self._is_mentioned = True
        write_standard_output(f"{self._name}page {page.number}: {_indented(answer)}\n")

    def end(self) -> None:
        # Of a page that could not be asked nobody knows whether it tells.
        if not self._is_mentioned and not self._has_failed:
            write_standard_output(f"{self._name}{NOT_MENTIONED}\n")

    def close(self) -> None:
        """Nothing to do: what is out is out."""


def write_as_json(question: str, document: DocumentReading) -> None:
    """One object a document; docs/cli.md describes it."""
    pages = document.pages
    told = {
        "document": document.info.name,
        "sha256": document.info.sha256,
        "question": question,
        "pages": [page.number for page in pages],
        "answers": [{"page": page.number, "answer": answer_of(page)} for page in pages if page.blocks],
        "failed": [{"page": page.number, "problem": page.problem} for page in pages if page.problem],
    }
    write_standard_output(as_json(told) + "\n")


def _indented(answer: str) -> str:
    """``answer`` with its further lines set in."""
    first, *others = answer.split("\n")
    return "\n".join([first, *(f"    {line}" if line.strip() else "" for line in others)])


def answer_of(page: PageReading) -> str:
    """What a page was answered with; "" if it does not tell."""
    return cleaned("\n".join(block.text for block in page.blocks if isinstance(block, Paragraph)))

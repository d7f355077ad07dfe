"""Data out of documents: every page is asked for what a schema wants, and the answers are put together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from muniment.engines.profiles import Profile
from muniment.reading.asking import Wish
from muniment.reading.data import DocumentInfo, PageReading, PageStatus
from muniment.reading.questions import Judgement
from muniment.text import Block, Code
from muniment.text.extraction import Extraction, Schema, merge, read_answer


@dataclass(frozen=True, slots=True)
class DocumentExtraction:
    """The data of a document.

    Attributes:
        extraction: the data, where each field comes from, and what is wrong with it.
        pages: those that were asked, in order; a page's only block is the model's answer as it came.
    """

    info: DocumentInfo
    extraction: Extraction
    pages: tuple[PageReading, ...]


@dataclass(frozen=True, slots=True)
class SchemaQuestion:
    """A schema as a question: answered in JSON, which becomes a block of code."""

    schema: Schema

    def wish(self, profile: Profile) -> Wish:
        schema = json.dumps(self.schema.page, ensure_ascii=False)
        form = {"name": self.schema.title, "schema": self.schema.page, "strict": True}
        return Wish(profile.extraction.replace("{schema}", schema), {"type": "json_schema", "json_schema": form})

    def judged(self, answer: str) -> Judgement:
        fields = read_answer(self.schema, answer)
        return Judgement(tuple(map(str, fields.problems)), fields.said)

    def blocks_of(self, answer: str, profile: Profile) -> tuple[Block, ...]:  # noqa: ARG002
        return (Code(text=answer, language="json"),)


def extraction_of(schema: Schema, pages: Sequence[PageReading]) -> Extraction:
    """What pages that were asked by :class:`SchemaQuestion` hold together."""
    answers = [
        (page.number, read_answer(schema, block.text))
        for page in pages
        for block in page.blocks
        if isinstance(block, Code)
    ]
    return merge(schema, answers, [page.number for page in pages if page.status is PageStatus.FAILED])

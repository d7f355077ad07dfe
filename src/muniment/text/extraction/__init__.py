"""Data out of documents: what a page is asked with, what its answer holds, and the whole of all pages."""

from muniment.text.extraction.answers import PageFields, read_answer
from muniment.text.extraction.loading import load_schema, schema_of
from muniment.text.extraction.merging import Conflict, Extraction, merge
from muniment.text.extraction.problems import FieldProblem
from muniment.text.extraction.schema import Schema

__all__ = [
    "Conflict",
    "Extraction",
    "FieldProblem",
    "PageFields",
    "Schema",
    "load_schema",
    "merge",
    "read_answer",
    "schema_of",
]

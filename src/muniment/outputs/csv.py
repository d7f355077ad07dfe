"""The tables of a document as comma-separated values (RFC 4180)."""

import csv
import io
import re
from collections.abc import Iterable

from muniment.outputs.grid import matrix
from muniment.reading import DocumentInfo, PageReading
from muniment.text import Table

_HEADER = ("page", "table", "cells")

_FORMULA_START = re.compile(r"[=@＝＠]|[+\-＋－](?![\s\d.,'’%$€£¥]*$)")


class CsvWriter:
    """One record for each table row: the page's number, the table's number on that page, then the row's cells.

    A spanning cell stands in its first place and the places it covers are empty, so that sums are not counted twice.
    Tables differ in width, so records do. A cell that a spreadsheet would run as a formula is preceded by ``'``;
    numbers with a sign are left as they are.
    """

    def begin(self, info: DocumentInfo) -> str:  # noqa: ARG002  # the tables do not say whose they are
        return _records([_HEADER])

    def page(self, page: PageReading) -> str:
        tables = [block for block in page.blocks if isinstance(block, Table)]
        return "".join(
            _records([page.number, number, *map(guarded, row)] for row in matrix(table))
            for number, table in enumerate(tables, start=1)
        )

    def end(self) -> str:
        return ""


def guarded(text: str) -> str:
    """``text``, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA_START.match(text) else text


def _records(rows: Iterable[Iterable[object]]) -> str:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    return target.getvalue()

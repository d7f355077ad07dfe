"""Tables as CSV that spreadsheets can open without running anything."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.outputs import Format, render
from muniment.reading import DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import Block, Cell, Paragraph, Table


def written(*blocks: Block) -> str:
    page = PageReading(number=4, status=PageStatus.READ, blocks=blocks)
    return render(DocumentReading(DocumentInfo("a.pdf", "pdf", 9, "0" * 64), (page,)), Format.CSV)


def one_cell(text: str) -> str:
    records = list(csv.reader(io.StringIO(written(Table(rows=1, columns=1, cells=(Cell(0, 0, text),))), newline="")))
    return records[1][2]


def test_rows_carry_their_page_and_table() -> None:
    first = Table(rows=2, columns=2, cells=(Cell(0, 0, "a, b", column_span=2), Cell(1, 0, 'say "x"'), Cell(1, 1, "1")))
    second = Table(rows=1, columns=1, cells=(Cell(0, 0, "c"),))
    assert written(first, Paragraph(text="no table"), second) == (
        'page,table,cells\r\n4,1,"a, b",\r\n4,1,"say ""x""",1\r\n4,2,c\r\n'
    )


def test_a_document_without_tables_gives_the_header_only() -> None:
    assert written(Paragraph(text="x")) == "page,table,cells\r\n"


@pytest.mark.parametrize("number", ["-12.50", "+3", "-1.234,56 €", "- 5", "-", "-$5", "+49 30 123", "1-2", "a=b"])
def test_numbers_and_words_stay(number: str) -> None:
    assert one_cell(number) == number


@pytest.mark.parametrize(
    "formula", ["=1+1", "+A1", "-A1", "-2+3", "@SUM(A1)", "＝1+1", "\t=1", "\n=1", " =1", "\x00=1"]
)
def test_formulas_are_made_text(formula: str) -> None:
    assert one_cell(formula) == "'" + formula.strip("\t\n \x00")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20))
def test_no_cell_begins_with_a_formula(text: str) -> None:
    cell = one_cell(text)
    assert not cell.startswith(("=", "@", "\t", "\r"))
    assert cell[:1] not in ("+", "-") or not any(letter.isalpha() or letter in "(!=*/" for letter in cell)

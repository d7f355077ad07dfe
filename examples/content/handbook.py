"""Two pages of a staff handbook as a word processor exports them: a PDF with its own text."""

import datetime as dt
import io

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from examples.drawing import Fonts, Truth, heading, listing, paragraph
from examples.example import Example, page

HEAD = "Penmoor County Record House: Handbook for the Reading Rooms"
INTRODUCTION = (
    "This handbook is for everybody who works at the desks of the reading rooms. It says what is done every day, who "
    "does it, and whom to ask when something is not as it should be. It is revised every January.",
    "The rooms are open to all. Nobody needs to explain why they wish to see a document, and nobody at the desk asks.",
)
OPENING = (
    "The rooms open at nine. Whoever has the early duty comes at half past eight, reads the dial of the hygrometer in "
    "each room, and writes the two numbers into the book beside it. If the air is damper than sixty per cent, the "
    "strongroom is not opened before the duty archivist has been called.",
)
STEPS = (
    ("1.", "Switch on the lights over the desks, but not those over the shelves."),
    ("2.", "Bring up the documents that were ordered the day before and check each against its slip."),
    ("3.", "Lay out foam wedges and weights, one set for every desk."),
    ("4.", "Unlock the lockers and put the keys into the doors."),
)
READERS = (
    "Readers bring a pencil, paper and, if they like, a camera without its flash. Coats, bags and pens stay in the "
    "lockers. A reader has one document at a time, or one box, and returns it before taking the next.",
    "Photographs may be taken of anything whose slip is not marked with a star. A star means that somebody else owns "
    "the document, and the reader is given the owner's address and a sheet of paper to write to them on.",
    "Children are readers like any other. They get a low desk, and they may have the large magnifying glass.",
)
DUTIES = (
    "Each desk is held by one person from opening until one o'clock and by another from one until closing. The table "
    "shows the regular week; changes are written on the board in the corridor.",
)
BULLETS = (
    ("•", "A document that is torn or mouldy goes back to the strongroom with a red slip."),
    ("•", "A reader who feels unwell is offered a chair and a glass of water, away from the documents."),
    ("•", "If the alarm sounds, readers leave at once and documents stay where they are."),
)
CLOSING = (
    "At three o'clock the desks announce the last orders. Whoever wishes to go on with the same document tomorrow "
    "leaves it on the desk with a blue slip in it, and it is kept on the near shelf for six days.",
    "The last orders are taken at half past three. At a quarter past four the duty archivist walks through the rooms, "
    "and every document is counted back into the strongroom. The number in the book must be the number on the slips; "
    "if it is not, nobody goes home.",
)
WEEK = (
    ("Desk", "Monday to Wednesday", "", "Thursday and Friday", ""),
    ("", "Morning", "Afternoon", "Morning", "Afternoon"),
    ("Enquiries", "Aske", "Brill", "Brill", "Corran"),
    ("Maps", "Corran", "Dunmore", "Aske", "Dunmore"),
    ("Registers", "Elphick", "Aske", "Elphick", "Fenn"),
    ("Film and sound", "Fenn", "Elphick", "closed", "Brill"),
)
SPANS = ((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2))
"""Cells of WEEK that span: row, column, rows, columns."""


class Handbook(FPDF):
    """A PDF with a running head, page numbers, and a record of what was written on each page."""

    def __init__(self, fonts: Fonts) -> None:
        super().__init__(unit="pt", format="A4")
        for style, suffix in (("", "Regular"), ("B", "Bold")):
            self.add_font("Serif", style, fonts.path(f"LiberationSerif-{suffix}"))
            self.add_font("Sans", style, fonts.path(f"LiberationSans-{suffix}"))
        self.set_margins(72, 84, 72)
        self.set_auto_page_break(True, 80)
        self.set_creation_date(dt.datetime(2024, 1, 8, 10, 0, tzinfo=dt.UTC))
        self.set_title("Handbook for the Reading Rooms")
        self.set_producer("Muniment examples")
        self.truth: list[list[Truth]] = []

    def header(self) -> None:
        self.truth.append([{"kind": "paragraph", "text": HEAD, "furniture": True}])
        self.set_font("Sans", "", 8.5)
        self.set_y(44)
        self.cell(0, 12, HEAD)
        self.set_y(84)

    def footer(self) -> None:
        number = f"{self.page_no()}"
        self.truth[-1].append({"kind": "page_number", "text": number, "furniture": True})
        self.set_font("Sans", "", 9)
        self.set_y(-54)
        self.cell(0, 12, number, align="C")

    def heading(self, text: str, level: int) -> None:
        size = {1: 22, 2: 14}[level]
        self.ln(14 if level > 1 else 0)
        self.set_font("Sans", "B", size)
        self.multi_cell(0, size * 1.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.truth[-1].append(heading(text, level))

    def paragraphs(self, texts: tuple[str, ...]) -> None:
        self.set_font("Serif", "", 12)
        for text in texts:
            self.multi_cell(0, 17.5, text, align="J", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(5)
            self.truth[-1].append(paragraph(text))

    def items(self, entries: tuple[tuple[str, str], ...]) -> None:
        self.set_font("Serif", "", 12)
        for marker, text in entries:
            self.set_x(86)
            self.cell(18, 17.5, marker)
            self.multi_cell(0, 17.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(2)
        self.truth[-1].append(listing(entries))

    def week(self) -> None:
        """The table of duties, ruled, with spans in its two header rows."""
        self.ln(6)
        self.set_font("Serif", "", 11)
        spans = {(row, column): (rows, columns) for row, column, rows, columns in SPANS}
        bold = FontFace(family="Sans", emphasis="B", size_pt=9.5, fill_color=(226, 232, 236))
        layout = TableBordersLayout.ALL
        widths = (25, 18, 19, 18, 20)
        with self.table(
            borders_layout=layout, col_widths=widths, line_height=19, headings_style=bold, num_heading_rows=2,
            first_row_as_headings=True, padding=(2, 5),
        ) as grid:  # fmt: skip
            for number, texts in enumerate(WEEK):
                row = grid.row()
                for column, text in enumerate(texts):
                    rows, columns = spans.get((number, column), (1, 1))
                    if text:
                        row.cell(text, rowspan=rows, colspan=columns, align="L" if column == 0 else "C")
        self.ln(8)
        self.truth[-1].append(_week_truth())


def make(fonts: Fonts) -> Example:
    book = Handbook(fonts)
    book.add_page()
    book.heading("Handbook for the Reading Rooms", 1)
    book.paragraphs(INTRODUCTION)
    book.heading("Opening the rooms", 2)
    book.paragraphs(OPENING)
    book.items(STEPS)
    book.heading("Readers and what they bring", 2)
    book.paragraphs(READERS)
    book.add_page()
    book.heading("Who sits where", 2)
    book.paragraphs(DUTIES)
    book.week()
    book.heading("When something goes wrong", 2)
    book.items(BULLETS)
    book.heading("Closing", 2)
    book.paragraphs(CLOSING)
    file = io.BytesIO()
    book.output(file)
    return Example("handbook.pdf", file.getvalue(), tuple(page(blocks, text_layer=True) for blocks in book.truth))


def _week_truth() -> Truth:
    spans = {(row, column): (rows, columns) for row, column, rows, columns in SPANS}
    cells = []
    for row, texts in enumerate(WEEK):
        for column, text in enumerate(texts):
            if text:
                rows, columns = spans.get((row, column), (1, 1))
                cell = {"row": row, "column": column, "text": text, "header": row < 2}
                cells.append(cell | {"row_span": rows, "column_span": columns})
    return {"kind": "table", "rows": len(WEEK), "columns": len(WEEK[0]), "cells": cells, "caption": ""}

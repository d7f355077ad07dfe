"""Passages, tables, drawings and furniture as blocks."""

from collections.abc import Sequence

from muniment.engines.embedded.cells import FoundTable, to_cells
from muniment.engines.embedded.checkboxes import split_tick
from muniment.engines.embedded.furniture import Furniture
from muniment.engines.embedded.geometry import around
from muniment.engines.embedded.headings import heading_level
from muniment.engines.embedded.parts import Drawing
from muniment.engines.embedded.passages import Passage, PassageKind
from muniment.engines.embedded.rows import rows_of
from muniment.engines.embedded.sheet import Sheet
from muniment.text import (
    Block,
    Checkbox,
    Equation,
    Figure,
    Heading,
    ListBlock,
    ListItem,
    PageNumber,
    Paragraph,
    Table,
)
from muniment.text.lists import depths, split_marker
from muniment.text.paragraphs import join_lines


class BlockMaker:
    """Makes blocks of one page.

    Args:
        words: every word of the page, to tell which hyphens belong to words (muniment.text.paragraphs.words_of).
        body: the usual letter size in pixels.
        headings: letter sizes of all headings on the page, pixels.
    """

    def __init__(self, sheet: Sheet, words: frozenset[str], body: float, headings: Sequence[float]) -> None:
        self._sheet = sheet
        self._words = words
        self._body = body
        self._headings = headings

    def of_passage(self, passage: Passage) -> Heading | Paragraph | Checkbox:
        """A heading, a check box or text; items become lists with :meth:`of_items`."""
        box, lines = self._sheet.box(around(passage.lines)), self._sheet.lines(passage.lines)
        text = self._joined(passage)
        if passage.kind is PassageKind.HEADING:
            level = heading_level(passage.size, text, self._headings, self._body)
            return Heading(text=text, level=level, box=box, lines=lines)
        if passage.kind is PassageKind.TICK:
            ticked, rest = split_tick(text)
            return Checkbox(text=rest, checked=bool(ticked), box=box, lines=lines)
        return Paragraph(text=text, box=box, lines=lines)

    def of_items(self, passages: Sequence[Passage]) -> ListBlock:
        """One list of at least one item."""
        seen = [line for passage in passages for line in passage.lines]
        levels = depths([passage.rows[0].rect.x0 for passage in passages], 0.8 * passages[0].rows[0].rect.height)
        items = []
        for passage, depth in zip(passages, levels, strict=True):
            text = self._joined(passage)
            marked = split_marker(text)
            items.append(ListItem(text, "", depth) if marked is None else ListItem(marked.text, marked.marker, depth))
        return ListBlock(items=tuple(items), box=self._sheet.box(around(seen)), lines=self._sheet.lines(seen))

    def of_table(self, table: FoundTable) -> Table:
        return Table(
            rows=table.rows,
            columns=table.columns,
            cells=to_cells(table),
            box=self._sheet.box(table.rect),
            lines=self._sheet.lines(table.lines),
        )

    def of_drawing(self, drawing: Drawing) -> Figure | Equation:
        rows = rows_of(drawing.lines)
        box = self._sheet.box(drawing.rect)
        lines = self._sheet.lines(piece for row in rows for piece in row.pieces)
        if drawing.is_equation:
            return Equation(text=" ".join(row.text for row in rows), notation="text", box=box, lines=lines)
        return Figure(text="\n".join(row.text for row in rows), box=box, lines=lines)

    def of_furniture(self, item: Furniture) -> Block:
        box, lines = self._sheet.box(around(item.lines)), self._sheet.lines(item.lines)
        text = " ".join(line.text for line in item.lines)
        if item.is_number:
            return PageNumber(text=text, box=box, lines=lines)
        return Paragraph(text=text, box=box, lines=lines, furniture=True)

    def _joined(self, passage: Passage) -> str:
        texts = [row.text for row in passage.rows]
        return "\n".join(texts) if passage.kind is PassageKind.VERSE else join_lines(texts, self._words)

"""HTML tables as a model writes them, whole or cut off anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from re import Match

from muniment.text.blocks import Block, Cell, Paragraph, Table
from muniment.text.markup_tags import SPECIAL, TAG, attribute, decoded, tidy

_MOST_SPAN = 1_000
_MOST_PLACES = 200_000
"""Places of a table that may be taken by spans; no page holds more, and a few tags could ask for billions."""
_BREAKS = frozenset({"br", "p", "li", "div", "hr"})
_LEAVES_CELL = frozenset({"tr", "td", "th", "thead", "tbody", "tfoot", "caption"})


@dataclass(slots=True)
class _Cell:
    row_span: int
    column_span: int
    header: bool
    text: list[str] = field(default_factory=list)
    stray: bool = False


class _Reader:
    """Collects rows of cells. Text outside any cell gets one of its own, as the tag before it was forgotten."""

    def __init__(self) -> None:
        self.rows: list[list[_Cell]] = []
        self.caption: list[str] = []
        self.before: list[str] = []
        self._cell: _Cell | None = None
        self._row_open = False
        self._inner = 0  # tables open within the cell: their text is the cell's
        self._in_head = self._in_caption = False

    def tag(self, tag: Match[str]) -> None:
        name = tag["name"].lower()
        if name == "table":
            self._table(opens=not tag["close"])
        elif name in _BREAKS or (self._inner and name == "tr"):
            self.say("\n")
        elif name in SPECIAL or (self._inner and name in ("td", "th")):
            self.say(" ")
        elif self._inner:
            return
        elif tag["close"]:
            self._close(name)
        else:
            self._open(name, tag["attributes"])

    def say(self, text: str) -> None:
        if self._cell is not None:
            self._cell.text.append(text)
        elif self._in_caption:
            self.caption.append(text)
        elif not self.rows:
            self.before.append(text)
        elif text.strip():
            self._begin(_Cell(1, 1, self._in_head, [text], stray=True))

    def after(self) -> list[str]:
        """Takes out what follows the last row that has a cell; it is no part of the table."""
        found: list[list[str]] = []
        while self.rows and self.rows[-1] and all(cell.stray for cell in self.rows[-1]):
            found.append(["\n", *(piece for cell in self.rows.pop() for piece in cell.text)])
        return [piece for pieces in reversed(found) for piece in pieces]

    def _begin(self, cell: _Cell) -> None:
        if not self._row_open:
            self.rows.append([])
            self._row_open = True
        self.rows[-1].append(cell)
        self._cell = cell

    def _table(self, *, opens: bool) -> None:
        self.say("\n")
        if opens and self._cell is not None:
            self._inner += 1
        elif not opens:
            self._inner = max(self._inner - 1, 0)

    def _open(self, name: str, attributes: str) -> None:
        if name in _LEAVES_CELL:
            self._cell, self._in_caption = None, name == "caption"
        if name == "tr":
            self.rows.append([])
            self._row_open = True
        elif name in ("td", "th"):
            spans = _span(attribute(attributes, "rowspan")), _span(attribute(attributes, "colspan"))
            self._begin(_Cell(*spans, name == "th" or self._in_head))
        elif name in ("thead", "tbody", "tfoot"):
            self._in_head, self._row_open = name == "thead", False

    def _close(self, name: str) -> None:
        if name in _LEAVES_CELL:
            self._cell, self._in_caption = None, False
        if name == "thead":
            self._in_head = False
        if name not in ("td", "th", "caption"):
            self._row_open = self._row_open and name not in _LEAVES_CELL


def parse_table(inner: str) -> Iterator[Block]:
    """The table between ``<table>`` and ``</table>``, wherever it was cut off, and text before and after its rows."""
    reader, place = _Reader(), 0
    for tag in TAG.finditer(inner):
        reader.say(inner[place : tag.start()])
        reader.tag(tag)
        place = tag.end()
    reader.say(inner[place:])
    after = _text(reader.after())
    before, caption = _text(reader.before), _text(reader.caption)
    cells, rows, columns = _placed(_rows_that_count(reader.rows))
    if not cells:
        before, caption = "\n".join(filter(None, (before, caption))), ""
    if before:
        yield Paragraph(text=before)
    if cells:
        yield Table(rows=rows, columns=columns, cells=cells, caption=caption)
    if after:
        yield Paragraph(text=after)


def _rows_that_count(rows: Sequence[list[_Cell]]) -> list[list[_Cell]]:
    """Rows with cells, and rows that cells of rows above reach into."""
    counting, reach = [], 0
    for row in rows:
        if row or reach > 0:
            counting.append(row)
        reach = max([reach, *(cell.row_span for cell in row)]) - 1
    return counting


def _placed(rows: Sequence[Sequence[_Cell]]) -> tuple[tuple[Cell, ...], int, int]:
    """Cells at their places, none upon another, and the table's size."""
    covered: dict[int, set[int]] = {}  # by row: columns that cells of rows above reach into
    cells: list[Cell] = []
    columns = 0
    room = _MOST_PLACES
    for row, members in enumerate(rows):
        taken, column = covered.pop(row, set()), 0
        for member in members:
            while column in taken:
                column += 1
            height = min(member.row_span, len(rows) - row, max(room, 1))
            width = 1
            while width < min(member.column_span, max(room // height, 1)) and column + width not in taken:
                width += 1
            room -= height * width - 1
            for below in range(row + 1, row + height):
                covered.setdefault(below, set()).update(range(column, column + width))
            cells.append(Cell(row, column, _text(member.text), height, width, member.header))
            column += width
            columns = max(columns, column)
        columns = max(columns, max(taken, default=-1) + 1)
    return tuple(cells), len(rows), columns


def _text(pieces: Sequence[str]) -> str:
    return tidy(decoded("".join(pieces)))


def _span(value: str) -> int:
    value = value.strip()[:6]
    return min(max(int(value), 1), _MOST_SPAN) if value.isdecimal() else 1

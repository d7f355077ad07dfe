"""HTML tables as a model writes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from muniment.text.blocks import Block, Cell, Paragraph, Table

_MOST_SPAN = 1_000
_BREAKS = frozenset({"br", "p", "li", "div"})


@dataclass(slots=True)
class _Cell:
    row_span: int
    column_span: int
    header: bool
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects rows of cells; what stands outside any cell is kept apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[_Cell]] = []
        self.caption: list[str] = []
        self.stray: list[str] = []
        self._cell: _Cell | None = None
        self._in_head = self._in_caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._cell = None
            self.rows.append([])
        elif tag in ("td", "th"):
            if not self.rows:
                self.rows.append([])
            given = dict(attrs)
            header = tag == "th" or self._in_head
            self._cell = _Cell(_span(given.get("rowspan")), _span(given.get("colspan")), header)
            self.rows[-1].append(self._cell)
        elif tag == "thead":
            self._in_head = True
        elif tag == "caption":
            self._in_caption = True
        elif tag in _BREAKS and self._cell is not None and self._cell.text:
            self._cell.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._cell = None
        elif tag == "thead":
            self._in_head = False
        elif tag == "caption":
            self._in_caption = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.text.append(data)
        elif self._in_caption:
            self.caption.append(data)
        else:
            self.stray.append(data)


def parse_table(inner: str) -> Iterator[Block]:
    """The table between ``<table>`` and ``</table>``, wherever it was cut off, then text that stands in no cell."""
    reader = _Reader()
    reader.feed(inner)
    reader.close()
    cells, rows, columns = _placed([row for row in reader.rows if row])
    caption = " ".join("".join(reader.caption).split())
    if cells:
        yield Table(rows=rows, columns=columns, cells=cells, caption=caption)
    elif caption:
        yield Paragraph(text=caption)
    stray = " ".join(" ".join(reader.stray).split())
    if stray:
        yield Paragraph(text=stray)


def _placed(rows: list[list[_Cell]]) -> tuple[tuple[Cell, ...], int, int]:
    """Cells at their places, none upon another, and the table's size."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    for row, members in enumerate(rows):
        column = 0
        for member in members:
            while (row, column) in taken:
                column += 1
            height = min(member.row_span, len(rows) - row)
            width = 1
            while width < member.column_span and (row, column + width) not in taken:
                width += 1
            taken |= {(row + down, column + across) for down in range(height) for across in range(width)}
            cells.append(Cell(row, column, _text(member.text), height, width, member.header))
            column += width
    return tuple(cells), len(rows), max((column + 1 for _, column in taken), default=0)


def _text(pieces: list[str]) -> str:
    lines = ("".join(pieces)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _span(value: str | None) -> int:
    return min(max(int(value), 1), _MOST_SPAN) if value and value.strip().isdecimal() else 1

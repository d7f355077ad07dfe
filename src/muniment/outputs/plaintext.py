"""Plain text: everything printed on the pages, in reading order."""

import unicodedata

from muniment.outputs.characters import clean, flat, lines_of
from muniment.outputs.grid import matrix
from muniment.outputs.notes import failure_note
from muniment.reading import DocumentInfo, PageReading, PageStatus
from muniment.text import Block, Checkbox, Code, Figure, ListBlock, Table

PAGE_BREAK = "\f"
_COLUMN_GAP = "  "


class TextWriter:
    """Blocks with a blank line between them, pages with a form feed between them, tables as aligned columns."""

    def __init__(self) -> None:
        self._started = False

    def begin(self, info: DocumentInfo) -> str:  # noqa: ARG002  # plain text says nothing of the document
        return ""

    def page(self, page: PageReading) -> str:
        parts = [block_text(block) for block in page.blocks]
        if page.status is PageStatus.FAILED:
            parts.insert(0, f"[{failure_note(page)}]")
        page_break = PAGE_BREAK if self._started else ""
        self._started = True
        text = "\n\n".join(filter(None, parts))
        return f"{page_break}{text}\n" if text else page_break

    def end(self) -> str:
        return ""


def block_text(block: Block) -> str:
    """One block as plain text, without a line end after it; "" if it holds none."""
    match block:
        case ListBlock():
            return _list(block)
        case Table():
            return "\n".join(filter(None, [flat(block.caption), _aligned(block)]))
        case Figure():
            return "\n".join(filter(None, [flat(block.caption), *lines_of(block.text)]))
        case Checkbox():
            return f"{'☑' if block.checked else '☐'} {flat(block.text)}".rstrip()
        case Code():
            return clean(block.text).strip("\n")
        case _:
            return "\n".join(lines_of(block.text))


def _list(block: ListBlock) -> str:
    return "\n".join(f"{'  ' * item.depth}{flat(item.marker)} {flat(item.text)}".rstrip() for item in block.items)


def _aligned(table: Table) -> str:
    rows = matrix(table)
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [_COLUMN_GAP.join(map(_padded, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns ``text`` takes in a terminal."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1

"""Blocks as HTML."""

from collections.abc import Sequence
from html import escape

from muniment.outputs.characters import clean, flat, lines_of
from muniment.outputs.grid import filled_rows
from muniment.outputs.notes import furniture_name
from muniment.outputs.plaintext import block_text
from muniment.text import (
    Block,
    Cell,
    Checkbox,
    Code,
    Equation,
    Figure,
    Heading,
    ListBlock,
    ListItem,
    Signature,
    Table,
)


def block_html(block: Block) -> str:
    """One block, without a line end after it; "" if there is nothing to show. Furniture is small print."""
    if block.furniture:
        return _tagged("p", block_text(block), f' class="furniture" title="{furniture_name(block)}"')
    match block:
        case Heading():
            return _tagged(f"h{min(max(block.level, 1), 6)}", block.text)
        case ListBlock():
            return _list(block.items)
        case Checkbox():
            checked = " checked" if block.checked else ""
            return f'<p><label><input type="checkbox" disabled{checked}> {escape(flat(block.text))}</label></p>'
        case Table():
            return table_html(block)
        case Equation():
            return _preformatted(block.text, f' class="equation" data-notation="{block.notation}"')
        case Figure():
            return _figure(block)
        case Signature():
            return f'<p class="signature">[Signature] {_with_breaks(block.text)}</p>'
        case Code():
            return _preformatted(block.text)
        case _:
            return _tagged("p", block.text)


def table_html(table: Table) -> str:
    """A table, one line a row, spans kept."""
    caption = [_tagged("caption", table.caption)] if flat(table.caption) else []
    rows = ["".join(map(_cell, row)) for row in filled_rows(table)]
    return "\n".join(["<table>", *caption, *(f"<tr>{row}</tr>" for row in rows), "</table>"])


def _cell(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    rows = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
    columns = f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
    return f"<{tag}{rows}{columns}>{_with_breaks(cell.text)}</{tag}>"


def _figure(figure: Figure) -> str:
    text = _tagged("p", figure.text)
    caption = _tagged("figcaption", figure.caption)
    inside = text + caption or "<figcaption>[Figure]</figcaption>"
    return f"<figure>{inside}</figure>"


def _list(items: Sequence[ListItem]) -> str:
    """Nested lists with their markers as printed."""
    pieces: list[str] = []
    depth = -1
    for item in items:
        wanted = min(max(item.depth, 0), depth + 1)
        pieces.append("</li></ul>" * (depth - wanted))
        pieces.append('<ul class="printed">' if wanted > depth else "</li>")
        pieces.append(f"\n<li>{escape(flat(item.marker))} {_with_breaks(item.text)}")
        depth = wanted
    pieces.append("</li></ul>" * (depth + 1))
    return "".join(pieces)


def _preformatted(text: str, attributes: str = "") -> str:
    inside = escape(clean(text).strip("\n"))
    return f"<pre{attributes}><code>{inside}</code></pre>" if inside else ""


def _tagged(tag: str, text: str, attributes: str = "") -> str:
    inside = _with_breaks(text)
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else ""


def _with_breaks(text: str) -> str:
    return "<br>".join(escape(line) for line in lines_of(text))

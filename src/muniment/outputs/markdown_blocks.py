"""Blocks as GitHub-flavoured Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from muniment.outputs.characters import lines_of
from muniment.outputs.grid import filled_rows, has_spans
from muniment.outputs.html_blocks import table_html
from muniment.outputs.markdown_lists import list_markdown
from muniment.outputs.markdown_text import cell, comment, fence, heading, inline, paragraph
from muniment.outputs.notes import furniture_name
from muniment.outputs.plaintext import block_text
from muniment.text import (
    Block,
    Checkbox,
    Code,
    Equation,
    Figure,
    Heading,
    ListBlock,
    PageNumber,
    Paragraph,
    Signature,
    Table,
    Watermark,
)

_LIST_BREAK = comment("")


NO_PICTURES: Mapping[int, str] = MappingProxyType({})


def blocks_to_markdown(blocks: Sequence[Block], pictures: Mapping[int, str] = NO_PICTURES) -> str:
    """Blocks in order, a blank line between them and none at the end; furniture becomes comments.

    Consecutive checkboxes become one list, and two lists in a row are kept apart by an empty comment.

    Args:
        pictures: names of image files, which need no escape, by the places among ``blocks`` of the figures in them.
    """
    pieces: list[str] = []
    before: Block | None = None
    for place, block in enumerate(blocks):
        text = block_to_markdown(block, pictures.get(place, ""))
        if not text:
            continue
        pieces.append(_separator(before, block) + text)
        before = block
    return "".join(pieces)


def block_to_markdown(block: Block, picture: str = "") -> str:
    """One block, without a line end after it; "" if there is nothing to show.

    Args:
        picture: the name of the image file that a figure is in; "" if there is none.
    """
    if not block.furniture:
        return _body(block, f"![{picture}]({picture})" if picture else "[Figure]")
    text = block_text(block)
    return comment(f"{furniture_name(block)}: {text}") if text else ""


def _body(block: Block, figure: str) -> str:
    match block:
        case Heading():
            return heading(block.text, block.level)
        case ListBlock():
            return list_markdown(block.items)
        case Checkbox():
            return _checkbox(block)
        case Table():
            return _table(block)
        case Equation():
            return _equation(block)
        case Figure():
            return quoted(f"{figure} {inline(block.caption)}", paragraph(block.text))
        case Signature():
            return quoted(f"[Signature] {inline(block.text)}")
        case Code():
            return fence(block.text, block.language)
        case Paragraph() | Watermark() | PageNumber():
            return paragraph(block.text)


def quoted(*paragraphs: str) -> str:
    """A block quote of what there is in ``paragraphs``, which are Markdown already."""
    lines = "\n\n".join(text for text in paragraphs if text).split("\n")
    return "\n".join(f"> {line}".rstrip() if not line.endswith("  ") else f"> {line}" for line in lines)


def _separator(before: Block | None, block: Block) -> str:
    if before is None:
        return ""
    if before.furniture or block.furniture:
        return "\n\n"
    match before, block:
        case Checkbox(), Checkbox():
            return "\n"
        case ((ListBlock() | Checkbox()), (ListBlock() | Checkbox())):
            return f"\n\n{_LIST_BREAK}\n\n"
        case _:
            return "\n\n"


def _checkbox(checkbox: Checkbox) -> str:
    return f"- [{'x' if checkbox.checked else ' '}] {inline(checkbox.text)}".rstrip()


def _table(table: Table) -> str:
    body = _pipe_table(table) if _fits_pipes(table) else table_html(replace(table, caption=""))
    return "\n\n".join(filter(None, [paragraph(table.caption), body]))


def _fits_pipes(table: Table) -> bool:
    """Pipe tables have exactly one header row and no spans."""
    headers = [cell for cell in table.cells if cell.header]
    return not has_spans(table) and all(cell.row == 0 for cell in headers)


def _pipe_table(table: Table) -> str:
    rows = [[cell(place.text) for place in row] for row in filled_rows(table)]
    if not rows or not table.columns:
        return ""
    rows.insert(1, ["---"] * table.columns)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _equation(equation: Equation) -> str:
    if equation.notation == "text":
        return paragraph(equation.text)
    formula = "\n".join(lines_of(equation.text))
    if "$$" in formula:
        return fence(formula, "math")
    return f"$$\n{formula}\n$$" if formula else ""

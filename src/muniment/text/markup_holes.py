"""Places kept open in a text while something else works on it: formulas, and blocks that stand within a line."""

import re
from collections.abc import Iterator
from dataclasses import replace

from muniment.text.blocks import (
    Block,
    Cell,
    Checkbox,
    Code,
    Figure,
    Heading,
    ListBlock,
    ListItem,
    Paragraph,
    Signature,
    Table,
)

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # noncharacters: Unicode keeps them for programs, so no text has them
_HOLE_AND_SPACE = re.compile(f"(?P<space>[ \\t]?){_OPEN}(?P<number>\\d+){_CLOSE}")
RESERVED = re.compile(f"[{_OPEN}{_CLOSE}]")
"""Characters that no text may have before holes are made in it."""


class Holes:
    """What was taken out of a text, and how it comes back."""

    def __init__(self) -> None:
        self._contents: list[str | tuple[Block, ...]] = []

    def make(self, content: str | tuple[Block, ...]) -> str:
        """What stands in for ``content``: text comes back where it was, blocks after the block they stood in."""
        self._contents.append(content)
        return f"{_OPEN}{len(self._contents) - 1}{_CLOSE}"

    def filled(self, block: Block) -> Iterator[Block]:
        """``block`` with its holes filled, if anything is left of it, then the blocks that stood in it."""
        aside: list[Block] = []
        match block:
            case Heading() | Paragraph() | Checkbox() | Code() | Signature():
                block = replace(block, text=self._text(block.text, aside))
            case Figure():
                block = replace(block, text=self._text(block.text, aside), caption=self._text(block.caption, aside))
            case ListBlock():
                items = (replace(item, text=self._text(item.text, aside)) for item in block.items)
                block = replace(block, items=tuple(item for item in items if item.text or _numbered(item) or not aside))
            case Table():
                block = replace(block, cells=tuple(self._cell(cell, aside) for cell in block.cells))
            case _:
                pass
        if not aside or not _is_empty(block):
            yield block
        yield from aside

    def _cell(self, cell: Cell, aside: list[Block]) -> Cell:
        text = self._text(cell.text, aside)
        return cell if text == cell.text else replace(cell, text=text)

    def _text(self, text: str, aside: list[Block]) -> str:
        def fill(hole: re.Match[str]) -> str:
            content = self._contents[int(hole["number"])]
            if isinstance(content, str):
                return hole["space"] + content
            aside.extend(content)
            return ""

        return _HOLE_AND_SPACE.sub(fill, text).strip() if _OPEN in text else text


def _numbered(item: ListItem) -> bool:
    """Whether the marker alone says something."""
    return any(map(str.isalnum, item.marker))


def _is_empty(block: Block) -> bool:
    match block:
        case ListBlock():
            return not block.items
        case Heading() | Paragraph() | Checkbox():
            return not block.text
    return False

"""Blocks: what a page says, whoever read it."""

from muniment.text.blocks import (
    Block,
    Box,
    Cell,
    Checkbox,
    Code,
    Equation,
    Figure,
    Heading,
    Line,
    ListBlock,
    ListItem,
    PageNumber,
    Paragraph,
    Signature,
    Table,
    Watermark,
)
from muniment.text.flags import Flag

__all__ = [
    "Block",
    "Box",
    "Cell",
    "Checkbox",
    "Code",
    "Equation",
    "Figure",
    "Flag",
    "Heading",
    "Line",
    "ListBlock",
    "ListItem",
    "PageNumber",
    "Paragraph",
    "Signature",
    "Table",
    "Watermark",
]

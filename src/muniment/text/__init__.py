"""Blocks: what a page says, whoever read it; and how a model's answer becomes them."""

from muniment.text.bands import join_bands
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
from muniment.text.markup import parse_markup
from muniment.text.repetition import Loop, LoopDetector

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
    "Loop",
    "LoopDetector",
    "PageNumber",
    "Paragraph",
    "Signature",
    "Table",
    "Watermark",
    "join_bands",
    "parse_markup",
]

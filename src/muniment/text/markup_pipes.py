"""Pipe tables as models write them: rows longer or shorter than the head, and heads left out."""

import re

from muniment.text.blocks import Cell, Table
from muniment.text.markup_holes import Holes
from muniment.text.markup_inline import hide_formulas, inline_text
from muniment.text.markup_tags import UNESCAPED_TAG, tidy

_PIPE = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"[|:\- \t]*-[|:\- \t]*")
_LINE_BREAK = re.compile(r"(?<!\\)<br\s*/?>", re.IGNORECASE)


def parse_pipes(rows: str, holes: Holes) -> Table:
    """The table of ``rows``; as long as its longest row. Without a line of dashes it has no head."""
    lines = [line.strip() for line in rows.split("\n") if line.strip()]
    headed = len(lines) > 1 and _DASHES.fullmatch(lines[1]) is not None
    width = len(_split(lines.pop(1))) if headed else 0
    written = [_cells(line, width, holes) for line in lines]
    cells = tuple(
        Cell(row, column, _text(text), header=headed and row == 0)
        for row, texts in enumerate(written)
        for column, text in enumerate(texts)
    )
    return Table(rows=len(written), columns=max(map(len, written)), cells=cells)


def _cells(line: str, width: int, holes: Holes) -> list[str]:
    """The cells of a row. Pipes within formulas part cells, as in any Markdown, unless that makes too many."""
    cells = _split(line)
    if len(cells) > width > 0:
        with_formulas_whole = _split(hide_formulas(line, holes))
        if len(with_formulas_whole) == width:
            return with_formulas_whole
    return [hide_formulas(cell, holes) for cell in cells]


def _split(line: str) -> list[str]:
    """The cells of a row; pipes at its ends are its frame."""
    cells = _PIPE.split(line)
    if len(cells) > 1 and not cells[0].strip():
        del cells[0]
    if len(cells) > 1 and not cells[-1].strip():
        del cells[-1]
    return [cell.replace("\\|", "|").strip() for cell in cells]


def _text(cell: str) -> str:
    """A cell as it reads: line breaks kept, tags and emphasis left out."""
    lines = (UNESCAPED_TAG.sub(" " if "><" in cell else "", line) for line in _LINE_BREAK.split(cell))
    return tidy("\n".join(map(inline_text, lines)))

"""Markdown as a model writes it, by way of markdown-it, with a check that nothing was lost on the way."""

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from muniment.text.blocks import Block, Cell, Checkbox, Code, Heading, ListBlock, ListItem, Paragraph, Table

_MOST_CHARACTERS = 200_000
"""More in one piece is taken as plain paragraphs: no page says so much, and loops may."""
_FORMULA = re.compile(r"(?<![\\$\w])\$(?=\S)(?:[^$\n\\]|\\.){1,400}?(?<=\S)\$(?![\w$])")
_HIDDEN = re.compile("\ue000(\\d+)\ue001")
_LETTER = re.compile(r"[^\W_]")
_TICKED = re.compile(r"\[[xX]\]")
_TICK = re.compile(r"(?P<empty>[☐❏□]|\[ \])\s*|(?P<ticked>[☑☒✓✔]|\[[xX]\])\s*")


_LIST_OPENS = frozenset({"bullet_list_open", "ordered_list_open"})
_LIST_CLOSES = frozenset({"bullet_list_close", "ordered_list_close"})


@cache
def _parser() -> MarkdownIt:
    # Rules that drop text (link targets) or make structure a model does not mean (indented code, underlined headings)
    # are off.
    off = ["code", "lheading", "reference", "html_block", "html_inline", "link", "image", "autolink"]
    return MarkdownIt("commonmark").enable("table").disable(off)


def parse_markdown(text: str) -> Iterator[Block]:
    """Blocks of Markdown without tags; whatever Markdown cannot be made of it is a paragraph."""
    if len(text) <= _MOST_CHARACTERS:
        formulas: list[str] = []
        hidden = _FORMULA.sub(lambda found: _hide(found[0], formulas), text.replace("\ue000", "").replace("\ue001", ""))
        blocks = list(_Builder(_parser().parse(hidden), formulas).blocks())
        if _letters(html.unescape(text)) == _letters(" ".join(map(_said, blocks))):
            yield from blocks
            return
    for part in re.split(r"\n\s*\n", text):
        if part.strip():
            yield Paragraph(text=part.strip())


def _hide(formula: str, formulas: list[str]) -> str:
    formulas.append(formula)
    return f"\ue000{len(formulas) - 1}\ue001"


def _letters(text: str) -> str:
    """Letters and digits in their order; a ticked box is none."""
    return "".join(_LETTER.findall(_TICKED.sub("", text)))


def _said(block: Block) -> str:
    match block:
        case ListBlock():
            return "".join(f"{item.marker}{item.text}" for item in block.items)
        case Table():
            return "".join(cell.text for cell in block.cells)
        case Checkbox():
            return block.text
        case Code():
            return block.language + block.text
        case Heading() | Paragraph():
            return block.text
    return ""


class _Builder:
    """Makes blocks out of markdown-it's tokens."""

    def __init__(self, tokens: Sequence[Token], formulas: Sequence[str]) -> None:
        self._tokens = tokens
        self._formulas = formulas
        self._place = 0

    def blocks(self) -> Iterator[Block]:
        """All blocks in order."""
        while self._place < len(self._tokens):
            token = self._tokens[self._place]
            self._place += 1
            match token.type:
                case "heading_open":
                    yield Heading(text=self._inline(), level=int(token.tag[1]))
                case "paragraph_open":
                    yield from _paragraph(self._inline(breaks=True))
                case "fence":
                    yield Code(text=token.content.rstrip("\n"), language=token.info.strip())
                case kind if kind in _LIST_OPENS:
                    yield from self._list()
                case "table_open":
                    yield self._table()
                case _:
                    pass

    def _inline(self, *, breaks: bool = False) -> str:
        """The text of the inline token that comes next."""
        token = self._tokens[self._place]
        self._place += 1
        parts = []
        for child in token.children or ():
            match child.type:
                case "softbreak":
                    parts.append("\n" if breaks else " ")
                case "hardbreak":
                    parts.append("\n")
                case _:
                    parts.append(child.content)
        return _HIDDEN.sub(lambda found: self._formulas[int(found[1])], "".join(parts)).strip()

    def _list(self) -> Iterator[Block]:
        """A list, nested ones included; boxes to tick, and code, are blocks of their own."""
        items: list[ListItem] = []
        depth, marker = 1, ""
        while depth and self._place < len(self._tokens):
            token = self._tokens[self._place]
            self._place += 1
            depth += (token.type in _LIST_OPENS) - (token.type in _LIST_CLOSES)
            if token.type == "list_item_open":
                marker = f"{token.info}{token.markup}" if token.info else "•"
            elif token.type in ("paragraph_open", "heading_open"):
                text = self._inline()
                ticked = _TICK.match(text) if marker == "•" else None
                if ticked is not None:
                    yield from _finished(items)
                    yield _checkbox(text, ticked)
                else:
                    _add_item(items, text, marker, depth - 1)
                marker = ""
            elif token.type == "fence":
                yield from _finished(items)
                yield Code(text=token.content.rstrip("\n"), language=token.info.strip())
        yield from _finished(items)

    def _table(self) -> Table:
        cells: list[Cell] = []
        row, column = -1, 0
        while self._tokens[self._place].type != "table_close":
            token = self._tokens[self._place]
            self._place += 1
            if token.type == "tr_open":
                row, column = row + 1, 0
            elif token.type in ("th_open", "td_open"):
                cells.append(Cell(row, column, self._inline(), header=token.type == "th_open"))
                column += 1
        columns = max((cell.column + 1 for cell in cells), default=0)
        return Table(rows=row + 1, columns=columns, cells=tuple(cells))


def _add_item(items: list[ListItem], text: str, marker: str, depth: int) -> None:
    """A new item, or, without a marker, a further paragraph of the last one."""
    if marker or not items:
        items.append(ListItem(text, marker, depth))
    else:
        last = items.pop()
        items.append(ListItem(f"{last.text} {text}", last.marker, last.depth))


def _finished(items: list[ListItem]) -> Iterator[ListBlock]:
    """The list of ``items``, which are taken out, if there are any."""
    if items:
        yield ListBlock(items=tuple(items))
        items.clear()


def _checkbox(text: str, ticked: re.Match[str]) -> Checkbox:
    return Checkbox(text=text[ticked.end() :].strip(), checked=ticked["ticked"] is not None)


def _paragraph(text: str) -> Iterator[Block]:
    """A paragraph; lines that begin with a box to tick are boxes."""
    lines: list[str] = []
    for line in text.split("\n"):
        ticked = _TICK.match(line)
        if ticked is None:
            lines.append(line)
            continue
        if lines:
            yield Paragraph(text=_flat(lines))
            lines = []
        yield _checkbox(line, ticked)
    if any(lines):
        yield Paragraph(text=_flat(lines))


def _flat(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())

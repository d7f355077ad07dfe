"""Makes blocks out of markdown-it's tokens."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from muniment.text.blocks import Block, Checkbox, Code, Figure, Heading, ListBlock, ListItem, Paragraph, Signature
from muniment.text.lists import MarkedText, split_marker
from muniment.text.markup_inline import flattened

if TYPE_CHECKING:
    from markdown_it.token import Token

_LIST_OPENS = frozenset({"bullet_list_open", "ordered_list_open"})
_LIST_CLOSES = frozenset({"bullet_list_close", "ordered_list_close"})
_TICK = re.compile(r"(?P<empty>[☐❏□]|\[ \](?=\s|$))\s*|(?P<ticked>[☑☒✓✔]|\[[xX]\](?=\s|$))\s*")
_NEXT_TICK = re.compile(r"(?<=\s)(?=[☐☑☒]\s)")
_SURE_BULLETS = frozenset("•·∙●○◦▪▫■◆◇►▶‣⁃➢➤❖\uf0b7\uf0a7\uf0d8\uf076")
"""Marks that begin an item even of a list of one; a dash may begin a speech."""


class BlockBuilder:
    """Reads the tokens of one outermost part."""

    def __init__(self, tokens: Sequence["Token"]) -> None:
        self._tokens = tokens
        self._place = 0

    def blocks(self) -> list[Block]:
        """All blocks in order."""
        found: list[Block] = []
        quotes: list[int] = []
        while self._place < len(self._tokens):
            token = self._take()
            match token.type:
                case "heading_open":
                    found.append(Heading(text=self._inline(), level=int(token.tag[1])))
                case "paragraph_open":
                    found += _paragraph(self._inline("\v"))
                case "fence":
                    found.append(_code(token))
                case kind if kind in _LIST_OPENS:
                    found += self._list()
                case "blockquote_open":
                    quotes.append(len(found))
                case "blockquote_close":
                    start = quotes.pop()
                    found[start:] = _quoted(found[start:])
                case _:
                    pass
        return found

    def _take(self) -> "Token":
        self._place += 1
        return self._tokens[self._place - 1]

    def _inline(self, soft_break: str = " ") -> str:
        """The text of the inline token that comes next."""
        return flattened(self._take().children or (), soft_break).strip()

    def _list(self) -> Iterator[Block]:
        """A list, nested ones included; boxes to tick, and code, are blocks of their own."""
        items: list[ListItem] = []
        levels = [0]  # how deep the items of each open list stand
        marker = ""
        while levels and self._place < len(self._tokens):
            token = self._take()
            if token.type in _LIST_OPENS:
                levels.append(levels[-1] + (not marker))  # "- 3. text" is one item
            elif token.type in _LIST_CLOSES:
                levels.pop()
            elif token.type == "list_item_open":
                marker = f"{token.info}{token.markup}" if token.info else "•"
            elif token.type == "list_item_close":
                marker = ""
            elif token.type in ("paragraph_open", "heading_open"):
                text = self._inline()
                if marker == "•" and _TICK.match(text):
                    yield from _finished(items)
                    yield from _checkboxes(text)
                else:
                    _add_item(items, text, marker, levels[-1])
                marker = ""
            elif token.type == "fence":
                yield from _finished(items)
                yield _code(token)
        yield from _finished(items)


def _code(token: "Token") -> Code:
    return Code(text=token.content.rstrip("\n"), language=token.info.strip())


def _add_item(items: list[ListItem], text: str, marker: str, depth: int) -> None:
    """A new item, or, without a marker, a further paragraph of the last one."""
    if marker or not items:
        printed = split_marker(text) if marker == "•" else None
        if printed is not None and printed.text:
            marker, text = printed.marker, printed.text
        items.append(ListItem(text, marker or "•", depth))
    else:
        last = items.pop()
        items.append(ListItem(f"{last.text} {text}", last.marker, last.depth))


def _finished(items: list[ListItem]) -> Iterator[ListBlock]:
    """The list of ``items``, which are taken out, if there are any."""
    if items:
        yield ListBlock(items=tuple(items))
        items.clear()


def _checkboxes(line: str) -> Iterator[Checkbox]:
    """The boxes of a line that begins with one: "☐ Yes ☑ No" are two."""
    for part in _NEXT_TICK.split(line) if not line.startswith("[") else [line]:
        ticked = _TICK.match(part)
        if ticked is not None:
            yield Checkbox(text=part[ticked.end() :].strip(), checked=ticked["ticked"] is not None)


def _paragraph(text: str) -> Iterator[Block]:
    """A paragraph whose soft line breaks are ``\\v``; lines that begin with a box to tick are boxes."""
    lines: list[str] = []
    for line in re.split(r"(?<=[\n\v])", text):
        if not _TICK.match(line):
            lines.append(line)
            continue
        yield from _prose(lines)
        lines = []
        yield from _checkboxes(line)
    yield from _prose(lines)


def _prose(lines: Sequence[str]) -> Iterator[Block]:
    """Running text, or a list if its lines begin with printed markers that Markdown does not know."""
    marked = [split_marker(line) for line in lines]
    items = [mark for mark in marked if mark is not None]
    if marked and marked[0] is not None and (marked[0].marker in _SURE_BULLETS or _counts(items)):
        yield _printed_list(lines, marked)
        return
    text = "\n".join(" ".join(line.split()) for line in "".join(lines).split("\n")).strip()
    if text:
        yield Paragraph(text=text)


def _counts(items: Sequence[MarkedText]) -> bool:
    """Whether markers follow each other like a list's: "(a)", "(b)"."""
    return len(items) > 1 and all(not item.is_bullet for item in items)


def _printed_list(lines: Sequence[str], marked: Sequence[MarkedText | None]) -> ListBlock:
    items: list[ListItem] = []
    for line, mark in zip(lines, marked, strict=True):
        if mark is not None:
            items.append(ListItem(mark.text, mark.marker))
        else:
            last = items.pop()
            items.append(ListItem(f"{last.text} {' '.join(line.split())}".strip(), last.marker))
    return ListBlock(items=tuple(items))


def _quoted(blocks: Sequence[Block]) -> list[Block]:
    """A quote's blocks; one that begins like ours for figures and signatures is one."""
    texts = list(takewhile(bool, (block.text if isinstance(block, Paragraph) else "" for block in blocks)))
    if not texts or len(texts) < len(blocks):
        return list(blocks)
    name, _, said = texts[0].partition("]")
    if name == "[Figure":
        return [Figure(caption=said.strip(), text="\n".join(texts[1:]))]
    if name == "[Signature" and len(texts) == 1:
        return [Signature(text=said.strip())]
    return list(blocks)

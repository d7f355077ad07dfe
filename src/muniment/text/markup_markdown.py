"""Markdown as a model writes it, by way of markdown-it, with a check that nothing was lost on the way."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from muniment.text.blocks import Block, Checkbox, Code, Equation, Figure, Heading, ListBlock, Paragraph, Table
from muniment.text.markup_holes import Holes
from muniment.text.markup_inline import hide_formulas, parser
from muniment.text.markup_tags import UNESCAPED_TAG, decoded
from muniment.text.markup_tokens import BlockBuilder

if TYPE_CHECKING:
    from markdown_it.token import Token

_MOST_CHARACTERS = 200_000
"""More in one piece is taken as plain paragraphs: no page says so much, and loops may."""
_LETTER = re.compile(r"[^\W_]")
_TICKED = re.compile(r"\[[xX]\]")
_NEW_PARAGRAPH = frozenset(
    {
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "section",
        "article",
        "header",
        "footer",
        "figure",
        "ul",
        "ol",
    }
    | {"blockquote", "center", "pre"}
)
_SPACES = frozenset({"td", "th", "img", "signature", "watermark", "page_number"})


def parse_markdown(text: str, holes: Holes) -> Iterator[Block]:
    """Blocks of Markdown; whatever Markdown cannot be made of it is a paragraph. Its holes are filled."""
    text = hide_formulas(UNESCAPED_TAG.sub(_as_markdown, text), holes)
    for block in _joined(_checked(text)) if len(text) <= _MOST_CHARACTERS else _plain(text):
        yield from holes.filled(block)


def _checked(text: str) -> Iterator[Block]:
    """Blocks of each outermost part of the text that says all that stands in it; of others, plain paragraphs."""
    lines = text.split("\n")
    done = 0
    for group, (start, end) in _groups(parser().parse(text)):
        yield from _plain("\n".join(lines[done:start]))
        source = "\n".join(lines[max(start, done) : end])
        blocks = BlockBuilder(group).blocks()
        yield from blocks if _letters(decoded(source)) == _letters(_said(blocks)) else _plain(source)
        done = max(done, end)
    yield from _plain("\n".join(lines[done:]))


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Lists that follow each other as one: Markdown begins a new one wherever the kind of marker changes."""
    for is_list, run in groupby(blocks, lambda block: isinstance(block, ListBlock)):
        if is_list:
            yield ListBlock(items=tuple(item for block in run if isinstance(block, ListBlock) for item in block.items))
        else:
            yield from run


def _groups(tokens: Sequence["Token"]) -> Iterator[tuple[Sequence["Token"], tuple[int, int]]]:
    """The tokens of each outermost part, and its first line and the line after its last."""
    start = 0
    for place, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            first, last = tokens[start].map or (0, 0)
            yield tokens[start : place + 1], (first, last)
            start = place + 1


def _plain(text: str) -> Iterator[Block]:
    """Paragraphs, as they stand."""
    for part in re.split(r"\n[ \t]*\n", text):
        said = " ".join(decoded(part).split())
        if any(map(str.isalnum, said)):
            yield Paragraph(text=said)


def _as_markdown(tag: re.Match[str]) -> str:
    """What a tag outside tables means in Markdown."""
    name, opens = tag["name"].lower(), not tag["close"]
    if name == "br":
        return "  \n"
    if name == "tr":
        return "\n"
    if name == "li":
        return "\n- " if opens else ""
    if name in _NEW_PARAGRAPH:
        head = f"{'#' * int(name[1])} " if opens and name[0] == "h" and name[1:].isdigit() else ""
        return f"\n\n{head}"
    return " " if name in _SPACES else ""


def _letters(text: str) -> str:
    """Letters and digits in their order; a ticked box is none."""
    return "".join(_LETTER.findall(_TICKED.sub("", text)))


def _said(blocks: Sequence[Block]) -> str:
    parts: list[str] = []
    for block in blocks:
        match block:
            case ListBlock():
                parts += [f"{item.marker}{item.text}" for item in block.items]
            case Table():
                parts += [cell.text for cell in block.cells]
            case Code():
                parts += [block.language, block.text]
            case Figure():
                parts += ["Figure", block.caption, block.text]
            case Heading() | Paragraph() | Checkbox() | Equation():
                parts.append(block.text)
            case _:
                parts += ["Signature", block.text]
    return "".join(parts)

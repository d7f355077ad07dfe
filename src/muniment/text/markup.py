"""What a vision-language model writes, as blocks: Markdown, HTML tables, and tags for what Markdown has no word for.

Models make mistakes: tags that are never closed, tables cut off in the middle. Nothing they wrote is lost over that;
what cannot be understood stands as plain text. No step looks at a character more than a bounded number of times.
"""

import re
from collections.abc import Iterator

from muniment.text.blocks import Block, Code, Equation, Figure, PageNumber, Signature, Watermark
from muniment.text.markup_holes import RESERVED, Holes
from muniment.text.markup_html import parse_table
from muniment.text.markup_markdown import parse_markdown
from muniment.text.markup_pipes import parse_pipes
from muniment.text.markup_scan import Piece, Scanner
from muniment.text.markup_tags import attribute, tidy, without_tags

_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MATH_LANGUAGES = frozenset({"math", "latex", "tex"})
_MARKUP_LANGUAGES = frozenset({"markdown", "md", "html"})
_MARKUP = re.compile(r"^#{1,6} |^[ \t]*\|[ \t]*:?-|</?(?:table|img|signature|watermark|page_number)>", re.M | re.I)
_MOST_FENCES = 3
"""How deep markup may stand in fences."""


def parse_markup(text: str) -> tuple[Block, ...]:
    """Blocks in the order of ``text``. Every letter and digit outside tags and comments is in one of them.

    A tag within a line becomes a block after the one that the line belongs to.
    """
    text = RESERVED.sub("", _LINE_END.sub("\n", text.replace("\0", "")))
    return tuple(_blocks(_SURROGATE.sub("\ufffd", text), 0))


def _blocks(text: str, depth: int) -> Iterator[Block]:
    holes = Holes()
    pending: list[str] = []
    for piece in Scanner(text).pieces():
        if piece.kind == "text":
            pending.append(piece.text)
        elif piece.within:
            pending.append(f" {holes.make(tuple(_special(piece, depth, holes)))} ")
        else:
            yield from _markdown(pending, holes)
            pending = []
            yield from _special(piece, depth, holes, whole=len(piece.text) > len(text) // 2)
    yield from _markdown(pending, holes)


def _markdown(pending: list[str], holes: Holes) -> Iterator[Block]:
    text = "".join(pending)
    if text.strip():
        yield from parse_markdown(text, holes)


def _special(piece: Piece, depth: int, holes: Holes, *, whole: bool = False) -> Iterator[Block]:
    """The blocks of a piece that is not Markdown. ``whole``: it is most of the text."""
    match piece.kind:
        case "fence":
            yield from _fence(piece, depth, whole=whole)
        case "table":
            yield from parse_table(piece.text)
        case "pipes":
            yield from holes.filled(parse_pipes(piece.text, holes))
        case "formula":
            yield Equation(text=piece.text)
        case "tag":
            yield from _tagged(piece)


def _fence(piece: Piece, depth: int, *, whole: bool) -> Iterator[Block]:
    code, language = piece.text.rstrip("\n"), piece.label.lower()
    wraps_page = language in _MARKUP_LANGUAGES or (not language and whole and _MARKUP.search(code) is not None)
    if language in _MATH_LANGUAGES:
        if code.strip():
            yield Equation(text=code.strip())
    elif wraps_page and depth < _MOST_FENCES:
        yield from _blocks(code, depth + 1)
    elif code.strip() or language:
        yield Code(text=code, language=piece.label)


def _tagged(piece: Piece) -> Iterator[Block]:
    text = " ".join(tidy(without_tags(piece.text)).split())
    match piece.label:
        case "signature":
            yield Signature(text=text)
        case "watermark" if text:
            yield Watermark(text=text)
        case "page_number" if text:
            yield PageNumber(text=text)
        case "img":
            yield Figure(text=text or attribute(piece.attributes, "alt"))

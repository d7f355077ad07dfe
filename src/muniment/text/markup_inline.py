"""What stands within a line of Markdown, as plain text."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from muniment.text.markup_holes import Holes

if TYPE_CHECKING:  # needed only once a model has answered, and the command line is to start soon
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FORMULA = re.compile(
    r"(?<![\\$\w])\$(?=\S)(?P<dollars>(?:[^$\n\\]|\\[^\n]){1,400}?)(?<=\S)\$(?![\w$])"
    r"|(?<!\\)\\\((?P<brackets>(?:[^\n\\]|\\[^\n)(]){1,400}+)\\\)"
)
_PLAIN = re.compile(r"[^*_`\\&\n]*+")


@cache
def parser() -> "MarkdownIt":
    """A parser whose rules that drop text (link targets), or make structure a model does not mean (indented code,
    underlined headings), are off."""
    from markdown_it import MarkdownIt

    off = ["code", "lheading", "reference", "html_block", "html_inline", "link", "image", "autolink"]
    return MarkdownIt("commonmark").disable(off)


def hide_formulas(text: str, holes: Holes) -> str:
    """``text`` with its formulas in ``holes``, where nothing in them is taken for emphasis."""
    return _FORMULA.sub(lambda found: holes.make(_formula(found)), text) if "$" in text or "\\(" in text else text


def inline_text(text: str) -> str:
    """One line of Markdown as it reads."""
    if _PLAIN.fullmatch(text):
        return text.strip()
    return "".join(flattened(token.children or ()) for token in parser().parseInline(text)).strip()


def flattened(tokens: Sequence["Token"], soft_break: str = " ") -> str:
    """The text of inline tokens, marks of emphasis left out."""
    stars = _stars_that_stand(tokens)
    parts: list[str] = []
    for place, token in enumerate(tokens):
        match token.type:
            case "softbreak":
                parts.append(soft_break)
            case "hardbreak":
                parts.append("\n")
            case _:
                parts.append("*" if place in stars else token.content)
    return "".join(parts)


def _formula(found: re.Match[str]) -> str:
    return found[0] if found["brackets"] is None else f"${found['brackets'].strip()}$"


def _stars_that_stand(tokens: Sequence["Token"]) -> set[int]:
    """Single stars that CommonMark takes for emphasis although they touch letters on both sides: 2*3*4."""
    stand: set[int] = set()
    open_places: list[int] = []
    for place, token in enumerate(tokens):
        if token.type == "em_open":
            open_places.append(place)
        elif token.type == "em_close" and open_places:
            start = open_places.pop()
            if _touches(tokens, start) or _touches(tokens, place):
                stand.update((start, place))
    return stand


def _touches(tokens: Sequence["Token"], place: int) -> bool:
    """Whether letters or digits stand right before and right after a mark."""
    before = tokens[place - 1].content if place else ""
    after = tokens[place + 1].content if place + 1 < len(tokens) else ""
    return before[-1:].isalnum() and after[:1].isalnum()

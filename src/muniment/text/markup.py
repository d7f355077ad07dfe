"""What a vision-language model writes, as blocks: Markdown, HTML tables, and tags for what Markdown has no word for.

Models make mistakes: tags that are never closed, tables cut off in the middle. Nothing they wrote is lost over that;
what cannot be understood stands as plain text.
"""

import html
import re
from collections.abc import Iterator

from muniment.text.blocks import Block, Code, Equation, Figure, PageNumber, Signature, Watermark
from muniment.text.markup_html import parse_table
from muniment.text.markup_markdown import parse_markdown

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SPECIAL = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\n`]*)\n(?P<code>.*?)(?:^(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|<table\b[^<>]*>(?P<table>.*?)(?:</table\s*>|(?=<table\b)|(?=\n[ \t]*\n[ \t]*[^\s<])|\Z)"
    r"|<(?P<tag>img|signature|watermark|page_number)>(?P<inner>.*?)(?:</(?P=tag)\s*>|(?=\n[ \t]*\n)|\Z)"
    r"|\$\$(?P<formula>.+?)\$\$"
    r"|\\\[(?P<bracketed>.+?)\\\]",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_STRAY_TAG = re.compile(
    r"</?(?:img|signature|watermark|page_number|table|thead|tbody|tr|td|th)\b[^<>]*>", re.IGNORECASE
)
_MATH_LANGUAGES = frozenset({"math", "latex", "tex"})


def parse_markup(text: str) -> tuple[Block, ...]:
    """Blocks in the order of ``text``. Every letter and digit outside tags is in one of them."""
    text = _COMMENT.sub("", text.replace("\0", "").replace("\r\n", "\n"))
    blocks: list[Block] = []
    pending, aside = "", []
    place = 0
    for found in _SPECIAL.finditer(text):
        before = text[place : found.start()]
        place = found.end()
        made = _special(found)
        pending += before
        if _is_inline(text, found):
            aside += made
            continue
        blocks += [*_plain(pending), *aside, *made]
        pending, aside = "", []
    blocks += [*_plain(pending + text[place:]), *aside]
    return tuple(blocks)


def _is_inline(text: str, found: re.Match[str]) -> bool:
    """Whether text stands on the same line before and after a tag: the line goes on without it."""
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip()
    end = text.find("\n", found.end())
    after = text[found.end() : end if end >= 0 else len(text)].strip()
    return bool(before and after) and found["tag"] is not None


def _special(found: re.Match[str]) -> list[Block]:
    if found["fence"] is not None:
        return _fence(found["language"].strip(), found["code"].rstrip("\n"))
    if found["table"] is not None:
        return list(parse_table(found["table"]))
    if found["tag"] is not None:
        return _tagged(found["tag"].lower(), found["inner"])
    formula = found["formula"] if found["formula"] is not None else found["bracketed"]
    return [Equation(text=formula.strip())] if formula.strip() else []


def _fence(language: str, code: str) -> list[Block]:
    if language.lower() in _MATH_LANGUAGES:
        return [Equation(text=code.strip())] if code.strip() else []
    if language.lower() in ("", "markdown", "md", "html") and code.strip():
        return list(parse_markup(code))
    return [Code(text=code, language=language)] if code or language else []


def _tagged(tag: str, inner: str) -> list[Block]:
    text = " ".join(html.unescape(_STRAY_TAG.sub(" ", inner)).split())
    match tag:
        case "signature":
            return [Signature(text=text)]
        case "watermark":
            return [Watermark(text=text)] if text else []
        case "page_number":
            return [PageNumber(text=text)] if text else []
    return [Figure(text=text)]


def _plain(text: str) -> Iterator[Block]:
    """Blocks of text without tags of its own; a stray one is left out."""
    text = _STRAY_TAG.sub(" ", text)
    if text.strip():
        yield from parse_markdown(text)

"""HTML tags in a model's text: which ones are tags and not text, and text without them."""

import html
import re
from html.entities import html5

SPECIAL = frozenset({"img", "signature", "watermark", "page_number"})
"""What the model marks by a tag of its own."""

# A name in angle brackets that is none of these is text: an address <m@example.org>, a placeholder <name>.
_TABLE = "table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col"
_BLOCK = "p|div|h[1-6]|ul|ol|li|hr|section|article|header|footer|figure|figcaption|center|html|body|blockquote|pre"
_INLINE = "b|i|u|s|em|strong|sup|sub|small|big|span|font|a|br|mark|del|ins|strike|code|tt|label|nobr"
TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>{_TABLE}|{_BLOCK}|{_INLINE}|{'|'.join(sorted(SPECIAL))})"
    r"(?P<attributes>(?:\s[^<>]*)?/?)>",
    re.IGNORECASE,
)
"""Nothing between the brackets may be another bracket, so that looking takes linear time."""
UNESCAPED_TAG = re.compile(rf"(?<!\\){TAG.pattern}", re.IGNORECASE)
"""The same in Markdown, where a backslash makes it text."""
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "hr"})
_SPACES = frozenset({"td", "th", *SPECIAL})


def without_tags(text: str) -> str:
    """``text`` as it reads: tags left out, line breaks as such, character references decoded."""
    return decoded(TAG.sub(_instead, text))


def decoded(text: str) -> str:
    """``text`` with its character references decoded; what only looks like one stays: "?a=1&copy=2"."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def attribute(attributes: str, name: str) -> str:
    """The value of an attribute; "" if there is none."""
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/]+))""", attributes, re.IGNORECASE)
    return decoded(next(filter(None, found.groups()), "")) if found else ""


def tidy(text: str) -> str:
    """Lines without white space around them, and no empty ones."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _instead(tag: re.Match[str]) -> str:
    name = tag["name"].lower()
    if name in _BREAKS:
        return "\n"
    return " " if name in _SPACES else ""


def _character(reference: re.Match[str]) -> str:
    known = reference[0][1] == "#" or reference[0][1:] in html5
    return html.unescape(reference[0]) if known else reference[0]

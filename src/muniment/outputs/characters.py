"""Characters that may stand in a result.

A document's text is untrusted: control characters in it could drive the terminal a result is printed on, and
halves of surrogate pairs cannot be written as UTF-8.
"""

import re

_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    r"""``text`` with every kind of line end as ``\n``, and without control characters or lone surrogates."""
    return without_surrogates(_CONTROL.sub("", _LINE_END.sub("\n", text)))


def without_surrogates(text: str) -> str:
    """``text`` with lone surrogates replaced by U+FFFD, so that it can be encoded."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def flat(text: str) -> str:
    """Cleaned ``text`` on one line, runs of white space as one space."""
    return _SPACE.sub(" ", clean(text)).strip()


def lines_of(text: str) -> list[str]:
    """The lines of cleaned ``text`` that hold anything, without white space at either end."""
    return [line for line in map(str.strip, clean(text).split("\n")) if line]

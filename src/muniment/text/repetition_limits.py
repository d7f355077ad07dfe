"""How often something may come in a row before it is a loop.

Pages do repeat themselves: contents are set with dots, forms with lines to write on, ledgers with equal rows. The more
a unit may be such a thing, the more it takes. Each limit lies above what a page has room for and far below what a
model's answer has: a loop that is missed costs 15,000 tokens, one that is found late a few hundred.
"""

import re

from muniment.text.scripts import WIDE

LONGEST_UNIT = 400
"""Longer units than this repeat themselves so slowly that the answer's own limit ends them."""

_WIDE = re.compile(f"[{WIDE}]")
_MARKUP = re.compile(r"</?\w[^<>]{0,200}>|[^\w<]+|_+|<")

_FILL_LENGTH = 1_500
"""Dots, rules and dashes on one line. No line of print holds more than some 300."""
_EMPTY = (100, 4_000)
"""Empty cells and lines to write on: forty lines of ninety characters are a page of them; a form of 12 columns and 60
rows has more than a hundred cells, but its rows end, which begins anew."""
_PAGE_LINES = 80
"""Lines of equal text, however short: a page in small print has seventy. Every letter in a line lowers this by one, as
the more a line says, the less another equals it by chance..."""
_LEAST_LINES = 12
"""... down to this: nobody prints a paragraph twelve times in a row ..."""
_LEAST_ROWS = 24
"""... but a ledger may hold two dozen equal payments, whatever their rows say."""
_LINES_LENGTH = 700
_PHRASE = (10, 400)
"""Within running text, at least 16 letters; a line in a poem may come back four or five times."""
_WORD = (60, 400)
"""Shorter ones: "no no no", "aaa". A cry of laughter ends before."""
_PHRASE_LETTERS = 16


def is_loop(unit: str, count: int) -> bool:
    """Whether ``unit``, ``count`` times in a row, is more than a page would hold."""
    least_count, least_length = _limits(unit)
    return count >= least_count and count * len(unit) >= least_length


def _limits(unit: str) -> tuple[int, int]:
    """Fewest turns and fewest characters of a loop of ``unit``."""
    letters = _said(unit)
    is_row = "|" in unit or "<" in unit or "\t" in unit
    if not letters:
        return _EMPTY if is_row or "\n" in unit else (1, _FILL_LENGTH)
    if is_row or "\n" in unit:
        return max(_LEAST_ROWS if is_row else _LEAST_LINES, _PAGE_LINES - letters), _LINES_LENGTH
    return _PHRASE if letters >= _PHRASE_LETTERS else _WORD


def _said(unit: str) -> int:
    """Letters and digits of a unit outside tags; those of scripts without spaces say twice as much."""
    start = max(unit.find("<"), 0)  # a unit may begin within a tag
    text = _MARKUP.sub("", unit[start:] + unit[:start])
    return len(text) + len(_WIDE.findall(text))

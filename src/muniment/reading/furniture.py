"""Page furniture across a document: what recurs at the edges of its pages, and what becomes of it.

The embedded engine tells furniture by its place on the page. A model that gives no places and marks no running heads
(Nanonets-OCR2) leaves them in the text; there, what stands at the same edge of several pages, numbers aside, is
furniture. Each of its pages waits for the two after it, and no longer: memory does not grow with the document.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from muniment.reading.data import PageReading
from muniment.reading.events import DocumentOpened, Event, PageDone
from muniment.text import Block, Heading, Paragraph

_LOOKAHEAD = 2
_LEAST_PAGES = 3
_EDGE_BLOCKS = 2
_MOST_LETTERS = 120
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b", re.IGNORECASE)


class Furniture(StrEnum):
    """What to do with page numbers, watermarks, and lines that recur at page edges across a document."""

    KEEP = "keep"
    """Leave it in the text, like any other."""
    MARK = "mark"
    """Tell it apart: comments in Markdown and HTML, marked in JSON."""
    DROP = "drop"
    """Leave it out."""


def furnished(events: Iterable[Event], wish: Furniture, *, recurring: bool) -> Iterator[Event]:
    """``events`` in the same order, their pages' furniture treated as wished.

    Args:
        recurring: look for lines that recur; if not, every page is told at once.
    """
    lookahead = _LOOKAHEAD if recurring else 0
    waiting: deque[PageDone] = deque()
    seen: Counter[tuple[str, str]] = Counter()
    for event in events:
        if isinstance(event, PageDone):
            seen.update(set(_edges(event.page).values()) if recurring else ())
            waiting.append(event)
            if len(waiting) > lookahead:
                yield _treated(waiting.popleft(), seen, wish)
            continue
        while waiting:
            yield _treated(waiting.popleft(), seen, wish)
        if isinstance(event, DocumentOpened):
            seen.clear()
        yield event
    while waiting:
        yield _treated(waiting.popleft(), seen, wish)


def _treated(event: PageDone, seen: Counter[tuple[str, str]], wish: Furniture) -> PageDone:
    page = event.page
    if wish is Furniture.KEEP:
        blocks = tuple(replace(block, furniture=False) for block in page.blocks)
    else:
        recurring = {place for place, edge in _edges(page).items() if seen[edge] >= _LEAST_PAGES}
        blocks = tuple(
            replace(block, furniture=True) if place in recurring else block for place, block in enumerate(page.blocks)
        )
    if wish is Furniture.DROP:
        blocks = tuple(block for block in blocks if not block.furniture)
    return replace(event, page=replace(page, blocks=blocks))


def _edges(page: PageReading) -> dict[int, tuple[str, str]]:
    """For the blocks at a page's edges, by their places: which edge, and their text without its numbers."""
    count = len(page.blocks)
    top = range(min(_EDGE_BLOCKS, count))
    bottom = range(max(count - _EDGE_BLOCKS, 0), count)
    found = {}
    for name, places in (("top", top), ("bottom", bottom)):
        for place in places:
            text = _identity(page.blocks[place])
            if text:
                found[place] = (name, text)
    return found


def _identity(block: Block) -> str:
    """What a block that may be furniture says, without its numbers; "" for one that may not."""
    if not isinstance(block, Paragraph | Heading) or len(block.text) > _MOST_LETTERS:
        return ""
    return " ".join(_NUMBER.sub("#", block.text.lower()).split())

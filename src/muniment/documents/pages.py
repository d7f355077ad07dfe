"""Page ranges as people write them: ``1-3,7``, ``5-``, ``-3``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from muniment.errors import UsageError

_PART = re.compile(r"(?P<only>\d{1,9})|(?P<first>\d{1,9})?\s*-\s*(?P<last>\d{1,9})?", re.ASCII)
_HINT = 'Write pages like "1-3,7", "5-" (from page 5 to the end) or "-3" (the first three).'


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages ``first`` to ``last``, both included; ``last`` is None for an open end."""

    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class PageRanges:
    """Parsed page ranges, not yet held against a document.

    Attributes:
        spec: as written.
        ranges: at least one.
    """

    spec: str
    ranges: tuple[PageRange, ...]

    def select(self, page_count: int, name: str) -> tuple[int, ...]:
        """The numbers of the pages meant, in the document's order and each once.

        Args:
            page_count: pages in the document.
            name: of the document, for the message.

        Raises:
            UsageError: a range reaches outside the document.
        """
        numbers = {number for part in self.ranges for number in _within(part, page_count, name)}
        return tuple(sorted(numbers))


def parse_pages(spec: str) -> PageRanges:
    """Read ``spec``; spaces do not matter.

    Raises:
        UsageError: ``spec`` says no pages.
    """
    return PageRanges(spec, tuple(_parse_part(part.strip(), spec) for part in spec.split(",")))


def select_pages(spec: str | None, page_count: int, name: str) -> tuple[int, ...]:
    """The numbers (from 1) of the pages that ``spec`` means in a document, in order; None means all.

    Raises:
        UsageError: ``spec`` says no pages, or pages outside the document.
    """
    if spec is None:
        return tuple(range(1, page_count + 1))
    return parse_pages(spec).select(page_count, name)


def _parse_part(part: str, spec: str) -> PageRange:
    match = _PART.fullmatch(part)
    if match is None or part == "-":
        raise UsageError(f'"{spec}" is not a page range', _HINT)
    first = int(match["only"] or match["first"] or 1)
    last = int(match["only"] or match["last"]) if match["only"] or match["last"] else None
    if first < 1 or last == 0:
        raise UsageError(f'"{spec}" asks for page 0', "Pages count from 1.")
    if last is not None and last < first:
        raise UsageError(
            f'"{spec}" runs backwards', f'Write "{last}-{first}"; pages are read in the document\'s order.'
        )
    return PageRange(first, last)


def _within(part: PageRange, page_count: int, name: str) -> Iterator[int]:
    last = page_count if part.last is None else part.last
    if part.first > page_count or last > page_count:
        beyond = max(part.first, last) if part.last is not None else part.first
        have = "1 page" if page_count == 1 else f"{page_count} pages"
        raise UsageError(f"{name} has {have}; there is no page {beyond}", "Ask for pages it has.")
    yield from range(part.first, last + 1)

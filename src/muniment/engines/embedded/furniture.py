"""Running heads, running feet and page numbers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muniment.engines.embedded.geometry import share_inside
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import Row, rows_of

_EDGE = 0.1
_MODEL_EDGE = 0.12
_INSIDE = 0.5
_LEAST_SCORE = 0.5
_LEAST_GAP = 0.6
_MOST_ROWS = 2
_LETTERHEAD = 1.25
_SMALL_PRINT = 0.9
_FAR = 3.0
_APART = 3.0
_NUMBER = re.compile(
    r"[-–—|\[(~·•\s]*(?:(?:page|pg\.?|p\.|seite|página|pagina)\s*)?"
    r"(?:\d{1,4}|(?=[ivxl])l?x{0,3}(?:ix|iv|v?i{0,3}))"
    r"(?:\s*(?:/|of|von|de|di|sur|\|)\s*\d{1,4})?[-–—|\])~·•.\s]*",
    re.IGNORECASE,
)


_WORD, _LEAST_WORDS = re.compile(r"[^\W\d_]{2,}"), 3


@dataclass(frozen=True, slots=True)
class Furniture:
    """One piece of furniture: its lines, whether it is the page's number, and at which edge of the page it stands."""

    lines: tuple[SeenLine, ...]
    is_number: bool
    on_top: bool


def is_page_number(text: str) -> bool:
    """Whether ``text`` is a page number as printed: "14", "- 3 -", "Page 3 of 9", "xii"."""
    return _NUMBER.fullmatch(text) is not None


def find_furniture(lines: Sequence[SeenLine], regions: Iterable[Region], height: float, body: float) -> list[Furniture]:
    """Furniture among ``lines``, top to bottom.

    At each edge: rows that the layout model takes for a head or foot, rows with a page number that stand apart, and
    small print far from everything else. Letterheads are no furniture, though the model takes them for heads: they
    are larger than the text.

    Args:
        height: of the page in pixels.
        body: the page's usual letter size in pixels.
    """
    rows = rows_of(lines)
    edges = [region for region in regions if _is_edge_region(region, height)]
    marked = [region for region in edges if not _is_letterhead(region, lines, body)]
    top = _at_edge(rows, marked, _Edge(0.0, height, body))
    bottom = _at_edge(rows[::-1], marked, _Edge(height, height, body))
    found = [_furniture(row, on_top=True) for row in top] + [_furniture(row, on_top=False) for row in bottom[::-1]]
    return [item for items in found for item in items]


@dataclass(frozen=True, slots=True)
class _Edge:
    """The top (0) or bottom (the page's height) of a page, in pixels, and the page's usual letter size."""

    at: float
    height: float
    body: float

    def is_near(self, row: Row) -> bool:
        return max(abs(row.rect.y0 - self.at), abs(row.rect.y1 - self.at)) < _EDGE * self.height


def _is_edge_region(region: Region, height: float) -> bool:
    if region.kind not in (RegionKind.HEADER, RegionKind.FOOTER) or region.score < _LEAST_SCORE:
        return False
    return region.rect.y1 < _MODEL_EDGE * height or region.rect.y0 > (1 - _MODEL_EDGE) * height


def _is_letterhead(region: Region, lines: Iterable[SeenLine], body: float) -> bool:
    """Whether something in the region, or right beside it, is larger than the text."""
    band = region.rect.grown(body)
    beside = [line for line in lines if line.y1 > band.y0 and line.y0 < band.y1]
    return any(line.size > _LETTERHEAD * body and sum(map(str.isalpha, line.text)) > 2 for line in beside)


def _at_edge(rows: Sequence[Row], marked: Sequence[Region], edge: _Edge) -> list[Row]:
    """The furniture rows among ``rows``, which come from one edge inwards."""
    found: list[Row] = []
    for place, row in enumerate(rows[: _MOST_ROWS + 1]):
        inner = rows[place + 1 : place + 2]
        if not inner and not found:
            break
        by_model = any(share_inside(piece, region.rect) > _INSIDE for region in marked for piece in row.pieces)
        if not by_model and not (edge.is_near(row) and _is_furniture(row, inner, edge)):
            break
        found.append(row)
    return found


def _is_furniture(row: Row, inner: Sequence[Row], edge: _Edge) -> bool:
    gap = min((max(other.rect.y0 - row.rect.y1, row.rect.y0 - other.rect.y1) for other in inner), default=0.0)
    is_small_print = row.size < _SMALL_PRINT * edge.body and gap > _FAR * row.rect.height
    return is_small_print or (_has_number(row) and gap > _LEAST_GAP * row.rect.height)


def _has_number(row: Row) -> bool:
    """A page number alone, or at either end of a running head. A table's last row has numbers too, and few words."""
    if len(row.pieces) == 1:
        return is_page_number(row.text)
    words = sum(len(_WORD.findall(piece.text)) for piece in row.pieces)
    return words >= _LEAST_WORDS and (is_page_number(row.pieces[0].text) or is_page_number(row.pieces[-1].text))


def _furniture(row: Row, *, on_top: bool) -> list[Furniture]:
    """A row's parts that stand apart, its page number, if it has one, marked as such."""
    ends = {id(row.pieces[0]), id(row.pieces[-1])}
    number = next((piece for piece in row.pieces if id(piece) in ends and is_page_number(piece.text)), None)
    parts: list[list[SeenLine]] = []
    for piece in row.pieces:
        apart = not parts or piece is number or parts[-1][-1] is number
        if apart or piece.x0 - parts[-1][-1].x1 > _APART * row.rect.height:
            parts.append([])
        parts[-1].append(piece)
    return [Furniture(tuple(part), is_number=part[0] is number, on_top=on_top) for part in parts]

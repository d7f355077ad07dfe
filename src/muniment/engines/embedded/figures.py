"""Pictures and drawings."""

from collections.abc import Sequence

from muniment.engines.embedded.geometry import Rect, share_inside, shared_area
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import Mask
from muniment.text.scripts import is_wide

_LEAST_SCORE = 0.5
_INSIDE = 0.5
_LEAST_DRAWN = 0.4
_MOST_TEXT = 0.35
_MOST_PROSE = 4
_PROSE_LENGTH = 45
_WIDE_LENGTH = 3
"""A Chinese character says about as much as so many letters."""


def find_figures(regions: Sequence[Region], lines: Sequence[SeenLine], ink: Mask) -> list[Rect]:
    """Where pictures are: regions the model takes for figures that hold more drawing than text.

    The model takes whole receipts and forms for figures; they are not.
    """
    figures = [region.rect for region in regions if region.kind is RegionKind.FIGURE and region.score >= _LEAST_SCORE]
    return [rect for rect in figures if _is_drawing(rect, lines, ink)]


def _is_drawing(rect: Rect, lines: Sequence[SeenLine], ink: Mask) -> bool:
    inside = [line for line in lines if share_inside(line, rect) > _INSIDE]
    if not inside:
        return True
    text_area: float = sum(shared_area(line, rect) for line in inside)
    prose = sum(_length(line.text) >= _PROSE_LENGTH for line in inside)
    if text_area > _MOST_TEXT * rect.area or prose > _MOST_PROSE:
        return False
    part = ink[int(rect.y0) : int(rect.y1) + 1, int(rect.x0) : int(rect.x1) + 1] > 0
    drawn = part.copy()
    for line in inside:
        top, left = max(int(line.y0 - rect.y0), 0), max(int(line.x0 - rect.x0), 0)
        drawn[top : int(line.y1 - rect.y0) + 1, left : int(line.x1 - rect.x0) + 1] = False
    return int(drawn.sum()) > _LEAST_DRAWN * max(int(part.sum()), 1)


def _length(text: str) -> int:
    return sum(_WIDE_LENGTH if is_wide(character) else 1 for character in text)

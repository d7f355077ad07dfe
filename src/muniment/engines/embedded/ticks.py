"""Drawn boxes written into the text beside them, as ☐ and ☑."""

from collections.abc import Sequence
from dataclasses import replace

from muniment.engines.embedded.checkboxes import DRAWN, Tickbox, without_misread_box
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.splitting import letters_near, split_at
from muniment.text.scripts import is_wide

EMPTY, TICKED = "☐", "☑"
_REACH_RIGHT = 2.5
_REACH_LEFT = 6.0
_MOST_MISREAD = 3
_MOST_WIDTH = 2.2
"""Of the box's width."""


def with_ticks(lines: Sequence[SeenLine], boxes: Sequence[Tickbox], height: float) -> list[SeenLine]:
    """``lines``, each box's sign before the text it stands in front of.

    A line that runs over a box is divided there. A box with text only on its left becomes a piece of its own; a box
    with no text near it is left out, as it may be part of a drawing.

    Args:
        height: of a line of text in pixels.
    """
    marked = list(lines)
    for box in boxes:
        marked = _with_tick(marked, box, height)
    return marked


def _with_tick(lines: list[SeenLine], box: Tickbox, height: float) -> list[SeenLine]:
    if any(_is_letter_of(line, box) for line in lines):
        return lines
    others = [line for line in lines if not _is_box_itself(line, box)]
    beside = [place for place, line in enumerate(others) if _same_height(line, box)]
    over = [place for place in beside if others[place].x0 + height < box.rect.x0 < others[place].x1 - height / 2]
    for place in over:
        parts = split_at(others[place], [box.rect.x0])
        if len(parts) > 1:
            return [*others[:place], *parts[:-1], _marked(parts[-1], box), *others[place + 1 :]]
    after = [place for place in beside if _starts_after(others[place], box, height)]
    if after:
        place = min(after, key=lambda place: others[place].x0)
        return [*others[:place], _marked(others[place], box), *others[place + 1 :]]
    if any(-height <= box.rect.x0 - others[place].x1 <= _REACH_LEFT * height for place in beside):
        return [*others, _alone(box, height)]
    return lines


def _is_box_itself(line: SeenLine, box: Tickbox) -> bool:
    """Whether ``line`` is what the text reader took the box for."""
    short = len(line.text.strip()) <= _MOST_MISREAD and line.x1 - line.x0 <= _MOST_WIDTH * box.rect.width
    return short and _same_height(line, box) and box.rect.x0 <= (line.x0 + line.x1) / 2 <= box.rect.x1


def _is_letter_of(line: SeenLine, box: Tickbox) -> bool:
    """Whether the box is a letter of ``line``, which has a frame as 国 has: what was read there is no box's sign."""
    middle = (box.rect.x0 + box.rect.x1) / 2
    if not _same_height(line, box) or not line.x0 <= middle <= line.x1:
        return False
    letters = letters_near(line, middle)
    return DRAWN.isdisjoint(letters) and any(map(is_wide, letters))


def _same_height(line: SeenLine, box: Tickbox) -> bool:
    middle = (box.rect.y0 + box.rect.y1) / 2
    return line.y0 <= middle <= line.y1


def _starts_after(line: SeenLine, box: Tickbox, height: float) -> bool:
    """Whether the text begins right of the box, or with the box itself taken for a letter."""
    return box.rect.x0 - height / 2 <= line.x0 <= box.rect.x1 + _REACH_RIGHT * height


def _marked(line: SeenLine, box: Tickbox) -> SeenLine:
    text = without_misread_box(line.text) if line.x0 < box.rect.x1 else line.text
    return replace(line, text=f"{_sign(box)} {text}", x0=min(line.x0, box.rect.x0))


def _alone(box: Tickbox, height: float) -> SeenLine:
    rect = box.rect
    return SeenLine(_sign(box), rect.x0, rect.y0, rect.x1, rect.y1, 1.0, 0.6 * height)


def _sign(box: Tickbox) -> str:
    return TICKED if box.ticked else EMPTY

"""Little squares to tick, which the text reader does not see."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.ruling import Mask, connected_boxes

_LEAST_SIDE, _MOST_SIDE = 0.62, 1.7
"""Of a line's height; the rest are shares of the box's own side."""
_SQUARE = 0.8
_FRAME = 0.75
_DRAWN_SIDE = 0.9
_EDGE = 0.22
_QUIET_STRIP = 0.35
_TOUCHED_ROWS = 0.25
_TICKED_INK = 0.08
_SOLID_INK = 0.6

_EMPTY = "☐❏❐❑❒□▢\uf06f\uf0a8\uf071"
_TICKED = "☑☒✅🗹🗵\uf0fe\uf0fd\uf052\uf053\uf078"
DRAWN = frozenset("口囗□☐☑☒■▣×√冈凶")
"""What the text reader may take a drawn box for, and that is seldom in running text."""
_MISREAD = DRAWN | frozenset(["O", "0", "D", "L", "[]", "[x]", "[X]", "X", "x", "V", "v", "区", "回", "日", "図"])


@dataclass(frozen=True, slots=True)
class Tickbox:
    """A square on the page, and whether something is drawn in it."""

    rect: Rect
    ticked: bool


def find_tickboxes(ink: Mask, height: float) -> list[Tickbox]:
    """Hollow squares about as high as a line of text, top to bottom.

    Args:
        ink: mask (height, width), 255 on ink.
        height: of a line of text in pixels.
    """
    # Thick enough that a thin line which slants or fades by a pixel is still one stroke.
    bold = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    length = max(5, int(0.65 * _LEAST_SIDE * height))
    across = np.asarray(cv2.morphologyEx(bold, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)
    down = np.asarray(cv2.morphologyEx(bold, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)), np.uint8)
    strokes = np.asarray(cv2.bitwise_or(across, down), np.uint8)
    candidates = [box for box in connected_boxes(strokes) if _is_square(box[2], box[3], height)]
    frames = [frame for place in candidates if (frame := _frame(across, down, *place)) is not None]
    boxes = [
        _tickbox(ink, np.asarray(bold, np.uint8), *frame)
        for frame in frames
        if _is_square(frame[2] - 2, frame[3] - 2, height)
    ]
    return sorted((box for box in boxes if box is not None), key=lambda box: (box.rect.y0, box.rect.x0))


def _is_square(width: int, tall: int, height: float) -> bool:
    shorter, longer = sorted((width, tall))
    return _LEAST_SIDE * height <= shorter and longer <= _MOST_SIDE * height and shorter >= _SQUARE * longer


def _frame(across: Mask, down: Mask, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int] | None:
    """A square without what sticks out of its frame, such as the end of a tick; None if it has no frame."""
    rows = np.flatnonzero((across[y : y + height, x : x + width] > 0).mean(axis=1) >= _FRAME)
    columns = np.flatnonzero((down[y : y + height, x : x + width] > 0).mean(axis=0) >= _FRAME)
    if not rows.size or not columns.size:
        return None
    left, top = x + int(columns[0]), y + int(rows[0])
    return left, top, int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def _tickbox(ink: Mask, bold: Mask, x: int, y: int, width: int, height: int) -> Tickbox | None:
    square, thin = (mask[y : y + height, x : x + width] > 0 for mask in (bold, ink))
    edge = max(2, round(_EDGE * min(width, height)))
    sides = (square[:edge], square[-edge:], square[:, :edge].T, square[:, -edge:].T)
    corners = (thin[:edge, :edge], thin[:edge, -edge:], thin[-edge:, :edge], thin[-edge:, -edge:])
    if not all(corner.any() for corner in corners):
        return None
    if min(map(_longest_stroke, sides)) < _DRAWN_SIDE or not _stands_alone(ink, x, y, width, height):
        return None
    inner = thin[edge:-edge, edge:-edge]
    filled = float(inner.mean()) if inner.size else 1.0
    if filled > _SOLID_INK:
        return None
    return Tickbox(Rect(float(x), float(y), float(x + width), float(y + height)), filled >= _TICKED_INK)


def _longest_stroke(side: NDArray[np.bool_]) -> float:
    """How much of a side (rows along it) the longest straight stroke takes; it may slant by a pixel."""
    pairs = side[:-1] | side[1:]
    return float(pairs.mean(axis=1).max())


def _stands_alone(ink: Mask, x: int, y: int, width: int, height: int) -> bool:
    """Whether no letter is near on the left or right; the end of a tick may be. What letters enclose is no box."""
    gap = max(2, round(_QUIET_STRIP * width))
    left, right = ink[y : y + height, max(0, x - gap) : x], ink[y : y + height, x + width : x + width + gap]
    return all(strip.size == 0 or float(strip.any(axis=1).mean()) < _TOUCHED_ROWS for strip in (left, right))


def split_tick(text: str) -> tuple[bool | None, str]:
    """Whether ``text`` begins with a box's character, and the rest: ticked, not ticked, or None for no box."""
    stripped = text.lstrip()
    for characters, ticked in ((_EMPTY, False), (_TICKED, True)):
        if stripped[:1] in characters and stripped:
            return ticked, stripped[1:].lstrip()
    return None, text


def without_misread_box(text: str) -> str:
    """``text`` less the letter or sign at its start that a drawn box was taken for."""
    head, space, rest = text.partition(" ")
    return rest if space and head in _MISREAD else text

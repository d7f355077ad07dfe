"""Little squares to tick, which the text reader does not see."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.ruling import Mask

_LEAST_SIDE, _MOST_SIDE = 0.5, 1.7
"""Of a line's height."""
_SQUARE = 0.8
_DRAWN_SIDE = 0.8
_TICKED_INK = 0.08
_SOLID_INK = 0.85
_QUIET_INK = 0.25

_EMPTY = "☐❏❐❑❒□▢\uf06f\uf0a8\uf071"
_TICKED = "☑☒✅🗹🗵\uf0fe\uf0fd\uf052\uf053\uf078"
_MISREAD = frozenset(
    [
        "口",
        "□",
        "☐",
        "☑",
        "☒",
        "O",
        "0",
        "D",
        "[]",
        "[x]",
        "[X]",
        "X",
        "x",
        "√",
        "V",
        "v",
        "区",
        "回",
        "凶",
        "囗",
        "日",
        "図",
        "×",
        "■",
        "▣",
    ]
)


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
    length = max(5, int(_LEAST_SIDE * height * 0.8))
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    strokes = cv2.dilate(cv2.bitwise_or(across, down), np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    boxes = [_tickbox(ink, x, y, w, h) for x, y, w, h in _squares(np.asarray(stats[1:], np.int32), height)]
    return sorted((box for box in boxes if box is not None), key=lambda box: (box.rect.y0, box.rect.x0))


def _squares(stats: NDArray[np.int32], height: float) -> list[tuple[int, int, int, int]]:
    wide, tall = stats[:, 2], stats[:, 3]
    low, high = _LEAST_SIDE * height, _MOST_SIDE * height
    fits = (np.minimum(wide, tall) >= low) & (np.maximum(wide, tall) <= high)
    fits &= np.minimum(wide, tall) >= _SQUARE * np.maximum(wide, tall)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in stats[fits][:, :4]]


def _tickbox(ink: Mask, x: int, y: int, width: int, height: int) -> Tickbox | None:
    square = ink[y : y + height, x : x + width] > 0
    edge = max(3, round(0.22 * min(width, height)))
    sides = (
        square[:edge].any(axis=0),
        square[-edge:].any(axis=0),
        square[:, :edge].any(axis=1),
        square[:, -edge:].any(axis=1),
    )
    if min(float(side.mean()) for side in sides) < _DRAWN_SIDE or not _stands_alone(ink, x, y, width, height):
        return None
    if not _has_straight_sides(square, edge):
        return None
    inner = square[edge:-edge, edge:-edge]
    filled = float(inner.mean()) if inner.size else 1.0
    if filled > _SOLID_INK:
        return None
    return Tickbox(Rect(float(x), float(y), float(x + width), float(y + height)), filled >= _TICKED_INK)


def _has_straight_sides(square: NDArray[np.bool_], edge: int) -> bool:
    """Whether each side has one straight stroke (up to two pixels thick counted together) along most of it."""
    bands = (square[:edge], square[-edge:], square[:, :edge].T, square[:, -edge:].T)
    return all(_longest_stroke(band) >= _DRAWN_SIDE * band.shape[1] * 0.9 for band in bands)


def _longest_stroke(band: NDArray[np.bool_]) -> int:
    pairs = band[:-1] | band[1:]
    return int(pairs.sum(axis=1).max())


def _stands_alone(ink: Mask, x: int, y: int, width: int, height: int) -> bool:
    """Whether the strips left and right of it are empty but for the ends of a tick."""
    gap = max(2, width // 5)
    left = ink[y : y + height, max(0, x - gap) : x]
    right = ink[y : y + height, x + width : x + width + gap]
    return all(strip.size == 0 or float((strip > 0).mean()) < _QUIET_INK for strip in (left, right))


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

"""Where text is: the detection model, and boxes out of its map."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.runtime import Session

Quads = NDArray[np.float32]
"""Shape (n, 4, 2): corners in pixels, from the text's own top left, clockwise."""

_STRIDE = 32
_TEXT = 0.3
"""A pixel this probable belongs to text."""
_BOX = 0.5
"""A box whose pixels are this probable on average is kept."""
_LEVEL_STEP, _SUREST = 0.2, 0.7
"""A region that is no box is cut again at levels higher by this, up to that."""
_GROWTH = 1.6
"""The model marks the core of each line; boxes grow by this times area over perimeter."""
_LEAST_CORE = 3
_AREA = 1_000_000
"""Pixels of the page as the model sees it, when its sides are alike."""
_SHORT_SIDE = 736
_TILE = 1_600
_OVERLAP = 128
TALL = 1.5
"""A box this much taller than wide holds text that runs down."""


def seen_scale(height: int, width: int) -> float:
    """By how much a page is scaled for the model."""
    short = min(height, width)
    fitting = math.sqrt(_AREA / (height * width))
    return min(max(fitting, _SHORT_SIDE / short), 2.0)


def tiles(length: int) -> Iterator[tuple[int, int, int, int]]:
    """Cuts a side of ``length`` pixels: (from, to) as the model sees it, and (from, to) of what is kept of that."""
    count = max(1, -(-(length - _OVERLAP) // (_TILE - _OVERLAP)))
    edges = [round(length * part / count) for part in range(count + 1)]
    for start, end in pairwise(edges):
        yield max(0, start - _OVERLAP // 2), min(length, end + _OVERLAP // 2), start, end


def boxes_of(text: NDArray[np.float32]) -> Quads:
    """Rectangles around the text in a map of probabilities, in the map's pixels."""
    mask = cv2.dilate((text > _TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    return np.array(list(_boxes_in(mask, text, _TEXT)), np.float32).reshape(-1, 4, 2)


def _boxes_in(mask: NDArray[Any], text: NDArray[np.float32], level: float) -> Iterator[NDArray[np.float32]]:
    """Boxes of a mask's regions; what is no line as a whole (a scribble grown into one) is tried again in parts."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_CORE:
            continue
        corners = cv2.boxPoints((centre, (width, height), angle))
        if _mean_inside(text, corners) >= _BOX:
            growth = _GROWTH * width * height / (width + height)
            yield ordered(cv2.boxPoints((centre, (width + growth, height + growth), angle)))
        elif level < _SUREST:
            inside = np.zeros(text.shape, np.uint8)
            cv2.drawContours(inside, [contour], -1, 1, cv2.FILLED)
            parts = inside & (text > level + _LEVEL_STEP)
            yield from _boxes_in(parts, text, level + _LEVEL_STEP)


def _mean_inside(text: NDArray[np.float32], corners: NDArray[Any]) -> float:
    limits = np.array(text.shape[::-1]) - 1
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, limits)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, limits)
    inside = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(inside, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(text[low[1] : high[1] + 1, low[0] : high[0] + 1], inside)[0])


def ordered(corners: NDArray[Any]) -> NDArray[np.float32]:
    """The four corners clockwise from the top left."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def sides(quads: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Widths and heights, each of shape (n,)."""
    widths = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return widths, heights


def runs_down(quads: Quads) -> NDArray[np.bool_]:
    """Which boxes are so tall that their text runs down (or lies on its side)."""
    widths, heights = sides(quads)
    return np.asarray(heights >= TALL * widths)


def longest(quads: Quads, count: int) -> Quads:
    """The ``count`` longest boxes, longest first."""
    lengths = np.maximum(*sides(quads))
    return quads[np.argsort(-lengths, kind="stable")[:count]]


class Detector:
    """Finds text. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._session = Session("detection", threads)

    def find(self, pixels: NDArray[np.uint8]) -> Quads:
        """Boxes around pieces of text lines.

        Args:
            pixels: shape (height, width, 3), RGB.
        """
        height, width = pixels.shape[:2]
        if min(height, width) < _LEAST_CORE:
            return np.empty((0, 4, 2), np.float32)
        scale = seen_scale(height, width)
        seen = _resized(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
        quads = boxes_of(self._text_map(seen)) * np.array([width / seen.shape[1], height / seen.shape[0]], np.float32)
        quads = np.clip(quads, 0, np.array([width, height], np.float32))
        widths, heights = sides(quads)
        return quads[(widths > _LEAST_CORE) & (heights > _LEAST_CORE)]

    def _text_map(self, seen: NDArray[np.uint8]) -> NDArray[np.float32]:
        text = np.zeros(seen.shape[:2], np.float32)
        for top, bottom, y0, y1 in tiles(seen.shape[0]):
            for left, right, x0, x1 in tiles(seen.shape[1]):
                tile = self._text_in(seen[top:bottom, left:right])
                text[y0:y1, x0:x1] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
        return text

    def _text_in(self, tile: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = tile.shape[:2]
        padded = cv2.copyMakeBorder(tile, 0, -height % _STRIDE, 0, -width % _STRIDE, cv2.BORDER_REPLICATE)
        batch = cv2.dnn.blobFromImage(padded, 1 / 127.5, mean=(127.5,) * 3, swapRB=True)
        return np.asarray(self._session.run(np.asarray(batch, np.float32))[0][0, 0, :height, :width])


def _resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    shrinking = height < pixels.shape[0]
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)

"""Regions of a page, as a small detector trained on papers sees them (PicoDet, CDLA's ten kinds)."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.geometry import Rect, shared_area
from muniment.engines.embedded.runtime import Session

_HEIGHT, _WIDTH = 800, 608
_STRIDES = (8, 16, 32, 64)
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255
_LEAST_SCORE = 0.4
_SAME_KIND_OVERLAP = 0.5
_ANY_KIND_OVERLAP = 0.7


class RegionKind(StrEnum):
    """What the model tells apart, in the order of its outputs."""

    TEXT = "text"
    TITLE = "title"
    FIGURE = "figure"
    FIGURE_CAPTION = "figure caption"
    TABLE = "table"
    TABLE_CAPTION = "table caption"
    HEADER = "header"
    FOOTER = "footer"
    REFERENCE = "reference"
    EQUATION = "equation"


_KINDS = tuple(RegionKind)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page: what it is, where (pixels), and how sure the model is (0 to 1)."""

    kind: RegionKind
    rect: Rect
    score: float


class LayoutModel:
    """Finds regions. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._session = Session("layout", threads)

    def find(self, pixels: NDArray[np.uint8]) -> tuple[Region, ...]:
        """The page's regions, surest first.

        Args:
            pixels: shape (height, width, 3), RGB, upright.
        """
        if pixels.size == 0:
            return ()
        resized = cv2.resize(pixels, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
        batch = ((resized.astype(np.float32) - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        outputs = self._session.run(np.ascontiguousarray(batch))
        levels = len(_STRIDES)
        boxes, scores = _candidates(outputs[:levels], outputs[levels:])
        height, width = pixels.shape[:2]
        boxes = np.clip(boxes / np.array([_WIDTH, _HEIGHT] * 2), 0, 1) * np.array([width, height] * 2)
        return _without_doubles(boxes, scores)


def _candidates(
    scores: list[NDArray[np.float32]], distances: list[NDArray[np.float32]]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Boxes (n, 4) in pixels of the model's input and scores (n, kinds), where any kind is likely enough."""
    found_boxes, found_scores = [], []
    for stride, level_scores, level_distances in zip(_STRIDES, scores, distances, strict=True):
        likely = np.flatnonzero(level_scores[0].max(axis=1) >= _LEAST_SCORE)
        across = -(-_WIDTH // stride)
        centres = np.stack([likely % across + 0.5, likely // across + 0.5], axis=1) * stride
        sides = _expected_distance(level_distances[0][likely]) * stride
        found_boxes.append(np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1))
        found_scores.append(level_scores[0][likely])
    return np.concatenate(found_boxes), np.concatenate(found_scores)


def _expected_distance(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distances (n, 4) in strides: the mean of the distribution that the model gives for each side."""
    bins = logits.reshape(len(logits), 4, logits.shape[1] // 4).astype(np.float64)
    weights = np.exp(bins - bins.max(axis=2, keepdims=True))
    return np.asarray((weights * np.arange(bins.shape[2])).sum(axis=2) / weights.sum(axis=2))


def _without_doubles(boxes: NDArray[np.float64], scores: NDArray[np.float32]) -> tuple[Region, ...]:
    order = np.argsort(-scores.max(axis=1), kind="stable")
    kept: list[Region] = []
    for place in order:
        kind = _KINDS[int(scores[place].argmax())]
        region = Region(kind, Rect(*(float(side) for side in boxes[place])), float(scores[place].max()))
        if region.rect.area > 0 and not any(_doubles(region, other) for other in kept):
            kept.append(region)
    return tuple(kept)


def _doubles(region: Region, other: Region) -> bool:
    shared = shared_area(region.rect, other.rect)
    union = region.rect.area + other.rect.area - shared
    limit = _SAME_KIND_OVERLAP if region.kind == other.kind else _ANY_KIND_OVERLAP
    return shared > limit * union

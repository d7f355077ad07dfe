"""How a page lies: turned by quarters, or skewed by a few degrees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.detection import Quads, sides
from muniment.engines.embedded.runtime import Session

_SEEN = 224
_SEEN_SHARE = 0.875
"""Of a page's short side, the square in the middle that the model sees."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
SURE = 0.75
"""An opinion so probable needs no confirmation: 51 upright pages got 0.8 or more, blank ones and photos under 0.5."""
_LEAST_LEAD = 4
"""A page is turned if so many more letters read clearly then: by a word, not by a digit that reads either way up."""
_LEAST_SKEW = 0.3
_MOST_SKEW = 15.0
_LONG = 5.0
"""Boxes so many times wider than tall tell the skew."""


class TurnFinder:
    """Tells by which quarter turn a page lies. Holds state: one a worker."""

    def __init__(self, threads: int) -> None:
        self._session = Session("orientation", threads)

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How probable it is that the page was turned clockwise by 0, 90, 180 and 270 degrees; shape (4,)."""
        height, width = pixels.shape[:2]
        side = max(round(min(height, width) * _SEEN_SHARE), 1)
        top, left = (height - side) // 2, (width - side) // 2
        square = pixels[top : top + side, left : left + side]
        shrinking = cv2.INTER_AREA if side > _SEEN else cv2.INTER_LINEAR
        crop = cv2.resize(square, (_SEEN, _SEEN), interpolation=shrinking) / np.float32(255)
        batch = ((crop - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        return np.asarray(self._session.run(batch)[0][0])


def quarters_to_turn(clear: NDArray[np.int64]) -> int:
    """By how many quarters clockwise to turn a page; none unless its letters say so.

    Args:
        clear: how many letters read clearly after turning it by 0, 1, 2 and 3 quarters; shape (4,).
    """
    best = int(np.argmax(clear))
    return best if clear[best] - clear[0] >= _LEAST_LEAD else 0


def turned(pixels: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """The page turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90))


def skew_of(quads: Quads) -> float:
    """The slant of the lines in degrees, clockwise positive; 0 where it is too little or too much to be one."""
    widths, heights = sides(quads)
    long = widths >= _LONG * heights
    if long.sum() < 3:
        return 0.0
    along = quads[long, 1] - quads[long, 0]
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    order = np.argsort(angles, kind="stable")
    reach = np.cumsum(widths[long][order])
    skew = float(angles[order][np.searchsorted(reach, reach[-1] / 2)])
    return skew if _LEAST_SKEW <= abs(skew) <= _MOST_SKEW else 0.0


def straightening(height: int, width: int, skew: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The affine map (2, 3) that takes ``skew`` degrees out of a page, and the (height, width) it then needs."""
    warp = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    cos, sin = abs(warp[0, 0]), abs(warp[0, 1])
    new_width, new_height = round(width * cos + height * sin), round(height * cos + width * sin)
    warp[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    return np.asarray(warp), (new_height, new_width)


def straightened(pixels: NDArray[np.uint8], skew: float) -> NDArray[np.uint8]:
    """The page with ``skew`` degrees taken out, grown so that nothing is cut off."""
    if skew == 0.0:
        return pixels
    warp, (height, width) = straightening(pixels.shape[0], pixels.shape[1], skew)
    straight = cv2.warpAffine(pixels, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(straight, np.uint8)

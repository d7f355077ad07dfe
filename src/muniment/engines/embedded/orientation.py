"""How a page lies: turned by quarters, or skewed by a few degrees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.detection import Quads, sides
from muniment.engines.embedded.runtime import Session

_SHORT_SIDE = 256
_CROP = 224
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
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
        scale = _SHORT_SIDE / min(height, width)
        size = (max(round(width * scale), _CROP), max(round(height * scale), _CROP))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        top, left = (small.shape[0] - _CROP) // 2, (small.shape[1] - _CROP) // 2
        crop = small[top : top + _CROP, left : left + _CROP] / np.float32(255)
        batch = ((crop - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        return np.asarray(self._session.run(batch)[0][0])


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

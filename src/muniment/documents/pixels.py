"""From what image files hold (any depth, any colour model) to what a page image holds (8-bit grey or RGB)."""

from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_WHITE_LEVELS = (255, 4_095, 65_535)
"""White in 8, 12 and 16 bits; scanners and cameras store 12-bit values in 16-bit files as they are."""

_SHORTEST_INCHES = 0.5
_LONGEST_INCHES = 60.0
_LEAST_DPI = 50.0
_MOST_DPI = 2_400.0


def grey_or_rgb(image: Image.Image) -> Image.Image:
    """A decoded image in mode "L" or "RGB"; white where it is transparent, more than 8 bits scaled and not clipped."""
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(image))
    if image.has_transparency_data:
        return _on_white(image)
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "LAB":
        return image.getchannel("L")
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    paper = Image.new("RGB", layer.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Grey values of any depth as 0 to 255."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > _WHITE_LEVELS[-1]:
        values, white = values - low, high - low
    elif image.mode == "F" and high <= 1:
        white = 1.0
    else:
        white = float(next(level for level in _WHITE_LEVELS if high <= level))
    grey: NDArray[np.uint8] = np.rint(values * (255.0 / white)).astype(np.uint8)
    return np.invert(grey) if _is_white_zero(image) else grey


def _is_white_zero(image: Image.Image) -> bool:
    """Pillow turns such values round itself up to 8 bits only."""
    return isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def rgb_array(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an "L" or "RGB" image; shape (height, width, 3)."""
    return np.array(image.convert("RGB"))


def is_uniform(image: Image.Image) -> bool:
    """Whether all pixels are the same."""
    extrema = image.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in bands)


def stated_resolution(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch across and along as the file states them, if that is a pair of numbers above zero."""
    dpi: Any = image.info.get("dpi")
    if not _is_pair(dpi):
        return None
    across, along = float(dpi[0]), float(dpi[1])
    return (across, along) if 0 < across < float("inf") and 0 < along < float("inf") else None


def _is_pair(value: Any) -> TypeGuard[tuple[float, float]]:
    try:
        return len(value) == 2 and float(value[0]) == float(value[0]) and float(value[1]) == float(value[1])
    except (TypeError, ValueError, ArithmeticError):
        return False


def square_factors(stated: tuple[float, float] | None) -> tuple[float, float]:
    """By how much to stretch across and along so that pixels become square: faxes have half the lines."""
    if stated is None:
        return 1.0, 1.0
    across, along = stated
    ratio = across / along
    if not 1.1 < max(ratio, 1 / ratio) < 4.5:
        return 1.0, 1.0
    return (1.0, ratio) if ratio > 1 else (1 / ratio, 1.0)


def plausible_dpi(stated: tuple[float, float] | None, width: int, height: int) -> float | None:
    """The resolution an image file states, if a sheet of paper comes of it; the finer one of both directions."""
    if stated is None:
        return None
    across, along = stated
    sides = sorted((width / across, height / along))
    dpi = max(stated)
    if sides[0] < _SHORTEST_INCHES or sides[1] > _LONGEST_INCHES or not _LEAST_DPI <= dpi <= _MOST_DPI:
        return None
    return dpi

"""What a scanner does to paper: slant, blur, uneven light, noise, dust."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def slanted(image: Image.Image, degrees: float, paper: int = 255) -> Image.Image:
    """``image`` turned clockwise by a few degrees, at the same size."""
    return image.rotate(-degrees, resample=Image.Resampling.BICUBIC, fillcolor=paper)


def scanned(image: Image.Image, seed: int, blur: float, noise: float, shade: float) -> Image.Image:
    """A grey scan: ``blur`` in pixels, ``noise`` and ``shade`` (darker towards one corner) in grey levels."""
    random = np.random.default_rng(seed)
    soft = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(blur)), dtype=np.float64)
    height, width = soft.shape
    fall = np.linspace(0, shade, width)[None, :] * np.linspace(0.3, 1, height)[:, None]
    ink_faded = 40 + soft * (247 - 40) / 255
    return _grey(ink_faded - fall + random.normal(0, noise, soft.shape))


def bitonal(image: Image.Image, seed: int, specks: int) -> Image.Image:
    """A black and white scan, ragged at the edges of letters, with dust on the glass."""
    random = np.random.default_rng(seed)
    grey = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float64)
    black = grey + random.normal(0, 14, grey.shape) < 150
    height, width = black.shape
    for x, y, size in zip(
        random.integers(0, width - 3, specks),
        random.integers(0, height - 3, specks),
        random.integers(1, 4, specks),
        strict=True,
    ):
        black[y : y + size, x : x + size] = True
    return Image.fromarray(np.where(black, 0, 255).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)


def _grey(levels: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(levels.clip(0, 255).round().astype(np.uint8))

"""A page as a model is to see it: upright, sized, cut if need be, encoded. Runs inside a worker."""

import base64
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.documents import Document, PageImage, is_blank
from muniment.engines import Engine
from muniment.engines.image import EncodedImage, ImageLimits
from muniment.errors import PageError
from muniment.reading.data import PageReading, PageStatus
from muniment.reading.page import read_page, usable_text
from muniment.reading.wire import Method, PageRead, PageRequest, Pictured, PictureRequest
from muniment.text import Flag

_OVERLAP = 0.08
"""Of the page's height, how much two neighbouring bands share: several lines."""


class Righter(Protocol):
    """Tells how a page lies."""

    def turn_of(self, pixels: NDArray[np.uint8]) -> int:
        """Degrees clockwise (0, 90, 180, 270) that set a page of shape (height, width, 3) upright."""
        ...


def picture_page(
    document: Document, request: PictureRequest, engine: Callable[[], Engine], righter: Callable[[], Righter]
) -> PageRead | Pictured:
    """The page as pictures, or read by its own text if that may be used and is sane.

    Args:
        engine: gives the engine that makes blocks of a page's own text; called only if there is some.
        righter: gives what tells how a page lies; called only for pages that are looked at.

    Raises:
        PageError, LimitExceeded, EngineError: it cannot be done.
    """
    started = time.perf_counter()
    page = document.page(request.number)
    text = usable_text(page, request.use)
    if text.layer is not None or Flag.NO_TEXT_LAYER in text.flags:
        own = PageRequest(request.document, request.number, request.use, Method.BEST, request.threads)
        return PageRead(read_page(document, own, engine))
    image = page.render(request.limits.longest_side * request.bands)
    flags = set(text.flags) | ({Flag.DAMAGED} if image.damaged else set())
    blank, rotation = is_blank(image.pixels), 0
    if blank:
        flags.add(Flag.BLANK)
    else:
        rotation = righter().turn_of(image.pixels)
    if rotation:
        flags.add(Flag.ROTATED)
    turned = rotation in (90, 270)
    reading = PageReading(
        number=page.number,
        status=PageStatus.READ,
        width=page.height if turned else page.width,
        height=page.width if turned else page.height,
        unit=page.unit,
        rotation=rotation,
        flags=tuple(sorted(flags)),
        seconds=time.perf_counter() - started,
    )
    bands = () if blank and not request.shows_blank else _bands(image, rotation, request.bands)
    return Pictured(reading, tuple(encode(fit(band, request.limits), request.limits) for band in bands))


def _bands(image: PageImage, rotation: int, count: int) -> list[NDArray[np.uint8]]:
    """The upright page in ``count`` parts, each sharing its edges with the next."""
    pixels = np.rot90(image.pixels, -rotation // 90)
    height = pixels.shape[0]
    overlap = round(_OVERLAP * height) if count > 1 else 0
    edges = [round(height * part / count) for part in range(count + 1)]
    return [np.ascontiguousarray(pixels[max(top - overlap, 0) : bottom]) for top, bottom in pairwise(edges)]


def encode(pixels: NDArray[np.uint8], limits: ImageLimits) -> EncodedImage:
    """An image (height, width, 3) in the format and quality of ``limits``. Raises PageError."""
    options = [cv2.IMWRITE_JPEG_QUALITY, limits.quality] if limits.format == "jpeg" else []
    done, data = cv2.imencode(f".{limits.format}", pixels[..., ::-1], options)
    if not done:
        raise PageError("The page's image could not be encoded")
    height, width = pixels.shape[:2]
    return EncodedImage(base64.b64encode(data.tobytes()).decode(), f"image/{limits.format}", width, height)


def fit(pixels: NDArray[np.uint8], limits: ImageLimits) -> NDArray[np.uint8]:
    """An image (height, width, 3) scaled down into ``limits``, its sides filled up with white to whole multiples."""
    height, width = pixels.shape[:2]
    scale = min(1.0, limits.longest_side / max(height, width), (limits.most_pixels / (height * width)) ** 0.5)
    step = limits.multiple
    if scale < 1.0:
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = pixels.shape[:2]
    below, right = -height % step, -width % step
    filled = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.asarray(filled, np.uint8)

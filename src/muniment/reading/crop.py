"""Pieces of a page, cut out as they were seen when it was read. Runs inside a worker."""

import numpy as np
from numpy.typing import NDArray

from muniment.documents import Document
from muniment.engines.embedded.orientation import straightened
from muniment.engines.image import EncodedImage, ImageLimits
from muniment.reading.picture import encode
from muniment.reading.wire import Cropped, CropRequest
from muniment.text import Box

_LIMITS = ImageLimits()
"""Whose format and quality pieces are encoded in; they are as large as they are."""


def crop_page(document: Document, request: CropRequest) -> Cropped:
    """The pieces in ``request.boxes``, in that order. Raises PageError, LimitExceeded."""
    image = document.page(request.number).render(request.longest_side)
    upright = np.ascontiguousarray(np.rot90(image.pixels, -request.rotation // 90))
    pixels = straightened(upright, request.skew)
    return Cropped(request.number, tuple(_piece(pixels, box) for box in request.boxes))


def _piece(pixels: NDArray[np.uint8], box: Box) -> EncodedImage:
    height, width = pixels.shape[:2]
    left, top = min(round(box.x0 * width), width - 1), min(round(box.y0 * height), height - 1)
    right, bottom = max(round(box.x1 * width), left + 1), max(round(box.y1 * height), top + 1)
    return encode(np.ascontiguousarray(pixels[top:bottom, left:right]), _LIMITS)

"""One attempt at one page, inside a worker."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from muniment.documents import Document, Page, PageImage, TextLayer
from muniment.engines import Engine, PageContent
from muniment.errors import PageError
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.options import TextLayerUse
from muniment.reading.wire import Method, PageRequest
from muniment.text import Box, Flag, Line, Paragraph

REDUCED_SIDE = 1600
"""Longer side in pixels of the image that a reduced attempt looks at."""


@dataclass(frozen=True, slots=True)
class Text:
    """The text layer as far as it is to be used, and what to remark about it."""

    layer: TextLayer | None
    flags: frozenset[Flag] = frozenset()


def read_page(document: Document, request: PageRequest, engine: Callable[[], Engine]) -> PageReading:
    """Read page ``request.number`` the way ``request.method`` says.

    Args:
        engine: gives the engine; called only if the page has to be looked at.

    Raises:
        PageError, LimitExceeded, EngineError: the attempt failed.
    """
    started = time.perf_counter()
    page = document.page(request.number)
    text = usable_text(page, request.use)
    if request.method is Method.PLAIN:
        content, method, flags = _plain(page, text), "text layer, plain", text.flags
    elif text.layer is None and request.use is TextLayerUse.ONLY:
        content, method, flags = PageContent(blocks=()), "text layer", text.flags
    else:
        image = page.render()
        if request.method is Method.REDUCED:
            image = _reduced(image)
        content = engine().read(image, text.layer)
        method = "ocr" if text.layer is None else "text layer"
        flags = text.flags | ({Flag.DAMAGED} if image.damaged else frozenset())
    return _reading(page, content, flags, Attempt("embedded", method), request.method, time.perf_counter() - started)


def usable_text(page: Page, use: TextLayerUse) -> Text:
    """The page's own text as far as ``use`` and its sanity let it be used. Raises PageError."""
    if use is TextLayerUse.NEVER:
        return Text(None)
    layer = page.text_layer()
    if use is TextLayerUse.ONLY:
        if layer is None or not layer.lines:
            return Text(None, frozenset({Flag.NO_TEXT_LAYER}))
        return Text(layer)
    if layer is None or not layer.lines:
        return Text(None)
    if layer.distrust:
        return Text(None, frozenset({Flag.TEXT_LAYER_REFUSED}))
    return Text(layer)


def _plain(page: Page, text: Text) -> PageContent:
    if text.layer is None:
        raise PageError(f"Page {page.number} has no text layer to fall back to")
    blocks = []
    for piece in text.layer.lines:
        box = Box(*(round(value, 5) for value in (piece.x0, piece.y0, piece.x1, piece.y1)))
        blocks.append(Paragraph(text=piece.text, box=box, lines=(Line(piece.text, box, 1.0),)))
    return PageContent(blocks=tuple(blocks), flags=frozenset({Flag.TEXT_LAYER}))


def _reduced(image: PageImage) -> PageImage:
    scale = REDUCED_SIDE / max(image.width, image.height)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    pixels = cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return PageImage(pixels, None if image.dpi is None else image.dpi * scale, damaged=image.damaged)


def _reading(
    page: Page, content: PageContent, flags: frozenset[Flag], attempt: Attempt, method: Method, seconds: float
) -> PageReading:
    fell_back = method is not Method.BEST or Flag.DAMAGED in flags
    turned = content.rotation in (90, 270)
    remarks = content.flags | flags | ({Flag.FALLBACK} if fell_back else set())
    return PageReading(
        number=page.number,
        status=PageStatus.FALLBACK if fell_back else PageStatus.READ,
        width=round((page.height if turned else page.width) * content.grown[0], 2),
        height=round((page.width if turned else page.height) * content.grown[1], 2),
        unit=page.unit,
        rotation=content.rotation,
        skew=content.skew,
        blocks=content.blocks,
        flags=tuple(sorted(remarks)),
        attempts=(attempt,),
        seconds=seconds,
    )

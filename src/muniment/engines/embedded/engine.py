"""The embedded engine: reads a page on the CPU, with no help from outside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muniment.documents import PageImage, TextLayer, is_blank
from muniment.engines.base import PageContent
from muniment.engines.embedded.assembly import blocks_of
from muniment.engines.embedded.layout import LayoutModel
from muniment.engines.embedded.letters import LetterReader
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.parts import PageSorter
from muniment.engines.embedded.sheet import Sheet
from muniment.engines.embedded.typography import measured
from muniment.text import Flag

_LOW_SCORE = 0.8
"""A page whose letters are read with less on average is flagged."""
_POINTS_AN_INCH = 72


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """An upright page and its lines, wherever they come from."""

    pixels: NDArray[np.uint8]
    lines: tuple[SeenLine, ...]
    rotation: int = 0
    skew: float = 0.0


class EmbeddedEngine:
    """Reads a page on the CPU. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    name = "embedded"

    def __init__(self, threads: int) -> None:
        self._letters = LetterReader(threads)
        self._layout = LayoutModel(threads)
        self._sorter = PageSorter(threads)

    def read(self, image: PageImage, text_layer: TextLayer | None = None) -> PageContent:
        """Read one page; see :class:`muniment.engines.base.Engine`."""
        page = self._seen(image) if text_layer is None else _told(image, text_layer)
        height, width = page.pixels.shape[:2]
        upright = (image.height, image.width) if page.rotation in (90, 270) else (image.width, image.height)
        regions = self._layout.find(page.pixels)
        parts = self._sorter.sort(page.pixels, page.lines, regions)
        return PageContent(
            blocks=blocks_of(parts, regions, Sheet(width, height)),
            flags=_flags(page, is_told=text_layer is not None, is_empty=parts.is_empty),
            rotation=page.rotation,
            skew=round(page.skew, 2),
            grown=(width / max(upright[0], 1), height / max(upright[1], 1)),
        )

    def _seen(self, image: PageImage) -> _Page:
        """The page as the letters' reader sees it."""
        seen = self._letters.read(image.pixels)
        return _Page(seen.pixels, tuple(measured(seen.pixels, seen.lines)), seen.rotation, seen.skew)


def _told(image: PageImage, text_layer: TextLayer) -> _Page:
    """The page with the lines that the PDF itself tells."""
    width, height = image.width, image.height
    points = (image.dpi or _POINTS_AN_INCH) / _POINTS_AN_INCH
    return _Page(
        image.pixels,
        tuple(
            SeenLine(
                line.text,
                line.x0 * width,
                line.y0 * height,
                line.x1 * width,
                line.y1 * height,
                1.0,
                line.size * points,
                line.bold,
            )
            for line in text_layer.lines
        ),
    )


def _flags(page: _Page, *, is_told: bool, is_empty: bool) -> frozenset[Flag]:
    letters = sum(len(line.text) for line in page.lines)
    score = sum(line.score * len(line.text) for line in page.lines) / max(letters, 1)
    blank = is_empty and is_blank(page.pixels)
    flags = {
        Flag.TEXT_LAYER: is_told,
        Flag.BLANK: blank,
        Flag.UNREADABLE: is_empty and not blank,
        Flag.ROTATED: page.rotation != 0,
        Flag.SKEWED: page.skew != 0,
        Flag.LOW_SCORE: letters > 0 and score < _LOW_SCORE,
    }
    return frozenset(flag for flag, is_set in flags.items() if is_set)

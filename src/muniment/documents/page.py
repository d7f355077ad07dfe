"""A page as it leaves the document: pixels, and the PDF's own text where there is some."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """A rendered page.

    Attributes:
        pixels: shape (height, width, 3), uint8, RGB, white where the page is transparent.
        dpi: pixels an inch, as rendered (PDF) or as the file says (images); None if unknown.
        damaged: some of the page's data is missing or corrupt, and this is what was left.
    """

    pixels: NDArray[np.uint8]
    dpi: float | None = None
    damaged: bool = False

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class TextLine:
    """A piece of a line from a PDF's text layer, without a column gap inside.

    Coordinates are fractions (0 to 1) of the page as rendered, origin at the top left.

    Attributes:
        text: characters with spaces, as the PDF has them.
        size: font size in points.
        bold: set in a bold face.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What a PDF page says about its own text.

    Attributes:
        lines: in the file's order.
        distrust: why the text should not be used ("half of it has no Unicode meaning"), or "" if it is sane.
    """

    lines: tuple[TextLine, ...]
    distrust: str = ""

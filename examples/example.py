"""An example document: its file and what it says."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from examples.drawing import Truth


@dataclass(frozen=True, slots=True)
class Example:
    """``name`` of the file, its bytes, and for each page what should be read there."""

    name: str
    data: bytes
    pages: tuple[Truth, ...]

    @property
    def truth(self) -> Truth:
        """As written to examples/truth/."""
        return {"document": self.name, "pages": list(self.pages)}


def page(blocks: Sequence[Truth], *, rotation: int = 0, skew: float = 0.0, text_layer: bool = False) -> Truth:
    """The truth of one page.

    Args:
        blocks: in reading order.
        rotation: degrees clockwise that the image has to be turned to stand upright.
        skew: degrees clockwise that its lines slant.
        text_layer: whether the PDF carries the page's text.
    """
    return {"rotation": rotation, "skew": skew, "text_layer": text_layer, "blocks": list(blocks)}


def encoded(image: Image.Image, kind: str, **settings: Any) -> bytes:
    """``image`` as a file of Pillow's format ``kind``."""
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def png(image: Image.Image, colours: int, dpi: float) -> bytes:
    """A PNG with a palette, which keeps it small."""
    few = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    return encoded(few, "PNG", optimize=True, dpi=(dpi, dpi))

"""What every engine takes and gives."""

from dataclasses import dataclass
from typing import Protocol

from muniment.documents import PageImage, TextLayer
from muniment.text import Block, Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What an engine read on one page.

    Attributes:
        blocks: in reading order, furniture included and marked; every line of the page is in one of them.
        flags: remarks; see :class:`muniment.text.Flag`.
        rotation: by how many degrees clockwise the page image was turned to stand upright: 0, 90, 180 or 270.
        skew: slant of the upright page's lines in degrees, clockwise positive; boxes are of the straightened page.
        grown: by how much the straightened page, on which nothing is cut off, is wider and taller than the upright one.
    """

    blocks: tuple[Block, ...]
    flags: frozenset[Flag] = frozenset()
    rotation: int = 0
    skew: float = 0.0
    grown: tuple[float, float] = (1.0, 1.0)


class Engine(Protocol):
    """Reads page images. Not safe to share between threads: one engine a worker."""

    name: str

    def read(self, image: PageImage, text_layer: TextLayer | None = None) -> PageContent:
        """Read one page.

        Args:
            image: the page as rendered, however it lies.
            text_layer: the PDF's own text for this page, if it is to be used instead of looking at the letters;
                the image then only serves to see the layout.

        Raises:
            PageError: the page cannot be read.
        """
        ...

"""The documents room's one interface: a document is opened and gives pages."""

from dataclasses import dataclass
from typing import Protocol

from muniment.documents.page import PageImage, TextLayer


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may ask of this machine.

    Attributes:
        max_pixels: of one image as stored; larger ones are refused before they are decoded.
        max_side: pixels of the side of the largest square page. A page image of any shape holds at most
            ``max_side ** 2`` pixels and is scaled down to that. It is the area that counts, so that a long receipt
            or a wide strip stays legible.
        dpi: pixels an inch at which PDF pages are rendered, as far as ``max_side`` lets it.
        max_pages: pages or frames in one document.
    """

    max_pixels: int = 200_000_000
    max_side: int = 3_508
    dpi: float = 200.0
    max_pages: int = 100_000


class Page(Protocol):
    """One page, opened lazily.

    Attributes:
        number: from 1.
        width, height: in ``unit`` as the document shows the page (its own rotation or EXIF orientation applied).
        unit: "pt" for PDF, "px" for images.
    """

    number: int
    width: float
    height: float
    unit: str

    def render(self, longest: int | None = None) -> PageImage:
        """The page as pixels. Raises PageError or LimitExceeded.

        Args:
            longest: pixels of the longer side that are enough; where it saves work, no more are made.
        """
        ...

    def text_layer(self) -> TextLayer | None:
        """The page's own text; None if it has none (images never do). Raises PageError."""
        ...


class Document(Protocol):
    """An open document. Not safe to share between threads.

    Attributes:
        kind: "pdf", "png", "jpeg", "tiff", "webp", "bmp", "gif" or "heic".
        page_count: at least 1.
    """

    kind: str
    page_count: int

    def page(self, number: int) -> Page:
        """The page ``number`` (from 1). Raises PageError if it is damaged."""
        ...

    def close(self) -> None:
        """Give back memory and the file."""
        ...

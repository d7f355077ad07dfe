"""What a page says, as typed blocks in reading order.

Boxes are fractions of the upright page (0 to 1, origin at the top left), so they hold at any resolution:
multiply by the page's width and height to get pixels or points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

Fraction = Annotated[float, "0 to 1, of the page's width or height"]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle on the page, as fractions of its width (x) and height (y)."""

    x0: Fraction
    y0: Fraction
    x1: Fraction
    y1: Fraction

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @staticmethod
    def around(boxes: Sequence["Box"]) -> "Box":
        """The smallest box that holds all ``boxes`` (at least one)."""
        return Box(
            min(box.x0 for box in boxes),
            min(box.y0 for box in boxes),
            max(box.x1 for box in boxes),
            max(box.y1 for box in boxes),
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it stands on the page.

    Attributes:
        text: the line's characters, spaces included.
        box: where it is.
        score: how sure the reader is, 0 to 1; 1.0 for a PDF's own text layer.
    """

    text: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """What all blocks share: where they are, the lines they came from, and whether they are page furniture.

    Furniture is what belongs to the sheet and not to the text: running heads and feet, page numbers, watermarks.
    """

    box: Box | None = None
    lines: tuple[Line, ...] = ()
    furniture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading(_Block):
    """A title or heading; ``level`` is 1 (largest) to 6."""

    text: str
    level: int
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph(_Block):
    """Running text, its lines joined and words split at line ends put together."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item: ``marker`` as printed without the space ("•", "3.", "(a)"), ``depth`` 0 for the outermost."""

    text: str
    marker: str = "•"
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBlock(_Block):
    """Consecutive list items."""

    items: tuple[ListItem, ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkbox(_Block):
    """A box to tick and the text beside it."""

    text: str
    checked: bool
    kind: Literal["checkbox"] = "checkbox"


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; rows and columns count from 0; spans are at least 1."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(_Block):
    """A table as cells in row-major order; cells never overlap, and places without a cell are empty."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    caption: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation(_Block):
    """A displayed formula. ``notation`` is "latex", or "text" where the engine reads characters only."""

    text: str
    notation: Literal["latex", "text"] = "latex"
    kind: Literal["equation"] = "equation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(_Block):
    """A picture; ``text`` is what was read inside it, ``caption`` what stands beneath or above it."""

    text: str = ""
    caption: str = ""
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(_Block):
    """A signature, with what can be read of it."""

    text: str = ""
    kind: Literal["signature"] = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark(_Block):
    """Text printed across or behind the page's own."""

    text: str
    furniture: bool = True
    kind: Literal["watermark"] = "watermark"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber(_Block):
    """The page number as printed ("14", "Page 3 of 9")."""

    text: str
    furniture: bool = True
    kind: Literal["page_number"] = "page_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(_Block):
    """Text whose line breaks and indentation matter."""

    text: str
    language: str = ""
    kind: Literal["code"] = "code"


Block = Annotated[
    Heading | Paragraph | ListBlock | Checkbox | Table | Equation | Figure | Signature | Watermark | PageNumber | Code,
    Discriminator("kind"),
]
"""Any block; told apart by ``kind``."""

"""Pages of seen lines, laid out like typewriter text, for tests of a page's structure."""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from muniment.engines.embedded.cells import FoundTable
from muniment.engines.embedded.furniture import Furniture
from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.parts import Drawing, PageParts

LETTER, HEIGHT, PITCH, SIZE = 10.0, 24.0, 30.0, 20.0
"""Of the text, in pixels: a letter's width, a line's height, from line to line, and an em."""
_PIECE = re.compile(r"\S+(?: {1,2}\S+)*")


def line(
    text: str, x: float, y: float, *, size: float = SIZE, bold: bool = False, score: float = 0.95, width: float = 0.0
) -> SeenLine:
    """``text`` from (x, y) to the right and down, as wide and high as letters of ``size`` make it, or ``width``."""
    scale = size / SIZE
    right = x + (width or len(text) * LETTER * scale)
    return SeenLine(text, x, y, right, y + HEIGHT * scale, score, size, bold)


def typed(*rows: str | float, x: float = 100.0, y: float = 100.0, bold: bool = False) -> list[SeenLine]:
    """Rows below each other, every letter where a typewriter puts it; three spaces divide a row into pieces.

    A number among the rows moves what follows down by so many lines.
    """
    lines = []
    for row in rows:
        if isinstance(row, str):
            pieces = _PIECE.finditer(row)
            lines += [line(piece[0], x + LETTER * piece.start(), y, bold=bold) for piece in pieces]
            y += PITCH
        else:
            y += PITCH * row
    return lines


def texts(lines: Sequence[SeenLine]) -> list[str]:
    return [item.text for item in lines]


def lines_of(parts: PageParts) -> list[SeenLine]:
    """All lines of a page, whatever they are part of."""
    held: list[Furniture | FoundTable | Drawing] = [*parts.furniture, *parts.tables, *parts.figures, *parts.equations]
    return [*parts.text, *(item for part in held for item in part.lines)]


def region(kind: RegionKind, box: tuple[float, float, float, float], score: float = 0.9) -> Region:
    return Region(kind, Rect(*box), score)


any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        *("", " ", "•", "1. One", "(a) two", "– three", "☐ Yes", "☑", "7", "Page 3 of 9", "Figure 1", "Table 2: x"),
        *("A sentence of more than thirty letters that goes on", "and ends here with letters to spare."),
        *("hyphen-", "中文", "(12)"),
    ]
)
"""Text of any kind, what the modules look for among it."""


def any_lines(most: int = 14) -> st.SearchStrategy[list[SeenLine]]:
    """Lines anywhere, also off the page, of no size, turned inside out or one upon the other."""
    return st.lists(_neat_lines | _odd_lines, max_size=most)


_places = st.integers(-40, 440).map(float)
_odd_lines = st.builds(
    SeenLine, any_text, _places, _places, _places, _places, st.floats(0, 1), st.floats(0, 90), st.booleans()
)
_neat_lines = st.builds(
    line,
    any_text,
    st.integers(0, 6).map(lambda place: 60.0 * place),
    st.integers(0, 12).map(lambda place: 30.0 * place),
    size=st.sampled_from([14.0, SIZE, SIZE, 32.0]),
    bold=st.booleans(),
)


def any_regions() -> st.SearchStrategy[list[Region]]:
    rects = st.builds(Rect, _places, _places, _places, _places)
    return st.lists(st.builds(Region, st.sampled_from(RegionKind), rects, st.floats(0.3, 1)), max_size=5)

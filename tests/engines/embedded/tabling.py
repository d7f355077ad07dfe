"""Lines, drawings and checks for tests of tables."""

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from muniment.engines.embedded.cells import FoundTable, cell_text
from muniment.engines.embedded.lines import SeenLine

HEIGHT = 30.0
"""Of a line of text, in pixels."""
LETTER = 15.0

Pixels = NDArray[np.uint8]


def line(text: str, x: float, y: float, *, bold: bool = False, width: float | None = None) -> SeenLine:
    """A line of text from (x, y) down to the right; every letter is half as wide as the line is high."""
    right = x + (LETTER * len(text) if width is None else width)
    return SeenLine(text, x, y, right, y + HEIGHT, 0.9, 0.6 * HEIGHT, bold)


def in_columns(rows: Sequence[Sequence[str]], xs: Sequence[float], *, pitch: float = 50.0) -> list[SeenLine]:
    """Rows of text, ``pitch`` pixels apart from y = 10 on, each text at its column's x; "" is left out."""
    return [
        line(text, x, 10 + pitch * place)
        for place, row in enumerate(rows)
        for text, x in zip(row, xs, strict=True)
        if text
    ]


def page(height: int = 600, width: int = 800) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


def draw_grid(pixels: Pixels, xs: Sequence[int], ys: Sequence[int], *, thickness: int = 2) -> None:
    """Rules a full grid in black."""
    for x in xs:
        cv2.line(pixels, (x, ys[0]), (x, ys[-1]), (0, 0, 0), thickness)
    for y in ys:
        cv2.line(pixels, (xs[0], y), (xs[-1], y), (0, 0, 0), thickness)


def grid_of_texts(table: FoundTable | None) -> list[list[str]]:
    """The table's texts by row and column; a spanning cell's text stands at its first place only."""
    assert table is not None
    texts = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        texts[cell.row][cell.column] = cell_text(cell.pieces)
    return texts


def spans(table: FoundTable | None) -> dict[str, tuple[int, int]]:
    """Rows and columns that cells with text span, where it is more than one."""
    assert table is not None
    return {
        cell_text(cell.pieces): (cell.row_span, cell.column_span)
        for cell in table.filled
        if cell.row_span * cell.column_span > 1
    }


def check(table: FoundTable, lines: Sequence[SeenLine]) -> None:
    """No line lost or invented, no cells that overlap, no span beyond the table's edges."""
    places = Counter(
        (row, column)
        for cell in table.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    )
    assert all(count == 1 for count in places.values())
    assert all(0 <= row < table.rows and 0 <= column < table.columns for row, column in places)
    assert [(cell.row, cell.column) for cell in table.cells] == sorted((cell.row, cell.column) for cell in table.cells)
    assert set(map(id, table.lines)) <= set(map(id, lines))
    pieces = [piece for cell in table.cells for piece in cell.pieces]
    assert _letters(pieces) == _letters(table.lines)


def _letters(lines: Sequence[SeenLine]) -> Counter[str]:
    return Counter("".join("".join(line.text.split()) for line in lines))


def any_lines() -> st.SearchStrategy[list[SeenLine]]:
    """Lines anywhere on a small page, of any size and text, also empty or one upon the other."""
    return st.lists(
        st.builds(
            _any_line,
            st.text(alphabet="ab 1中。", max_size=12),
            st.integers(0, 400),
            st.integers(0, 400),
            st.integers(1, 300),
            st.integers(1, 60),
        ),
        max_size=20,
    )


def _any_line(text: str, x: int, y: int, width: int, height: int) -> SeenLine:
    return SeenLine(text, float(x), float(y), float(x + width), float(y + height), 0.9, 0.6 * height)

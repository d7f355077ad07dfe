"""The embedded engine: reads letters on the CPU, row by row.

Each row of text becomes a paragraph, top to bottom; layout, tables and reading order across columns are not used yet.
"""

from muniment.documents import PageImage, TextLayer
from muniment.engines.base import PageContent
from muniment.engines.embedded.letters import LetterReader
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.rows import rows_of
from muniment.text import Box, Line, Paragraph


class EmbeddedEngine:
    """Reads a page on the CPU."""

    name = "embedded"

    def __init__(self, threads: int) -> None:
        self._letters = LetterReader(threads)

    def read(self, image: PageImage, text_layer: TextLayer | None = None) -> PageContent:
        """Read one page."""
        width, height = image.width, image.height
        rotation, skew = 0, 0.0
        if text_layer is None:
            page = self._letters.read(image.pixels)
            height, width = page.pixels.shape[:2]
            rotation, skew, lines = page.rotation, page.skew, page.lines
        else:
            lines = tuple(
                SeenLine(t.text, t.x0 * width, t.y0 * height, t.x1 * width, t.y1 * height, 1.0, (t.y1 - t.y0) * height)
                for t in text_layer.lines
            )
        blocks = []
        for row in rows_of(lines):
            ls = tuple(
                Line(p.text, Box(p.x0 / width, p.y0 / height, p.x1 / width, p.y1 / height), p.score) for p in row.pieces
            )
            blocks.append(Paragraph(text=row.text, lines=ls, box=Box.around([one.box for one in ls])))
        return PageContent(blocks=tuple(blocks), rotation=rotation, skew=skew)

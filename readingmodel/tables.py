"""Tables, ruled or not, with rows of equal length."""

import random

from readingmodel.blocks import Frame, sheet_ink
from readingmodel.sheet import Sheet, Style, jitter
from readingmodel.words import bare, numeral, phrase

_NUMERIC = 0.45
"""Share of columns that hold numbers."""


def table(sheet: Sheet, frame: Frame, rng: random.Random, rows: int, columns: int = 0) -> None:
    """A table with a header row; ``columns`` 0 for two to six."""
    columns = columns or rng.choice((2, 3, 3, 4, 4, 5, 6))
    edges = _edges(frame, rng, columns)
    numeric = [column > 0 and rng.random() < _NUMERIC for column in range(columns)]
    right = rng.random() < 0.6
    pitch = frame.leading * jitter(rng, 1.1, 1.8)
    look = _Look(rng)
    sheet.gap()
    sheet.say("<table>")
    frame.y += frame.leading * 0.5
    top = frame.y
    look.edge(sheet, edges, frame.y, first=True)
    for row in range(rows):
        if row > 1 and not frame.fits(sheet, pitch / frame.leading, frame.line_tokens + 2 * columns + 20):
            break
        style = look.start_row(sheet, frame, edges, row, pitch)
        sheet.say("<tr>")
        for column in range(columns):
            words = _cell(rng, numeric[column], row)
            room = edges[column + 1] - edges[column] - 0.8 * style.size
            while len(words) > 1 and sheet.length(" ".join(words), style) > room:
                words.pop()
            if words and sheet.length(words[0], style) > room:
                words = [words[0][:2]] if sheet.length(words[0][:2], style) <= room else []
            sheet.say("<th>" if row == 0 else "<td>")
            x = edges[column] + 0.4 * style.size
            if numeric[column] and right:
                x = edges[column + 1] - 0.4 * style.size - sheet.length(" ".join(words), style)
            sheet.line(x, frame.y + pitch * 0.5 + style.size * 0.35, words, style)
            sheet.say("</th>" if row == 0 else "</td>")
        sheet.say("</tr>")
        frame.y += pitch
        look.edge(sheet, edges, frame.y, first=row == 0)
    sheet.say("</table>")
    look.finish(sheet, edges, top, frame.y)
    frame.y += frame.leading * 0.7


def _edges(frame: Frame, rng: random.Random, columns: int) -> list[float]:
    """Where columns begin, and where the last ends; some are broader than others."""
    shares = [jitter(rng, 1, 2.2) for _ in range(columns)]
    width = frame.width * (1 if rng.random() < 0.6 else jitter(rng, 0.6, 1))
    edges = [frame.x]
    for share in shares:
        edges.append(edges[-1] + width * share / sum(shares))
    return edges


def _cell(rng: random.Random, numeric: bool, row: int) -> list[str]:
    if row == 0:
        return phrase(rng, 1, 2)
    if rng.random() < 0.04:
        return []
    if numeric:
        return [numeral(rng)]
    words = [bare(rng) for _ in range(rng.randint(1, 4))]
    words[0] = words[0][:1].upper() + words[0][1:]
    return words


class _Look:
    """How one table is ruled and shaded."""

    def __init__(self, rng: random.Random) -> None:
        self._ruled = rng.random()
        self._striped = rng.random() < 0.2
        self._dark = rng.random() < 0.25
        self._ink = sheet_ink(rng)
        self._weight = jitter(rng, 0.6, 1.4)
        self._bold = rng.random() < 0.85

    def start_row(self, sheet: Sheet, frame: Frame, edges: list[float], row: int, pitch: float) -> Style:
        """Shade a row; returns what it is set in."""
        corners = (edges[0], frame.y, edges[-1], frame.y + pitch)
        if row == 0:
            if self._dark:
                sheet.area(*corners, fill=min(100, self._ink))
                return Style(frame.bold.face, frame.text.size, 255)
            if self._striped:
                sheet.area(*corners, fill=215)
            return Style(frame.bold.face, frame.text.size, frame.text.ink) if self._bold else frame.text
        if self._striped and row % 2 == 0:
            sheet.area(*corners, fill=238)
        return frame.text

    def edge(self, sheet: Sheet, edges: list[float], y: float, first: bool) -> None:
        """A line below a row, or above the first."""
        if self._ruled < 0.65 or (first and self._ruled < 0.85):
            sheet.rule(edges[0], y, edges[-1], y, self._weight, self._ink)

    def finish(self, sheet: Sheet, edges: list[float], top: float, bottom: float) -> None:
        """Lines between columns."""
        if self._ruled < 0.4:
            for x in edges:
                sheet.rule(x, top, x, bottom, self._weight, self._ink)

"""Setting type on a sheet of paper, and keeping the truth of what was set.

All lengths are points (1/72 inch), from the top left corner; ``y`` of text is its baseline.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

A4 = (595.0, 842.0)
SOFT_HYPHEN = "\u00ad"

Truth = dict[str, Any]


class MissingFont(Exception):
    """A font that the documents are set in is not on this machine."""


class Fonts:
    """Finds fonts by file name in a folder and its subfolders; Debian: fonts-liberation and fonts-dejavu-core."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in sorted(folder.rglob("*.ttf"))}
        self._opened: dict[tuple[str, float], ImageFont.FreeTypeFont] = {}

    def path(self, face: str) -> Path:
        """The file of ``face`` ("LiberationSerif-Bold"). Raises MissingFont."""
        if face not in self._files:
            raise MissingFont(f"{face}.ttf is missing: install fonts-liberation and fonts-dejavu-core, or give --fonts")
        return self._files[face]

    def at(self, face: str, pixels: float) -> ImageFont.FreeTypeFont:
        """``face`` at a size in pixels, laid out by Pillow itself, which is the same on every machine."""
        key = (face, pixels)
        if key not in self._opened:
            self._opened[key] = ImageFont.truetype(str(self.path(face)), pixels, layout_engine=ImageFont.Layout.BASIC)
        return self._opened[key]


@dataclass(frozen=True, slots=True)
class Type:
    """How a piece of text is set: face, size and distance of baselines in points, colour."""

    face: str
    size: float
    leading: float
    ink: str = "#1c1c1c"


@dataclass(slots=True)
class Sheet:
    """A sheet of paper. Blocks written on it are kept in ``truth`` in reading order."""

    fonts: Fonts
    size: tuple[float, float] = A4
    dpi: float = 200.0
    paper: str = "white"
    truth: list[Truth] = field(default_factory=list)
    image: Image.Image = field(init=False)
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        pixels = (round(self.size[0] * self.scale), round(self.size[1] * self.scale))
        self.image = Image.new("RGB", pixels, self.paper)
        self.pen = ImageDraw.Draw(self.image)

    @property
    def scale(self) -> float:
        """Pixels a point."""
        return self.dpi / 72

    def length(self, text: str, style: Type) -> float:
        """How wide ``text`` is."""
        return self.fonts.at(style.face, style.size * self.scale).getlength(text) / self.scale

    def write(self, x: float, y: float, text: str, style: Type, align: str = "l") -> None:
        """One line of text; ``align`` says what ``x`` is: its (l)eft end, (m)iddle or (r)ight end."""
        font = self.fonts.at(style.face, style.size * self.scale)
        self.pen.text((x * self.scale, y * self.scale), text, fill=style.ink, font=font, anchor=f"{align}s")

    def rule(self, x0: float, y0: float, x1: float, y1: float, weight: float = 0.5, ink: str = "#1c1c1c") -> None:
        """A straight line."""
        ends = (x0 * self.scale, y0 * self.scale, x1 * self.scale, y1 * self.scale)
        self.pen.line(ends, fill=ink, width=max(1, round(weight * self.scale)))

    def curve(self, points: Sequence[tuple[float, float]], weight: float, ink: str) -> None:
        """Straight strokes from point to point."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self.pen.line(scaled, fill=ink, width=max(1, round(weight * self.scale)), joint="curve")

    def stroke(self, points: Sequence[tuple[float, float]], weight: float, ink: str) -> None:
        """A stroke of the pen that bends at every point, as handwriting does."""
        ends = [points[0], *points, points[-1]]
        pieces = zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
        self.curve([_between(*piece, step / 8) for piece in pieces for step in range(9)], weight, ink)

    def area(self, x0: float, y0: float, x1: float, y1: float, fill: str | None, line: str | None = None) -> None:
        """A rectangle, filled or outlined or both."""
        corners = tuple(round(value * self.scale) for value in (x0, y0, x1, y1))
        self.pen.rectangle(corners, fill=fill, outline=line, width=max(1, round(0.6 * self.scale)))

    def broken(self, text: str, width: float, style: Type) -> list[str]:
        """``text`` in lines no wider than ``width``, split between words or at soft hyphens."""
        lines, line = [], ""
        for word in text.split():
            rest = word
            if self.length(_joined(line, rest), style) > width:
                head, rest = self._hyphenated(line, word, width, style)
                lines.append(_joined(line, head) if head else line)
                line = ""
            line = _joined(line, rest)
        return [*lines, line]

    def _hyphenated(self, line: str, word: str, width: float, style: Type) -> tuple[str, str]:
        parts = word.split(SOFT_HYPHEN)
        for count in range(len(parts) - 1, 0, -1):
            head = "".join(parts[:count]) + "-"
            if self.length(_joined(line, head), style) <= width:
                return head, SOFT_HYPHEN.join(parts[count:])
        return "", word

    def flow(self, x: float, y: float, width: float, text: str, style: Type, justify: bool = False) -> float:
        """A paragraph from baseline ``y`` down; returns the baseline after its last line."""
        lines = self.broken(text, width, style)
        for number, line in enumerate(lines):
            if justify and number < len(lines) - 1:
                self._spread(x, y, width, line, style)
            else:
                self.write(x, y, line, style)
            y += style.leading
        return y

    def _spread(self, x: float, y: float, width: float, line: str, style: Type) -> None:
        words = line.split()
        gap = (width - sum(self.length(word, style) for word in words)) / max(1, len(words) - 1)
        for word in words:
            self.write(x, y, word, style)
            x += self.length(word, style) + gap

    def heading(self, x: float, y: float, text: str, style: Type, level: int, align: str = "l") -> float:
        """A heading on one line, kept as truth."""
        self.write(x, y, text, style, align)
        self.truth.append(heading(text, level))
        return y + style.leading

    def paragraph(self, x: float, y: float, width: float, text: str, style: Type, justify: bool = False) -> float:
        """A paragraph, kept as truth."""
        self.truth.append(paragraph(text.replace(SOFT_HYPHEN, "")))
        return self.flow(x, y, width, text, style, justify)

    def items(self, x: float, y: float, width: float, entries: Sequence[tuple[str, str]], style: Type) -> float:
        """A list of (marker, text), kept as truth."""
        indent = max(self.length(marker, style) for marker, _ in entries) + 0.7 * style.size
        for marker, text in entries:
            self.write(x, y, marker, style)
            y = self.flow(x + indent, y, width - indent, text, style) + 0.2 * style.leading
        self.truth.append(listing(entries))
        return y

    def furniture(self, x: float, y: float, text: str, style: Type, align: str, kind: str = "paragraph") -> None:
        """A running head or foot, or a page number (``kind`` "page_number"), kept as truth."""
        self.write(x, y, text, style, align)
        self.truth.append({"kind": kind, "text": text, "furniture": True})


def _between(
    before: tuple[float, float],
    start: tuple[float, float],
    end: tuple[float, float],
    after: tuple[float, float],
    t: float,
) -> tuple[float, float]:
    """The point at ``t`` (0 to 1) on a Catmull-Rom curve from ``start`` to ``end``."""
    x, y = (
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(before, start, end, after, strict=True)
    )
    return x, y


def _joined(line: str, word: str) -> str:
    plain = word.replace(SOFT_HYPHEN, "")
    return f"{line} {plain}" if line else plain


def heading(text: str, level: int) -> Truth:
    return {"kind": "heading", "text": text, "level": level}


def paragraph(text: str) -> Truth:
    return {"kind": "paragraph", "text": text}


def listing(entries: Sequence[tuple[str, str]]) -> Truth:
    return {"kind": "list", "items": [{"marker": marker, "text": text} for marker, text in entries]}


def table(rows: Sequence[Sequence[str]], caption: str = "") -> Truth:
    """A table without spans whose first row is its header."""
    cells = [
        {"row": row, "column": column, "text": text, "header": row == 0}
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    return {"kind": "table", "rows": len(rows), "columns": len(rows[0]), "cells": cells, "caption": caption}

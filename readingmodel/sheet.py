"""A page that is drawn and written down at once: each token of the answer knows where its letter stands."""

import math
import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from readingmodel import alphabet
from readingmodel.fonts import Advances, Fonts

NOWHERE = math.nan
"""The place of what is written but not drawn: tags, line ends."""
_MIDDLE = 0.33
"""How far above the baseline the middle of a line is, in sizes of its font."""


@dataclass(frozen=True, slots=True)
class Style:
    """A face, its size in pixels of the finished picture, its grey level."""

    face: str
    size: float
    ink: int = 20


@dataclass(slots=True)
class Sheet:
    """A page under way. Lengths are pixels of the finished picture, which is drawn ``scale`` times as large.

    Attributes:
        tokens, xs, ys: the answer so far, and where the middle of each token's letter is.
    """

    fonts: Fonts
    width: int
    height: int
    scale: float
    paper: int = 255
    tokens: list[int] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)
    image: Image.Image = field(init=False)
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        size = (round(self.width * self.scale), round(self.height * self.scale))
        self.image = Image.new("L", size, self.paper)
        self.pen = ImageDraw.Draw(self.image)

    def font(self, style: Style) -> tuple[ImageFont.FreeTypeFont, Advances]:
        """What ``style`` is drawn with, and how wide its characters are at the drawing's scale."""
        return self.fonts.at(style.face, max(4, round(style.size * self.scale)))

    def length(self, text: str, style: Style) -> float:
        """How wide ``text`` is set."""
        return self.font(style)[1].length(text) / self.scale

    def say(self, *tokens: str) -> None:
        """Write characters or tags that are not drawn."""
        for token in tokens:
            self._write(alphabet.number(token), NOWHERE, NOWHERE)

    def say_at(self, token: str, x: float, y: float) -> None:
        """Write what was drawn with lines around (x, y)."""
        self._write(alphabet.number(token), x, y)

    def gap(self) -> None:
        """Begin a new block of the answer."""
        if self.tokens:
            self.say("\n", "\n")

    def _write(self, token: int, x: float, y: float) -> None:
        self.tokens.append(token)
        self.xs.append(x)
        self.ys.append(y)

    def word(self, x: float, baseline: float, text: str, style: Style) -> float:
        """Draw and write one word; returns its width."""
        width = self.draw(x, baseline, text, style)
        _, advances = self.font(style)
        y = baseline - _MIDDLE * style.size
        for token, character in zip(alphabet.numbers(text), text, strict=True):
            advance = advances[character] / self.scale
            self._write(token, x + advance / 2, y)
            x += advance
        return width

    def draw(self, x: float, baseline: float, text: str, style: Style) -> float:
        """Draw ``text`` without writing it; returns its width."""
        font, advances = self.font(style)
        place = (round(x * self.scale), round(baseline * self.scale))
        self.pen.text(place, text, fill=style.ink, font=font, anchor="ls")
        return advances.length(text) / self.scale

    def space(self, x: float, baseline: float, style: Style) -> None:
        """Write the space whose middle is at ``x``."""
        self._write(alphabet.number(" "), x, baseline - _MIDDLE * style.size)

    def line(self, x: float, baseline: float, words: list[str], style: Style, spread: float = 0.0) -> None:
        """Words from ``x`` on, with ``spread`` more between them than a space."""
        between = self.length(" ", style) + spread
        for number, word in enumerate(words):
            if number:
                self.space(x - between / 2, baseline, style)
            x += self.word(x, baseline, word, style) + between

    def rule(self, x0: float, y0: float, x1: float, y1: float, weight: float = 1.0, ink: int = 20) -> None:
        """A straight line."""
        ends = [value * self.scale for value in (x0, y0, x1, y1)]
        self.pen.line(ends, fill=ink, width=max(1, round(weight * self.scale)))

    def area(self, x0: float, y0: float, x1: float, y1: float, fill: int | None, line: int | None = None) -> None:
        """A rectangle, filled or outlined or both."""
        corners = [round(value * self.scale) for value in (x0, y0, x1, y1)]
        self.pen.rectangle(corners, fill=fill, outline=line, width=max(1, round(0.9 * self.scale)))

    def curve(self, points: list[tuple[float, float]], weight: float, ink: int) -> None:
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self.pen.line(scaled, fill=ink, width=max(1, round(weight * self.scale)))

    def places(self) -> NDArray[np.float32]:
        """Where each token's letter is: shape (tokens, 2), x and y; NaN for what is not drawn."""
        return np.stack([np.array(self.xs, np.float32), np.array(self.ys, np.float32)], 1)


def jitter(rng: random.Random, low: float, high: float) -> float:
    """A number between two, each as likely."""
    return low + (high - low) * rng.random()

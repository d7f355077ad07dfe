"""Setting formulas: boxes beside, above and below one another, as in a book of mathematics.

A :class:`Box` knows its width and how far it reaches above and below the baseline, in points, and draws itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from examples.drawing import Sheet, Type

VARIABLE, UPRIGHT, SYMBOL = "LiberationSerif-Italic", "LiberationSerif-Regular", "DejaVuSerif"


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a formula; ``draw(x, y)`` puts its left end on the baseline ``y`` at ``x``."""

    width: float
    above: float
    below: float
    draw: Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets formulas on ``sheet`` at ``size`` points."""

    sheet: Sheet
    size: float

    @property
    def small(self) -> "Setter":
        """For exponents, indices and limits."""
        return Setter(self.sheet, self.size * 0.7)

    def text(self, text: str, face: str, size: float) -> Box:
        style = Type(face, size, 0)
        width = self.sheet.length(text, style)
        return Box(width, 0.7 * size, 0.22 * size, lambda x, y: self.sheet.write(x, y, text, style))

    def var(self, name: str) -> Box:
        """A variable, in italics."""
        return self.text(name, VARIABLE, self.size)

    def num(self, text: str) -> Box:
        """Digits, brackets and names of functions, upright."""
        return self.text(text, UPRIGHT, self.size)

    def op(self, sign: str) -> Box:
        """A relation or operation with space around it."""
        return self.row(self.gap(0.25), self.num(sign), self.gap(0.25))

    def gap(self, ems: float) -> Box:
        return Box(ems * self.size, 0, 0, lambda _x, _y: None)

    def row(self, *boxes: Box) -> Box:
        """Boxes side by side."""

        def draw(x: float, y: float) -> None:
            for box in boxes:
                box.draw(x, y)
                x += box.width

        return Box(sum(b.width for b in boxes), max(b.above for b in boxes), max(b.below for b in boxes), draw)

    def raised(self, base: Box, above: Box | None = None, below: Box | None = None) -> Box:
        """``base`` with an exponent and an index."""
        up, down = base.above - 0.25 * self.size, base.below + 0.05 * self.size
        width = base.width + 0.06 * self.size + max(above.width if above else 0, below.width if below else 0)

        def draw(x: float, y: float) -> None:
            base.draw(x, y)
            if above:
                above.draw(x + base.width + 0.06 * self.size, y - up)
            if below:
                below.draw(x + base.width + 0.02 * self.size, y + down)

        return Box(width, up + above.above if above else base.above, down + below.below if below else base.below, draw)

    def over(self, top: Box, bottom: Box) -> Box:
        """A fraction."""
        width = max(top.width, bottom.width) + 0.3 * self.size
        axis = 0.28 * self.size
        rise, drop = axis + top.below + 0.15 * self.size, -axis + bottom.above + 0.2 * self.size

        def draw(x: float, y: float) -> None:
            top.draw(x + (width - top.width) / 2, y - rise)
            bottom.draw(x + (width - bottom.width) / 2, y + drop)
            self.sheet.rule(x, y - axis, x + width, y - axis, 0.6)

        return Box(width, rise + top.above, drop + bottom.below, draw)

    def root(self, inside: Box) -> Box:
        """A square root."""
        hook, top = 0.6 * self.size, inside.above + 0.18 * self.size

        def draw(x: float, y: float) -> None:
            inside.draw(x + hook + 0.08 * self.size, y)
            corner = (x + hook, y - top)
            middle = y - 0.3 * self.size
            self.sheet.curve(
                [(x, middle + 1), (x + 0.15 * self.size, middle), (x + 0.33 * self.size, y + inside.below)],
                0.9,
                "#1c1c1c",
            )
            self.sheet.curve([(x + 0.33 * self.size, y + inside.below), corner], 0.5, "#1c1c1c")
            self.sheet.rule(corner[0], corner[1], x + hook + inside.width + 0.15 * self.size, corner[1], 0.6)

        return Box(hook + inside.width + 0.2 * self.size, top, inside.below, draw)

    def big(self, sign: str, lower: Box, upper: Box) -> Box:
        """A large operator (sum, integral) with its limits below and above."""
        glyph = self.text(sign, SYMBOL, self.size * 1.6)
        width = max(glyph.width, lower.width, upper.width)
        fall = 0.25 * self.size

        def draw(x: float, y: float) -> None:
            glyph.draw(x + (width - glyph.width) / 2, y + fall)
            upper.draw(x + (width - upper.width) / 2, y + fall - 1.35 * self.size)
            lower.draw(x + (width - lower.width) / 2, y + fall + 1.0 * self.size)

        return Box(width, 1.1 * self.size + upper.above, 1.25 * self.size + lower.below, draw)

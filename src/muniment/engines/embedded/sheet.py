"""From pixels of the upright page to what blocks hold: fractions of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from muniment.engines.embedded.geometry import Boxed
from muniment.engines.embedded.lines import SeenLine
from muniment.text import Box, Line

_PLACES = 5
"""Decimal places of boxes: a hundredth of a millimetre on A4."""
_SCORE_PLACES = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """An upright page of so many pixels."""

    width: int
    height: int

    def box(self, item: Boxed) -> Box:
        """Where ``item`` (pixels) is, as fractions of the page and within it."""
        across, down = max(self.width, 1), max(self.height, 1)
        return Box(
            _fraction(item.x0, across), _fraction(item.y0, down), _fraction(item.x1, across), _fraction(item.y1, down)
        )

    def lines(self, seen: Iterable[SeenLine]) -> tuple[Line, ...]:
        """``seen`` in their order."""
        return tuple(Line(line.text, self.box(line), round(min(line.score, 1.0), _SCORE_PLACES)) for line in seen)


def _fraction(value: float, of: int) -> float:
    return round(min(max(value / of, 0.0), 1.0), _PLACES)

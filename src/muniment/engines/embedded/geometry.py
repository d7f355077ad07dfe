"""Rectangles in pixels of the upright page."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Protocol

_DEFAULT_LETTER_HEIGHT = 20.0


class Boxed(Protocol):
    """Anything with a place on the page."""

    @property
    def x0(self) -> float: ...
    @property
    def y0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def y1(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle in pixels, origin at the top left."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def grown(self, by: float) -> "Rect":
        """This rectangle with every side moved outwards."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)


def rect_of(item: Boxed) -> Rect:
    return Rect(item.x0, item.y0, item.x1, item.y1)


def around(items: Iterable[Boxed]) -> Rect:
    """The smallest rectangle that holds all ``items`` (at least one)."""
    boxes = list(items)
    return Rect(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )


def shared_area(one: Boxed, other: Boxed) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0


def share_inside(inner: Boxed, outer: Boxed) -> float:
    """How much of ``inner`` lies in ``outer``, 0 to 1."""
    area = (inner.x1 - inner.x0) * (inner.y1 - inner.y0)
    return shared_area(inner, outer) / area if area > 0 else 0.0


def share_across(one: Boxed, other: Boxed) -> float:
    """How much of the narrower one's width both have in common, 0 to 1."""
    common = min(one.x1, other.x1) - max(one.x0, other.x0)
    return max(common, 0.0) / max(min(one.x1 - one.x0, other.x1 - other.x0), 1e-6)


def share_down(one: Boxed, other: Boxed) -> float:
    """How much of the lower one's height both have in common, 0 to 1."""
    common = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(common, 0.0) / max(min(one.y1 - one.y0, other.y1 - other.y0), 1e-6)


def line_height(lines: Iterable[Boxed]) -> float:
    """The usual height of ``lines`` in pixels; a guess where there are none."""
    heights = [line.y1 - line.y0 for line in lines]
    return max(median(heights), 4.0) if heights else _DEFAULT_LETTER_HEIGHT

"""Lines divided where something on the page divides them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from muniment.engines.embedded.lines import SeenLine
from muniment.text.scripts import WIDE, is_wide

_UNIT = re.compile(rf"(?:[{WIDE}]|[^{WIDE}\s]+)\s*")
_LEAST_OVERHANG = 0.4
"""Of a line's height, how far it has to run over a border to be divided there."""


def split_at(line: SeenLine, borders: Sequence[float]) -> list[SeenLine]:
    """``line`` in pieces, divided between the words nearest to the ``borders`` (pixels, ascending) that cross it.

    Scripts without spaces are divided between letters. Where the words stand is guessed from the text alone.
    """
    margin = _LEAST_OVERHANG * (line.y1 - line.y0)
    inner = [border for border in borders if line.x0 + margin < border < line.x1 - margin]
    units = _UNIT.findall(line.text)
    if len(units) < 2 or not inner:
        return [line]
    per_width = (line.x1 - line.x0) / sum(map(_width, units))
    groups: dict[int, list[tuple[float, float, str]]] = {}
    start = line.x0
    for unit in units:
        end = start + _width(unit.rstrip()) * per_width
        groups.setdefault(sum(border <= (start + end) / 2 for border in inner), []).append((start, end, unit))
        start += _width(unit) * per_width
    return [
        replace(line, text="".join(unit for _, _, unit in group).strip(), x0=group[0][0], x1=group[-1][1])
        for group in groups.values()
    ]


def letters_near(line: SeenLine, x: float) -> str:
    """The letter that stands at ``x`` pixels, as far as the text alone can tell, and those beside it."""
    place, wanted = 0, (x - line.x0) / max(line.x1 - line.x0, 1.0) * _width(line.text)
    while place < len(line.text) - 1 and _width(line.text[: place + 1]) < wanted:
        place += 1
    return line.text[max(place - 1, 0) : place + 2]


def _width(text: str) -> int:
    return sum(2 if is_wide(letter) else 1 for letter in text)

"""What begins a list item, and how deep it stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BULLETS = "•·∙●○◦▪▫■□◆◇►▶‣⁃➢➤✓✔❖*–—\u00b7\u2022\uf0b7\uf0a7\uf0d8\uf076\uf02d\u2012-"
_TIGHT_BULLETS = "•∙●○◦▪▫■◆◇►▶‣⁃➢➤❖\uf0b7\uf0a7\uf0d8\uf076\uf02d"
_PRIVATE_BULLETS = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf076", "•") | {"\uf02d": "-"})
_MARKER = re.compile(
    rf"(?P<bullet>[{re.escape(_BULLETS)}])(?:\s+|$)"
    r"|(?P<misread>一)\s+(?![\u3400-\u9fff])"  # a dash, taken for the Chinese one before text that is not Chinese
    rf"|(?P<tight>[{re.escape(_TIGHT_BULLETS)}])(?=\S)"
    r"|(?P<number>\d{1,3}[.)])(?:\s+|$|(?=[^\W\d_]))"
    r"|(?P<enclosed>\((?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})\))\s*"
    r"|(?P<letter>(?:[A-Za-z]|[ivx]{2,5})\))(?:\s+|$)"
    r"|(?P<dotted>(?:[a-z]|[ivx]{1,4})\.)\s+"
)
_COUNT = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A line that begins an item: its marker as printed, and what follows it."""

    marker: str
    text: str

    @property
    def is_bullet(self) -> bool:
        return not any(character.isalnum() for character in self.marker)

    @property
    def number(self) -> int | None:
        """The number in the marker; None for bullets and letters."""
        count = _COUNT.search(self.marker)
        return int(count[0]) if count else None


def split_marker(line: str) -> MarkedText | None:
    """The marker at the start of ``line`` and the rest; None if it begins with none."""
    line = line.strip()
    found = _MARKER.match(line)
    if found is None:
        return None
    marker = "–" if found["misread"] else found[0].strip().translate(_PRIVATE_BULLETS)
    return MarkedText(marker, line[found.end() :].strip())


def depths(indents: Sequence[float], tolerance: float) -> list[int]:
    """How deep each item stands, by where its marker begins (any unit); 0 for the outermost.

    Items within ``tolerance`` of an open level's indent belong to it; one further in opens a level; one further out
    closes levels. No item is more than one deeper than the one before it.
    """
    open_levels: list[float] = []
    found = []
    for indent in indents:
        while open_levels and indent < open_levels[-1] - tolerance:
            open_levels.pop()
        if not open_levels or indent > open_levels[-1] + tolerance:
            open_levels.append(indent)
        found.append(len(open_levels) - 1)
    return found

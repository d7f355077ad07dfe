"""Lines as seen, before they become blocks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A piece of a text line without a column gap inside, on the upright, straightened page image.

    Attributes:
        text: characters with spaces restored.
        x0, y0, x1, y1: its box in pixels of that image, origin at the top left.
        score: 0 to 1.
        size: height of the letters in pixels (the box's own, less padding); for comparing headings with body text.
        bold: known to be bold (from a text layer); False if unknown.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    score: float
    size: float
    bold: bool = False


def has_case(text: str) -> bool:
    """Whether most of its letters and digits are small letters, whose size can be told best."""
    lower = sum(character.islower() for character in text)
    return lower * 2 > sum(character.isalnum() for character in text)

"""Written pages, and the models that read them, for tests of letters."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from muniment.engines.embedded.detection import Detector
from muniment.engines.embedded.letters import LetterReader
from muniment.engines.embedded.orientation import TurnFinder
from muniment.engines.embedded.recognition import Recogniser

Pixels = NDArray[np.uint8]

LETTER = (
    "Thank you for returning the logbook",
    "of the lightship so promptly. The new",
    "spine opens flat without cracking, and",
    "the trustees have asked me to say how",
    "pleased they are with 27 repairs.",
)


@cache
def detector() -> Detector:
    return Detector(threads=2)


@cache
def recogniser() -> Recogniser:
    return Recogniser(threads=2)


@cache
def turn_finder() -> TurnFinder:
    return TurnFinder(threads=2)


@cache
def letter_reader() -> LetterReader:
    return LetterReader(threads=2)


def blank(height: int, width: int, shade: int = 255) -> Pixels:
    return np.full((height, width, 3), shade, np.uint8)


def written(
    lines: Sequence[str] = LETTER,
    *,
    height: int = 340,
    width: int = 440,
    size: int = 20,
    at: tuple[int, int] = (40, 80),
    ink: int = 0,
    paper: int = 255,
    slant: float = 0.0,
) -> Pixels:
    """A page with ``lines`` of letters ``size`` pixels high from (x, y) down; slanted clockwise by degrees."""
    image = Image.new("L", (width, height), paper)
    brush = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        brush.text((at[0], at[1] + 1.6 * size * place), line, fill=ink, font=ImageFont.load_default(size))
    image = image.rotate(-slant, Image.Resampling.BICUBIC, fillcolor=paper)
    return np.array(image.convert("RGB"))


def strip(text: str, *, size: int = 34, ink: int = 0, paper: int = 255) -> Pixels:
    """A line image, 48 pixels high, that holds ``text`` and little else."""
    font = ImageFont.load_default(size)
    width = round(font.getlength(text)) + 12
    return written([text], height=48, width=width, size=size, at=(6, 2), ink=ink, paper=paper)


def turned_clockwise(pixels: Pixels, degrees: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90))

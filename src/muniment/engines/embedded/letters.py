"""Letters off a page: turned upright, found, straightened, read."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.detection import Detector, Quads, longest, runs_down
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.orientation import (
    SURE,
    TurnFinder,
    quarters_to_turn,
    skew_of,
    straightened,
    straightening,
    turned,
)
from muniment.engines.embedded.recognition import HEIGHT, Recogniser, Spelling, line_image
from muniment.engines.embedded.spacing import gaps_between, ink_columns, word_ends

_LEAST_SCORE = 0.5
_SAMPLE, _SAMPLE_WIDTH = 6, 16 * HEIGHT
"""So many lines, and so much of each, tell how a page stands."""
_CLEAR = 0.97
"""A letter that scores so high reads clearly: upside down, few do."""
_COLUMN_GAP = 2.5
"""A gap so many line heights wide lies between columns, not words."""
_LETTER_SHARE = 0.6
"""Of a box's height, what capital letters take."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenPage:
    """A page and the text seen on it.

    Attributes:
        pixels: shape (height, width, 3), uint8, RGB: upright and straightened; what the lines' boxes refer to.
        rotation: degrees clockwise it was turned to stand upright: 0, 90, 180 or 270.
        skew: degrees of slant that were taken out, clockwise positive.
        lines: top to bottom; pieces without column gaps.
    """

    pixels: NDArray[np.uint8]
    rotation: int
    skew: float
    lines: tuple[SeenLine, ...]


class LetterReader:
    """Reads the letters of pages. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._turns = TurnFinder(threads)
        self._detector = Detector(threads)
        self._recogniser = Recogniser(threads)

    def read(self, pixels: NDArray[np.uint8]) -> SeenPage:
        """Everything that is written on a page, however it lies.

        Args:
            pixels: shape (height, width, 3), RGB.
        """
        if pixels.size == 0:
            return SeenPage(pixels, 0, 0.0, ())
        rotation, upright, quads = self._set_upright(pixels)
        skew = skew_of(quads)
        images = [line_image(upright, quad) for quad in quads]
        lines = [
            line
            for quad, image, spelling in zip(quads, images, self._recogniser.read(images), strict=True)
            for line in _lines(upright, quad, image, spelling, skew)
        ]
        lines.sort(key=lambda line: (line.y0, line.x0))
        return SeenPage(straightened(upright, skew), rotation, skew, tuple(lines))

    def _set_upright(self, pixels: NDArray[np.uint8]) -> tuple[int, NDArray[np.uint8], Quads]:
        """Degrees clockwise that set a page upright, the page so turned, and the boxes of its text.

        Only a page that the model is sure stands upright is taken at its word; any other must read better when turned.
        """
        opinion = self._turns.probabilities(pixels)
        guess = int(-np.argmax(opinion) % 4)
        page = turned(pixels, 90 * guess)
        quads = self._detector.find(page)
        if guess == 0 and opinion[0] >= SURE:
            return 0, page, quads
        quarters = quarters_to_turn(np.roll(self._clear_letters(page, quads), guess))
        if quarters != guess:
            page = turned(pixels, 90 * quarters)
            quads = self._detector.find(page)
        return 90 * quarters, page, quads

    def _clear_letters(self, page: NDArray[np.uint8], quads: Quads) -> NDArray[np.int64]:
        """How many letters of the longest lines read clearly if the page is turned by 0 to 3 quarters; shape (4,)."""
        clear = np.zeros(4, np.int64)
        for quad in longest(quads, _SAMPLE):
            image = line_image(page, quad)[:, :_SAMPLE_WIDTH]
            quarters = 3 if runs_down(quad[None])[0] else 0
            both = self._recogniser.read([image, np.ascontiguousarray(image[::-1, ::-1])])
            for more, spelling in zip((0, 2), both, strict=True):
                clear[(quarters + more) % 4] += (spelling.scores >= _CLEAR).sum()
        return clear

    def turn_of(self, pixels: NDArray[np.uint8]) -> int:
        """Degrees clockwise (0, 90, 180, 270) that set a page of shape (height, width, 3) upright."""
        if pixels.size == 0 or self._turns.probabilities(pixels)[0] >= SURE:
            return 0
        return self._set_upright(pixels)[0]


def _lines(
    upright: NDArray[np.uint8], quad: NDArray[np.float32], image: NDArray[np.uint8], spelling: Spelling, skew: float
) -> list[SeenLine]:
    """What was spelled in the image of one box, as pieces without column gaps."""
    if not spelling.characters:
        return []
    gaps = gaps_between(spelling.centres, ink_columns(image))
    flat = _straight_quads(upright, quad[None], skew)[0]
    down = bool(runs_down(quad[None])[0])
    pieces = _pieces(spelling, gaps, image.shape[1])
    return [
        _seen(text, score, _part_of(flat, start, end, down), down)
        for text, score, start, end in pieces
        if score >= _LEAST_SCORE
    ]


def _straight_quads(pixels: NDArray[np.uint8], quads: Quads, skew: float) -> Quads:
    if skew == 0.0:
        return quads
    warp, _ = straightening(pixels.shape[0], pixels.shape[1], skew)
    return np.asarray(cv2.transform(quads, warp), np.float32)


def _pieces(spelling: Spelling, gaps: NDArray[np.float32], width: int) -> list[tuple[str, float, float, float]]:
    """Text, score, and where it starts and ends as fractions of the line, for each piece between column gaps."""
    ends = word_ends(spelling.characters, spelling.spaces, gaps, HEIGHT)
    cuts = [place + 1 for place, gap in enumerate(gaps) if gap > _COLUMN_GAP * HEIGHT * _LETTER_SHARE]
    bounds = [0, *cuts, len(spelling.characters)]
    pieces = []
    for first, last in pairwise(bounds):
        letters = spelling.characters[first:last]
        text = "".join(
            letter + (" " if first + place < len(ends) and ends[first + place] and place < len(letters) - 1 else "")
            for place, letter in enumerate(letters)
        )
        start = 0.0 if first == 0 else (spelling.centres[first] - HEIGHT / 4) / width
        end = 1.0 if last == len(spelling.characters) else (spelling.centres[last - 1] + HEIGHT / 4) / width
        pieces.append((text, float(spelling.scores[first:last].mean()), float(start), float(end)))
    return pieces


def _part_of(quad: NDArray[np.float32], start: float, end: float, down: bool) -> NDArray[np.float32]:
    """The part of a box between two fractions of its text's length."""
    if down:
        quad = np.roll(quad, -1, axis=0)
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    return np.array([quad[0] + start * top, quad[0] + end * top, quad[3] + end * bottom, quad[3] + start * bottom])


def _seen(text: str, score: float, corners: NDArray[np.float32], down: bool) -> SeenLine:
    x0, y0 = (float(value) for value in corners.min(axis=0))
    x1, y1 = (float(value) for value in corners.max(axis=0))
    return SeenLine(text, x0, y0, x1, y1, score, ((x1 - x0) if down else (y1 - y0)) * _LETTER_SHARE)

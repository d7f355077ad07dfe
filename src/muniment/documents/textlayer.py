"""A PDF page's own text: its characters put together into pieces of lines."""

import re
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from muniment.documents.characters import as_text, is_nothing, is_right_to_left, is_space
from muniment.documents.distrust import reason_for_distrust
from muniment.documents.page import TextLayer, TextLine
from muniment.documents.pdfglyphs import Glyphs, read_glyphs
from muniment.documents.pdfsurvey import survey_page

# All in ems, of the larger of the two letters beside the gap.
_WORD_GAP = 0.2
_LIKELY_WORD_GAP = 0.08
_COLUMN_GAP = 1.0
_COLUMN_GAP_WITH_SPACE = 1.5
_BACKWARDS = -0.7

_SAME_LINE = 0.4
"""How much of the smaller letter's height two neighbours must share."""

_LETTERSPACED = 1.8
"""A gap between words is this many times the gap between letters, where letters are set apart."""


_COMBINING = dict(zip("¨´ˆ˜˚ˇ˝¯", "\u0308\u0301\u0302\u0303\u030a\u030c\u030b\u0304", strict=True))
_ACCENT = re.compile(rf"(?P<accent>[{''.join(_COMBINING)}])(?P<letter>[A-Za-zıȷ])")

_ENOUGH_TO_JUDGE = 5
"""Gaps needed to tell whether letters are set apart."""


def read_text_layer(page: Any) -> TextLayer | None:
    """The text of ``page`` (a pypdfium2 page), or None if it has none that is on the page."""
    letters = _letters(read_glyphs(page))
    if not len(letters.index):
        return None
    pieces = _joined(letters, _pieces(letters))
    lines = tuple(_line(letters, piece) for piece in pieces)
    return TextLayer(lines, reason_for_distrust(letters.glyphs, letters.index, lines, survey_page(page)))


@dataclass(frozen=True, slots=True, eq=False)
class _Letters:
    """The characters that are seen, and where each stands along and across its direction of reading.

    Attributes:
        index: into the glyphs' arrays; all other arrays run along with it; shape (n,).
        along: where a letter begins and ends in the direction of reading, in points; shape (n, 2).
        across: the same at right angles; shape (n, 2).
        spaces: how many spaces the file has before the letter, from the page's beginning on; shape (n,).
        likely: the same for spaces PDFium suspects.
    """

    glyphs: Glyphs
    index: NDArray[np.int64]
    along: NDArray[np.float64]
    across: NDArray[np.float64]
    size: NDArray[np.float64]
    turn: NDArray[np.int64]
    spaces: NDArray[np.int64]
    likely: NDArray[np.int64]


def _letters(glyphs: Glyphs) -> _Letters:
    space = is_space(glyphs.codes)
    centre = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    inside = ((centre >= 0) & (centre <= (glyphs.width, glyphs.height))).all(axis=1)
    own = glyphs.runs >= 0
    index = np.flatnonzero(own & inside & ~space & ~is_nothing(glyphs.codes))
    runs = glyphs.runs[index]
    size = np.array([run.size for run in glyphs.run_list])[runs] if len(index) else np.zeros(0)
    turn = np.array([-1 if run.turn is None else run.turn for run in glyphs.run_list], np.int64)[runs]
    direction = np.array([run.direction for run in glyphs.run_list]).reshape(-1, 2)[runs]
    along, across = _axes(glyphs.boxes[index], turn, direction, size)
    spaces, likely = np.cumsum(space & own, dtype=np.int64)[index], np.cumsum(space & ~own, dtype=np.int64)[index]
    return _Letters(glyphs, index, along, across, size, turn, spaces, likely)


def _axes(
    boxes: NDArray[np.float64], turn: NDArray[np.int64], direction: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    across_page, down_page = boxes[:, [0, 2]], boxes[:, [1, 3]]
    sideways = (turn % 2 == 1)[:, None]
    along = np.where(sideways, down_page, across_page)
    along = np.where((turn >= 2)[:, None], -along[:, ::-1], along)
    across = np.where(sideways, across_page, down_page)
    slanted = (turn < 0)[:, None]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = size[:, None] * np.array([-0.5, 0.5])
    on_line = (centre * direction).sum(axis=1)[:, None] + half / 2
    off_line = (centre[:, 1] * direction[:, 0] - centre[:, 0] * direction[:, 1])[:, None] + half
    return np.where(slanted, on_line, along), np.where(slanted, off_line, across)


def _gaps(letters: _Letters, before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float64]:
    """The gap from each letter of ``before`` to its neighbour in ``after``, in ems; positions in ``letters``.

    Letters that one glyph stands for (ffi) share its box and have no gap.
    """
    gap = letters.along[after, 0] - letters.along[before, 1]
    codes = letters.glyphs.codes[letters.index]
    leftwards = is_right_to_left(codes[before]) | is_right_to_left(codes[after])
    gap = np.where(leftwards, np.maximum(gap, letters.along[before, 0] - letters.along[after, 1]), gap)
    runs = letters.glyphs.runs[letters.index]
    ligature = (letters.along[before] == letters.along[after]).all(axis=1) & (runs[before] == runs[after])
    em = np.maximum(np.maximum(letters.size[before], letters.size[after]), 0.1)
    return np.asarray(np.where(ligature, 0.0, gap) / em)


def _apart(letters: _Letters, before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which neighbours do not belong to the same piece of a line."""
    gap = _gaps(letters, before, after)
    spaced = letters.spaces[after] != letters.spaces[before]
    shared = np.minimum(letters.across[before, 1], letters.across[after, 1]) - np.maximum(
        letters.across[before, 0], letters.across[after, 0]
    )
    height = np.minimum(_extent(letters.across[before]), _extent(letters.across[after]))
    return np.asarray(
        (letters.turn[before] != letters.turn[after])
        | (shared < _SAME_LINE * height)
        | (gap < _BACKWARDS)
        | (gap > np.where(spaced, _COLUMN_GAP_WITH_SPACE, _COLUMN_GAP))
    )


def _extent(spans: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(spans[:, 1] - spans[:, 0])


def _pieces(letters: _Letters) -> list[NDArray[np.int64]]:
    """Letters that follow each other in the file and on the page."""
    every = np.arange(len(letters.index))
    return np.split(every, np.flatnonzero(_apart(letters, every[:-1], every[1:])) + 1)


def _joined(letters: _Letters, pieces: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Pieces that touch on the page put together, though the file draws them apart (a bold word, a kerned letter)."""
    heads = np.array([piece[0] for piece in pieces])
    middle = letters.across.mean(axis=1)
    order = np.lexsort((letters.along[heads, 0], np.round(middle[heads] / 2), letters.turn[heads]))
    joined: list[NDArray[np.int64]] = []
    for position in order:
        piece = pieces[position]
        if joined and not _apart(letters, joined[-1][-1:], piece[:1])[0]:
            joined[-1] = np.concatenate([joined[-1], piece])
        else:
            joined.append(piece)
    return sorted(joined, key=lambda piece: int(piece.min()))


def _line(letters: _Letters, piece: NDArray[np.int64]) -> TextLine:
    glyphs = letters.glyphs
    index = letters.index[piece]
    boxes = glyphs.boxes[index]
    x0, y0 = np.maximum(boxes[:, :2].min(axis=0) / (glyphs.width, glyphs.height), 0.0)
    x1, y1 = np.minimum(boxes[:, 2:].max(axis=0) / (glyphs.width, glyphs.height), 1.0)
    bold = sum(glyphs.run_list[run].bold for run in glyphs.runs[index])
    return TextLine(
        text=_text(letters, piece),
        x0=float(x0),
        y0=float(y0),
        x1=float(x1),
        y1=float(y1),
        size=float(np.median(letters.size[piece])),
        bold=2 * bold > len(index),
    )


def _text(letters: _Letters, piece: NDArray[np.int64]) -> str:
    before, after = piece[:-1], piece[1:]
    gap = _gaps(letters, before, after)
    spaced = letters.spaces[after] > letters.spaces[before]
    likely = (letters.likely[after] > letters.likely[before]) & (gap > _LIKELY_WORD_GAP)
    word_gap = _WORD_GAP
    within = gap[~spaced]
    if len(within) >= _ENOUGH_TO_JUDGE:
        usual = float(np.median(within))
        word_gap = max(word_gap, _LETTERSPACED * usual)
        likely &= usual < _LIKELY_WORD_GAP
    space_before = [False, *(spaced | likely | (gap > word_gap)).tolist()]
    codes = letters.glyphs.codes[letters.index[piece]].tolist()
    characters = (
        " " + as_text(code) if space else as_text(code) for code, space in zip(codes, space_before, strict=True)
    )
    return normalize("NFC", _ACCENT.sub(_accented, "".join(characters)))


def _accented(found: re.Match[str]) -> str:
    """TeX sets an accent as a sign of its own before its letter; here it goes onto the letter."""
    return found["letter"] + _COMBINING[found["accent"]]

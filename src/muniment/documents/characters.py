"""What the characters of a PDF's text layer stand for."""

import unicodedata

import numpy as np
from numpy.typing import NDArray

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}

# PDFium marks a hyphen at a line's end with U+0002; a soft hyphen that has a glyph is there to be seen.
_HYPHENS = dict.fromkeys((0x02, 0xAD), "-")

# Symbol and Wingdings bullets, which Word writes as private characters.
_PRIVATE = {
    **dict.fromkeys((0xF0B7, 0xF06C, 0xF09F), "•"),
    **dict.fromkeys((0xF0A7, 0xF06E), "▪"),
    0xF0D8: "➢",
    0xF0E0: "→",
    0xF0FC: "✓",
    0xF0FE: "☑",
    0xF0A8: "☐",
    0xF06F: "☐",
    0xF02D: "-",
}

_MEANINGS = {**_LIGATURES, **_HYPHENS, **_PRIVATE}

_SPACES = np.array(
    [9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
)
_NOTHING = np.array([0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F)])


def is_space(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points are white space of any width."""
    return np.isin(codes, _SPACES)


def is_nothing(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points are marks without a glyph."""
    return np.isin(codes, _NOTHING)


def is_meaningless(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points say nothing to a reader: replacement, private and control characters."""
    control = (codes < 0x20) | ((codes >= 0x7F) & (codes < 0xA0))
    private = ((codes >= 0xE000) & (codes <= 0xF8FF)) | (codes >= 0xF0000)
    unusable = (codes >= 0xFFF0) & (codes <= 0xFFFF)
    return (control | private | unusable) & ~np.isin(codes, np.array([*_MEANINGS])) & ~is_space(codes)


def is_right_to_left(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points are of the Hebrew, Arabic and related scripts."""
    return (
        ((codes >= 0x590) & (codes < 0x900))
        | ((codes >= 0xFB1D) & (codes < 0xFE00))
        | ((codes >= 0xFE70) & (codes < 0xFF00))
    )


def as_text(code: int) -> str:
    """The character for ``code``; ligatures taken apart, "\N{REPLACEMENT CHARACTER}" for what says nothing."""
    if code in _MEANINGS:
        return _MEANINGS[code]
    if 0x20 <= code < 0x7F:
        return chr(code)
    if code > 0x10FFFF or unicodedata.category(chr(code)) in ("Cc", "Cs", "Co", "Cn"):
        return "\N{REPLACEMENT CHARACTER}"
    return chr(code)

"""A PDF page's characters, read from PDFium in bulk: one pass, plain arrays."""

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

_BOLD_NAMES = ("bold", "black", "heavy", "demi", "cmbx", "ecbx", "sfbx")
_BOLD_WEIGHT = 650
_INVISIBLE_MODES = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
_FLAG_FORCE_BOLD = 1 << 18
_STRAIGHT = math.radians(10)


def _bare(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """``function`` with plain addresses for pointers: a third of the time a call, and there are thousands a page."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_unicode = _bare(pdfium.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_text_object = _bare(pdfium.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_loose_box = _bare(pdfium.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_no_meaning = _bare(pdfium.FPDFText_HasUnicodeMapError, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True, slots=True)
class Run:
    """What the characters of one text object share.

    Attributes:
        size: font size in points, as shown.
        turn: direction of reading as shown, in quarter turns clockwise from left-to-right; None if it slants.
        direction: unit vector of reading as shown, y downwards.
        bold: set in a bold face.
        visible: painted, and not only there to be selected.
    """

    size: float
    turn: int | None
    direction: tuple[float, float]
    bold: bool
    visible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """All characters of a page in the file's order.

    Attributes:
        codes: Unicode; shape (n,).
        boxes: x0, y0, x1, y1 in points of the page as shown, origin at the top left; shape (n, 4).
        runs: index into ``run_list``; -1 for what PDFium put in by itself (spaces, line ends); shape (n,).
        unmapped: the font does not say what the character means; shape (n,).
        run_list: the text objects.
        width, height: of the page as shown, in points.
    """

    codes: NDArray[np.int64]
    boxes: NDArray[np.float64]
    runs: NDArray[np.int64]
    unmapped: NDArray[np.bool_]
    run_list: tuple[Run, ...]
    width: float
    height: float


def read_glyphs(page: Any) -> Glyphs:
    """Every character of ``page`` (a pypdfium2 page)."""
    text_page = page.get_textpage()
    try:
        return _read(page, text_page)
    finally:
        text_page.close()


def _read(page: Any, text_page: Any) -> Glyphs:
    handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
    count = max(0, text_page.count_chars())
    raw_boxes = np.zeros((count, 4), np.float32)
    address = raw_boxes.ctypes.data
    codes, runs = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    unmapped = np.zeros(count, np.bool_)
    known: dict[int, int] = {}
    run_list: list[Run] = []
    fonts = _Fonts()
    rotation = page.get_rotation()
    for index in range(count):
        codes[index] = _unicode(handle, index)
        drawing = _text_object(handle, index)
        if not drawing:
            continue
        _loose_box(handle, index, address + 16 * index)
        if drawing not in known:
            known[drawing] = len(run_list)
            run_list.append(_run(text_page, index, rotation, fonts))
        runs[index] = known[drawing]
        unmapped[index] = _no_meaning(handle, index) == 1
    return Glyphs(codes, _shown(raw_boxes, page), runs, unmapped, tuple(run_list), page.get_width(), page.get_height())


class _Fonts:
    """Which fonts are bold; a page has few, and asks for each many times."""

    def __init__(self) -> None:
        self._bold: dict[int, bool] = {}

    def is_bold(self, font: Any) -> bool:
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in self._bold:
            self._bold[key] = bool(key) and _is_bold(font)
        return self._bold[key]


def _is_bold(font: Any) -> bool:
    buffer = ctypes.create_string_buffer(256)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    name = buffer.value.decode("utf-8", "replace").lower()
    if any(mark in name for mark in _BOLD_NAMES):
        return True
    return bool(pdfium.FPDFFont_GetFlags(font) & _FLAG_FORCE_BOLD) or pdfium.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT


def _run(text_page: Any, index: int, rotation: int, fonts: _Fonts) -> Run:
    drawing = pdfium.FPDFText_GetTextObject(text_page, index)
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, index, matrix):
        matrix.a = matrix.d = 1.0
    angle = math.radians(rotation) - math.atan2(matrix.b, matrix.a)
    turn = round(angle / (math.pi / 2))
    straight = abs(angle - turn * math.pi / 2) <= _STRAIGHT
    mode = pdfium.FPDFTextObj_GetTextRenderMode(drawing)
    return Run(
        size=pdfium.FPDFText_GetFontSize(text_page, index) * math.hypot(matrix.c, matrix.d),
        turn=turn % 4 if straight else None,
        direction=(math.cos(angle), math.sin(angle)),
        bold=fonts.is_bold(pdfium.FPDFTextObj_GetFont(drawing)),
        visible=mode not in _INVISIBLE_MODES and not _is_transparent(drawing),
    )


def _is_transparent(drawing: Any) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    return bool(pdfium.FPDFPageObj_GetFillColor(drawing, red, green, blue, alpha)) and alpha.value == 0


def _shown(raw: NDArray[np.float32], page: Any) -> NDArray[np.float64]:
    """Boxes (left, top, right, bottom, y upwards, page not yet turned) as the page is shown."""
    left, bottom, right, top = page.get_bbox()
    x0, x1 = raw[:, 0].astype(np.float64), raw[:, 2].astype(np.float64)
    y0, y1 = raw[:, 3].astype(np.float64), raw[:, 1].astype(np.float64)
    turned = {
        0: (x0 - left, top - y1, x1 - left, top - y0),
        90: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
        180: (right - x1, y0 - bottom, right - x0, y1 - bottom),
        270: (top - y1, right - x1, top - y0, right - x0),
    }
    a, b, c, d = turned[page.get_rotation()]
    return np.stack([np.minimum(a, c), np.minimum(b, d), np.maximum(a, c), np.maximum(b, d)], axis=1)

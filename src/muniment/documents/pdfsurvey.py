"""What is drawn on a PDF page, before any of it is rendered: is it a scan?"""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

_SPECK = 0.05
"""Pictures smaller than this share of the largest one say nothing about a scan, which may come in many strips."""
_SCAN_COVERAGE = 0.85
"""Share of the page that pictures cover when it is a scan; scanners leave margins out."""

_MAX_DEPTH = 4
_MAX_OBJECTS = 20_000
_INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster image on the page.

    Attributes:
        width, height: of the image as stored, in pixels.
        share: how much of the page it covers, 0 to 1.
        dpi: its pixels an inch as placed, the larger of both directions.
    """

    width: int
    height: int
    share: float
    dpi: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What is drawn on a page.

    Attributes:
        pictures: in drawing order.
        drawn: whether anything visible but pictures is drawn: text, lines, shadings.
        paths: how many lines, curves and areas are drawn; letters turned into outlines are such.
        text_below: whether text is drawn before a picture that covers the page, and so hidden by it.
    """

    pictures: tuple[Picture, ...]
    drawn: bool
    paths: int
    text_below: bool

    @property
    def coverage(self) -> float:
        """Share of the page that pictures cover, 0 to 1; overlaps counted twice."""
        return min(1.0, sum(picture.share for picture in self.pictures))

    @property
    def is_scan(self) -> bool:
        """Nothing is visible but pictures that fill the page."""
        return self.coverage >= _SCAN_COVERAGE and (not self.drawn or self.text_below)

    @property
    def scan_dpi(self) -> float:
        """The resolution of the finest picture that matters. Only for scans."""
        largest = max(picture.share for picture in self.pictures)
        return max(picture.dpi for picture in self.pictures if picture.share >= _SPECK * largest)

    @property
    def most_pixels(self) -> int:
        """Of the largest picture; 0 if there is none."""
        return max((picture.width * picture.height for picture in self.pictures), default=0)


def survey_page(page: Any) -> Survey:
    """Look at what is drawn on ``page`` (a pypdfium2 page)."""
    left, bottom, right, top = page.get_bbox()
    box = (left, bottom, right, top)
    pictures: list[Picture] = []
    paths = 0
    drawn = text_seen = text_below = False
    for count, (drawing, kind, matrix) in enumerate(_objects(page, _IDENTITY, 0)):
        if count > _MAX_OBJECTS:
            drawn = True
            break
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            picture = _picture(drawing, matrix, box)
            pictures.append(picture)
            text_below = text_below or (text_seen and picture.share >= _SCAN_COVERAGE)
        elif kind == pdfium.FPDF_PAGEOBJ_TEXT:
            text_seen = True
            drawn = drawn or pdfium.FPDFTextObj_GetTextRenderMode(drawing) != _INVISIBLE
        else:
            paths += kind == pdfium.FPDF_PAGEOBJ_PATH
            drawn = drawn or not _fills_page(drawing, kind, matrix, box)
    return Survey(tuple(pictures), drawn, paths, text_below)


def _objects(parent: Any, outer: Matrix, depth: int) -> Iterator[tuple[Any, int, Matrix]]:
    """Every object on the page and inside its forms, with its kind and its whole matrix."""
    count, get = (
        (pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
        if depth
        else (pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject)
    )
    for index in range(count(parent)):
        drawing = get(parent, index)
        if not drawing:
            continue
        kind = pdfium.FPDFPageObj_GetType(drawing)
        matrix = _times(_matrix(drawing), outer) if kind != pdfium.FPDF_PAGEOBJ_TEXT else outer
        if kind != pdfium.FPDF_PAGEOBJ_FORM:
            yield drawing, kind, matrix
        elif depth < _MAX_DEPTH:
            yield from _objects(drawing, matrix, depth + 1)


def _matrix(drawing: Any) -> Matrix:
    raw = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawing, raw):
        return _IDENTITY
    return raw.a, raw.b, raw.c, raw.d, raw.e, raw.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _picture(drawing: Any, matrix: Matrix, box: tuple[float, float, float, float]) -> Picture:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium.FPDFImageObj_GetImagePixelSize(drawing, width, height)
    across, along = math.hypot(matrix[0], matrix[1]), math.hypot(matrix[2], matrix[3])
    dpi = max(width.value * 72 / across if across else 0.0, height.value * 72 / along if along else 0.0)
    return Picture(width.value, height.value, _share(matrix, box), dpi)


def _share(matrix: Matrix, box: tuple[float, float, float, float]) -> float:
    """How much of ``box`` the unit square covers once ``matrix`` has placed it."""
    a, b, c, d, e, f = matrix
    xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
    left, bottom, right, top = box
    width = min(right, max(xs)) - max(left, min(xs))
    height = min(top, max(ys)) - max(bottom, min(ys))
    area = (right - left) * (top - bottom)
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 0.0


def _fills_page(drawing: Any, kind: int, matrix: Matrix, box: tuple[float, float, float, float]) -> bool:
    """Whether it is a plain rectangle as large as the page: paper, not content."""
    if kind != pdfium.FPDF_PAGEOBJ_PATH or pdfium.FPDFPath_CountSegments(drawing) > 5:
        return False
    edges = [ctypes.c_float() for _ in range(4)]
    if matrix != _IDENTITY or not pdfium.FPDFPageObj_GetBounds(drawing, *edges):
        return False
    x0, y0, x1, y1 = (edge.value for edge in edges)
    return _share((x1 - x0, 0.0, 0.0, y1 - y0, x0, y0), box) >= _SCAN_COVERAGE

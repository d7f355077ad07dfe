"""PDF documents, by way of PDFium."""

import ctypes
import math
import os
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from muniment.documents.document import Limits
from muniment.documents.page import PageImage, TextLayer
from muniment.documents.pdfsurvey import Survey, survey_page
from muniment.documents.sizing import LARGEST_RATIO, scaled, shrink_factor
from muniment.documents.textlayer import read_text_layer
from muniment.errors import BrokenDocument, DocumentError, LimitExceeded, PageError, PasswordNeeded

_POINTS_PER_INCH = 72.0
_LEAST_SCAN_DPI = 150.0
_A4_PIXELS_AT_LEAST_DPI = 2_180_000
_PAGES_PER_OPENING = 64
"""PDFium keeps every stream it has read until the document is closed, so it is closed now and then."""


def open_pdf(file: BinaryIO, name: str, password: str | None, limits: Limits) -> "PdfDocument":
    """Open a PDF; see :func:`muniment.documents.opening.open_document`."""
    return PdfDocument(file, name, password, limits)


class PdfDocument:
    """An open PDF. Holds at most one of PDFium's pages at a time."""

    kind = "pdf"

    def __init__(self, file: BinaryIO, name: str, password: str | None, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self._open = partial(_load, file, name, password)
        self._pdf = self._open()
        self.page_count = len(self._pdf)
        self._loaded: tuple[int, Any] | None = None
        self._loads = 0

    def page(self, number: int) -> "PdfPage":
        return PdfPage(self, number)

    def close(self) -> None:
        self._unload()
        self._pdf.close()

    def load(self, number: int) -> Any:
        """PDFium's page ``number``, which stays open until another one is loaded. Raises PageError."""
        if self._loaded is not None and self._loaded[0] == number:
            return self._loaded[1]
        self._unload()
        if self._loads >= _PAGES_PER_OPENING:
            self._pdf.close()
            self._pdf = self._open()
            self._loads = 0
        self._loads += 1
        return self._fetch(number)

    def reload(self, number: int) -> Any:
        """Page ``number`` read anew after it was changed. Raises PageError."""
        self._unload()
        return self._fetch(number)

    def _fetch(self, number: int) -> Any:
        if not 1 <= number <= self.page_count:
            raise PageError(f"{self.name} has no page {number}", f"Its pages are 1 to {self.page_count}.")
        try:
            page = self._pdf.get_page(number - 1)
        except pypdfium2.PdfiumError as error:
            raise PageError(
                f"{self.name}: page {number} is damaged", "Open it in a viewer and print it to a new PDF."
            ) from error
        self._loaded = (number, page)
        return page

    def _unload(self) -> None:
        if self._loaded is not None:
            self._loaded[1].close()
            self._loaded = None


class PdfPage:
    """A page of a PDF, its own rotation applied."""

    unit = "pt"

    def __init__(self, document: PdfDocument, number: int) -> None:
        self._document = document
        self.number = number
        page = document.load(number)
        self.width: float = page.get_width()
        self.height: float = page.get_height()
        _check_shape(self.width, self.height, f"{document.name}: page {number}")

    def render(self, longest: int | None = None) -> PageImage:
        page = self._document.load(self.number)
        survey = survey_page(page)
        self._check_pictures(survey)
        factor = self._resolution(survey) / _POINTS_PER_INCH
        if longest is not None:
            factor = min(factor, longest / max(self.width, self.height))
        factor *= shrink_factor(self.width * factor, self.height * factor, self._document.limits)
        width, height = scaled(self.width, self.height, factor)
        return PageImage(_draw(page, width, height), dpi=factor * _POINTS_PER_INCH)

    def text_layer(self) -> TextLayer | None:
        page = self._document.load(self.number)
        if (
            _has_drawn_annotations(page)
            and pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_FAIL
        ):
            # What was filled in or noted becomes part of the page, but is seen only once the page is read again.
            page = self._document.reload(self.number)
        return read_text_layer(page)

    def _resolution(self, survey: Survey) -> float:
        """Pixels an inch: a scan's own, so that none of its letters are resampled, or what the limits say."""
        if not survey.is_scan:
            return self._document.limits.dpi
        native = survey.scan_dpi
        if native >= _LEAST_SCAN_DPI:
            return native
        # Scanners that state no resolution make a 1,700 px wide page 24 inches wide. Those pixels are all there is.
        inches = self.width * self.height / _POINTS_PER_INCH**2
        enough = math.sqrt(_A4_PIXELS_AT_LEAST_DPI / inches)
        return max(native, min(_LEAST_SCAN_DPI, enough))

    def _check_pictures(self, survey: Survey) -> None:
        most = self._document.limits.max_pixels
        if survey.most_pixels > most:
            raise LimitExceeded(
                f"{self._document.name}: page {self.number} holds a picture of {survey.most_pixels:,} pixels; "
                f"at most {most:,} are allowed",
                "Print the page to a new PDF at a lower resolution.",
            )


def _load(file: BinaryIO, name: str, password: str | None) -> Any:
    access, keep = _file_access(file)
    secret = None if password is None else password.encode("utf-8", "replace") + b"\0"
    handle = pdfium.FPDF_LoadCustomDocument(access, secret)
    if not handle:
        raise _loading_error(pdfium.FPDF_GetLastError(), name, password)
    document = pypdfium2.PdfDocument(handle)
    # PDFium calls back into what it reads from until the document is closed.
    document._data_holder.extend((access, keep))  # noqa: SLF001
    if len(document) < 1:
        document.close()
        raise BrokenDocument(f"{name} has no pages", "Export or scan it again.")
    document.init_forms()
    return document


def _file_access(file: BinaryIO) -> tuple[Any, Any]:
    """What PDFium needs to read from ``file``, piece by piece and never whole."""

    def read_block(_: Any, position: int, buffer: Any, size: int) -> int:
        try:
            file.seek(position)
            block = file.read(size)
        except (OSError, ValueError):
            return 0
        if len(block) != size:
            return 0
        ctypes.memmove(buffer, block, size)
        return 1

    access = pdfium.FPDF_FILEACCESS()
    access.m_FileLen = file.seek(0, os.SEEK_END)
    access.m_GetBlock = type(access.m_GetBlock)(read_block)
    return access, access.m_GetBlock


def _loading_error(code: int, name: str, password: str | None) -> DocumentError:
    if code == pdfium.FPDF_ERR_PASSWORD:
        if not password:
            return PasswordNeeded(f"{name} is encrypted", "Give its password with --password.")
        return PasswordNeeded(f"{name} is encrypted, and the password given is wrong", "Check the password.")
    if code == pdfium.FPDF_ERR_SECURITY:
        return BrokenDocument(
            f"{name} is encrypted in a way that cannot be read here",
            "Open it in a viewer and save it without security.",
        )
    return BrokenDocument(
        f"{name} is a PDF, but damaged or cut off", "Copy or download it again, or print it to a new PDF."
    )


def _check_shape(width: float, height: float, page: str) -> None:
    shorter, longer = min(width, height), max(width, height)
    if not (shorter > 0 and math.isfinite(longer) and longer <= shorter * LARGEST_RATIO):
        raise PageError(
            f"{page} is said to be {width:g} × {height:g} points, which is no page",
            "Print it to a new PDF with a real paper size.",
        )


def _has_drawn_annotations(page: Any) -> bool:
    """Whether form fields, notes or stamps may add text to the page."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind not in (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP):
            return True
    return False


def _draw(page: Any, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The page with its annotations and form fields on white; shape (height, width, 3), RGB."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    target = (ctypes.c_uint8 * pixels.nbytes).from_buffer(pixels.data)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, target, width * 3)
    try:
        where = (bitmap, page, 0, 0, width, height, 0, pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER)
        pdfium.FPDF_RenderPageBitmap(*where)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, *where)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return pixels

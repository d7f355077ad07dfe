"""Image files, by way of Pillow.

A TIFF's frames are pages, less the reduced copies some scanners put beside them. Of every other kind the first picture
is the page: an animation's frames are not pages, nor are a camera's previews.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile, TiffImagePlugin

from muniment.documents.document import Limits
from muniment.documents.page import PageImage, TextLayer
from muniment.documents.pixels import (
    grey_or_rgb,
    is_uniform,
    plausible_dpi,
    rgb_array,
    square_factors,
    stated_resolution,
)
from muniment.documents.sizing import scaled, shrink_factor
from muniment.errors import BrokenDocument, LimitExceeded, PageError

_PILLOW_FORMATS = {
    "png": ("PNG",),
    "jpeg": ("JPEG", "MPO"),
    "tiff": ("TIFF",),
    "webp": ("WEBP",),
    "bmp": ("BMP", "DIB"),
    "gif": ("GIF",),
    "heic": ("HEIF",),
}
_ORIENTATION = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SUBFILE_TYPE = 254
_REDUCED = 1
_AGAIN = "Copy, convert or scan it again."


def open_image(file: BinaryIO, name: str, kind: str, limits: Limits) -> "ImageDocument":
    """Open an image file; see :func:`muniment.documents.opening.open_document`."""
    return ImageDocument(file, name, kind, limits)


class ImageDocument:
    """An open image file. Nothing stays decoded between calls."""

    def __init__(self, file: BinaryIO, name: str, kind: str, limits: Limits) -> None:
        self.name = name
        self.kind = kind
        self.limits = limits
        self._file = file
        with _pillow():
            self._frames = self._page_frames()
        self.page_count = len(self._frames)
        if self.page_count == 1:
            self._check_only_frame()

    def page(self, number: int) -> "ImagePage":
        return ImagePage(self, number)

    def close(self) -> None:
        """Nothing is held."""

    def label(self, number: int) -> str:
        """How messages call page ``number``."""
        return self.name if self.page_count == 1 else f"{self.name}: page {number}"

    @contextmanager
    def frame(self, number: int) -> Iterator[Image.Image]:
        """The picture of page ``number``, its header read and nothing decoded. Raises PageError."""
        if not 1 <= number <= self.page_count:
            raise PageError(f"{self.name} has no page {number}", f"Its pages are 1 to {self.page_count}.")
        with _pillow():
            try:
                image = self._opened()
                image.seek(self._frames[number - 1])
            except Exception as error:
                raise PageError(f"{self.label(number)} is damaged", _AGAIN) from error
            yield image

    def _check_only_frame(self) -> None:
        with self.frame(1) as image:
            if min(image.size) < 1:
                raise BrokenDocument(f"{self.name} is {image.width} × {image.height} pixels: nothing is in it", _AGAIN)
            _check_size(image, self.name, self.limits)

    def _opened(self) -> Image.Image:
        if self.kind == "heic":
            import pillow_heif

            pillow_heif.register_heif_opener()
        self._file.seek(0)
        return Image.open(self._file, formats=_PILLOW_FORMATS[self.kind])

    def _page_frames(self) -> list[int]:
        try:
            image = self._opened()
            return list(_tiff_pages(image)) if self.kind == "tiff" else [0]
        except Exception as error:
            raise BrokenDocument(f"{self.name} is a {self.kind.upper()} image, but damaged", _AGAIN) from error


class ImagePage:
    """One picture as a page, upright as its EXIF orientation says."""

    unit = "px"

    def __init__(self, document: ImageDocument, number: int) -> None:
        self._document = document
        self.number = number
        with document.frame(number) as image:
            width, height = image.size
            if _is_sideways(image):
                width, height = height, width
        self.width = float(width)
        self.height = float(height)

    def render(self, longest: int | None = None) -> PageImage:  # noqa: ARG002 - decoding takes the same either way
        label = self._document.label(self.number)
        try:
            return self._render(label, lenient=False)
        except PageError:
            return self._render(label, lenient=True)

    def text_layer(self) -> TextLayer | None:
        return None

    def _render(self, label: str, *, lenient: bool) -> PageImage:
        limits = self._document.limits
        with self._document.frame(self.number) as image:
            _check_size(image, label, limits)
            try:
                with _decoding_what_there_is(lenient):
                    picture = _decoded(image, limits)
            except Exception as error:
                raise PageError(f"{label} is damaged and cannot be decoded", _AGAIN) from error
        if lenient and is_uniform(picture.image):
            raise PageError(f"{label} is damaged, and nothing of it can be decoded", _AGAIN)
        return PageImage(rgb_array(picture.image), picture.dpi, damaged=lenient)


@dataclass(frozen=True, slots=True)
class _Picture:
    image: Image.Image
    dpi: float | None


def _decoded(image: Image.Image, limits: Limits) -> _Picture:
    """The picture upright, in "L" or "RGB", with square pixels and no more of them than allowed."""
    stated = stated_resolution(image)
    width, height = image.size
    across, along = square_factors(stated)
    factor = shrink_factor(width * across, height * along, limits)
    target = scaled(width * across, height * along, factor)
    orientation = 1 if image.format == "TIFF" else _orientation(image)
    if factor < 1:
        image.draft(None, target)
    image.load()
    picture = grey_or_rgb(image)
    if picture.size != target and (factor, across, along) != (1, 1, 1):
        picture = picture.resize(target, Image.Resampling.HAMMING, reducing_gap=3.0)
    dpi = plausible_dpi(stated, width, height)
    return _Picture(_upright(picture, orientation), None if dpi is None else dpi * factor)


def _check_size(image: Image.Image, label: str, limits: Limits) -> None:
    """Hold the size that the header states against the limits, before anything is decoded. Raises LimitExceeded."""
    width, height = image.size
    if width * height > limits.max_pixels:
        raise LimitExceeded(
            f"{label} has {width:,} × {height:,} = {width * height:,} pixels; "
            f"at most {limits.max_pixels:,} are allowed",
            "Scale it down or cut it into parts.",
        )


def _tiff_pages(image: Image.Image) -> Iterator[int]:
    """The frames of a TIFF that are pages. One whose header is damaged is one: it fails when it is asked for."""
    index = 0
    while True:
        try:
            image.seek(index)
        except EOFError:
            break
        except Exception:
            yield index
            break
        if index == 0 or not _is_reduced_copy(image):
            yield index
        index += 1


def _is_reduced_copy(image: Image.Image) -> bool:
    kind = image.tag_v2.get(_SUBFILE_TYPE, 0) if isinstance(image, TiffImagePlugin.TiffImageFile) else 0
    return isinstance(kind, int) and bool(kind & _REDUCED)


def _is_sideways(image: Image.Image) -> bool:
    """Whether EXIF says that width and height change places. Pillow has done so already for TIFF."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return _orientation(image) in _SIDEWAYS


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


@contextmanager
def _pillow() -> Iterator[None]:
    """Pillow without its own limits, which warn and refuse by other numbers than ours, and without its warnings."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _decoding_what_there_is(lenient: bool) -> Iterator[None]:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, lenient
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before

"""Every kind of image becomes an upright 8-bit RGB page, within bounds."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, TiffImagePlugin

from muniment.documents import Limits, Page, PageImage, open_document
from muniment.errors import LimitExceeded, PageError
from tests.builders import image_bytes, noise, page_picture, tiff_bytes

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def page_of(data: bytes, number: int = 1, limits: Limits | None = None) -> Page:
    return open_document(io.BytesIO(data), "scan", limits=limits).page(number)


def rendered(data: bytes, number: int = 1, limits: Limits | None = None) -> PageImage:
    return page_of(data, number, limits).render()


def close(pixels: NDArray[np.uint8], colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool((np.abs(pixels.astype(int) - colour) <= tolerance).all())


def assert_is_page_picture(image: PageImage) -> None:
    pixels = image.pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == (300, 400, 3)
    assert close(pixels[20, 20], RED)
    assert close(pixels[280, 380], BLUE)
    assert close(pixels[150, 200], WHITE)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "JPEG", "GIF"])
def test_rgb(kind: str) -> None:
    assert_is_page_picture(rendered(image_bytes(page_picture(), kind)))


def test_palette() -> None:
    assert_is_page_picture(rendered(image_bytes(page_picture().quantize(8), "PNG")))


def test_cmyk() -> None:
    assert_is_page_picture(rendered(image_bytes(page_picture().convert("CMYK"), "TIFF")))


def test_transparency_is_white() -> None:
    image = page_picture().convert("RGBA")
    image.paste((0, 0, 0, 0), (100, 100, 300, 200))
    assert_is_page_picture(rendered(image_bytes(image, "PNG")))
    grey = Image.new("LA", (4, 4), (0, 0))
    assert close(rendered(image_bytes(grey, "PNG")).pixels, WHITE)


def test_transparent_palette_is_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert close(rendered(image_bytes(image, "PNG", transparency=0)).pixels, WHITE)


def test_one_bit() -> None:
    image = Image.new("1", (40, 30), 1)
    ImageDraw.Draw(image).rectangle((0, 0, 9, 9), fill=0)
    pixels = rendered(image_bytes(image, "TIFF", compression="group4")).pixels
    assert close(pixels[5, 5], (0, 0, 0))
    assert close(pixels[20, 20], WHITE)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    pixels = rendered(image_bytes(Image.fromarray(ramp), kind)).pixels
    assert np.array_equal(pixels[0, :, 0], np.arange(256))


def test_twelve_bit_grey_in_sixteen_is_not_black() -> None:
    ramp = np.linspace(0, 4_095, 256).astype(np.uint16)[None, :]
    assert rendered(image_bytes(Image.fromarray(ramp), "TIFF")).pixels[0, -1, 0] == 255


def test_sixteen_bit_grey_with_white_as_zero() -> None:
    black = Image.fromarray(np.full((4, 4), 65_535, np.uint16))
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[262] = 0
    assert close(rendered(image_bytes(black, "TIFF", tiffinfo=tags)).pixels, (0, 0, 0))


@pytest.mark.parametrize("white", [1.0, 200.0, 60_000.0, 1e9])
def test_float_grey(white: float) -> None:
    values = np.array([[0, white, np.nan]], np.float32)
    pixels = rendered(image_bytes(Image.fromarray(values), "TIFF")).pixels
    assert pixels[0, 0, 0] == 0
    assert pixels[0, 1, 0] >= 199


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_honoured(orientation: int, kind: str) -> None:
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = page_picture() if stored is None else page_picture().transpose(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = page_of(image_bytes(image, kind, exif=exif))
    assert (page.width, page.height, page.unit) == (400, 300, "px")
    assert_is_page_picture(page.render())


def test_one_pixel_is_a_page() -> None:
    assert rendered(image_bytes(Image.new("L", (1, 1), 255), "PNG")).pixels.tolist() == [[[255, 255, 255]]]


def test_the_frames_of_a_tiff_are_pages() -> None:
    frames = [Image.new("L", (20 + 10 * index, 30), 50 * index) for index in range(4)]
    document = open_document(io.BytesIO(tiff_bytes(frames)), "fax.tif")
    assert document.page_count == 4
    for number in (4, 1, 3, 2):
        page = document.page(number)
        assert page.number == number
        assert page.width == 10 + 10 * number
        assert page.render().pixels[0, 0, 0] == 50 * (number - 1)
        assert page.text_layer() is None


def test_reduced_copies_in_a_tiff_are_no_pages() -> None:
    out = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(out, new=True) as writer:
        for frame, kind in ((page_picture(), 0), (page_picture(40, 30), 1), (page_picture(), 2)):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[254] = kind
            frame.save(writer, "TIFF", tiffinfo=tags)
            writer.newFrame()
    document = open_document(io.BytesIO(out.getvalue()), "scan.tif")
    assert document.page_count == 2
    assert_is_page_picture(document.page(2).render())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_the_page(kind: str) -> None:
    frames = [page_picture(), Image.new("RGB", (400, 300), "black")]
    data = image_bytes(frames[0], kind, save_all=True, append_images=frames[1:])
    document = open_document(io.BytesIO(data), "waving")
    assert document.page_count == 1
    assert_is_page_picture(document.page(1).render())


def test_a_corrupt_frame_costs_only_its_own_page() -> None:
    data = bytearray(tiff_bytes([page_picture(), noise(400, 300), page_picture()], compression="tiff_deflate"))
    middle = len(data) // 2
    data[middle - 40_000 : middle + 40_000] = b"\xff" * 80_000
    document = open_document(io.BytesIO(bytes(data)), "fax.tif")
    assert document.page_count == 3
    assert_is_page_picture(document.page(1).render())
    with pytest.raises(PageError, match=r"fax\.tif: page 2 is damaged"):
        document.page(2).render()
    assert_is_page_picture(document.page(3).render())


def test_a_tiff_that_breaks_off_keeps_a_place_for_the_page_that_is_lost() -> None:
    whole = tiff_bytes([page_picture(), page_picture()])
    second = open_document(io.BytesIO(whole), "fax.tif")
    assert second.page_count == 2
    first_directory = int.from_bytes(whole[4:8], "little")
    entries = int.from_bytes(whole[first_directory : first_directory + 2], "little")
    link = first_directory + 2 + 12 * entries
    broken = whole[:link] + (len(whole) - 6).to_bytes(4, "little") + whole[link + 4 :]
    document = open_document(io.BytesIO(broken), "fax.tif")
    assert_is_page_picture(document.page(1).render())
    assert document.page_count == 2
    with pytest.raises(PageError, match=r"fax\.tif: page 2 is damaged"):
        document.page(2).render()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_of_an_image_that_breaks_off_what_is_there_is_read_and_marked(kind: str) -> None:
    whole = image_bytes(noise(200, 200), kind)
    image = rendered(whole[: len(whole) * 3 // 4])
    expected = rendered(whole)
    assert (image.damaged, expected.damaged) == (True, False)
    assert np.array_equal(image.pixels[:100], expected.pixels[:100])


def test_an_image_of_which_nothing_is_there_is_no_blank_page() -> None:
    whole = image_bytes(noise(200, 200), "PNG")
    with pytest.raises(PageError, match="scan is damaged"):
        rendered(whole[:60])


def test_a_page_that_is_not_there() -> None:
    with pytest.raises(PageError, match="scan has no page 2"):
        page_of(image_bytes(page_picture(), "PNG"), 2)


def test_too_large_a_frame_costs_only_its_own_page() -> None:
    data = tiff_bytes([Image.new("1", (50, 50)), Image.new("1", (500, 500))])
    limits = Limits(max_pixels=10_000)
    assert rendered(data, 1, limits).width == 50
    with pytest.raises(LimitExceeded, match=r"scan: page 2 has 500 × 500 = 250,000 pixels; at most 10,000"):
        rendered(data, 2, limits)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((30_000, 40), (40, 30_000)),
        ((900, 7_000), (7_000, 900)),
        ((6_000, 6_000), (3_508, 3_508)),
        ((12_000, 3_000), (1_754, 7_016)),
    ],
)
def test_only_the_area_is_bounded(size: tuple[int, int], shape: tuple[int, int]) -> None:
    page = page_of(image_bytes(Image.new("L", size, 255), "PNG"))
    assert (page.width, page.height) == pytest.approx(size)
    assert page.render().pixels.shape[:2] == shape


def test_scaling_down_a_photo_keeps_what_is_on_it_and_its_resolution() -> None:
    data = image_bytes(page_picture(4_000, 3_000), "JPEG", dpi=(400, 400))
    image = rendered(data, limits=Limits(max_side=346))
    assert image.pixels.shape == (300, 400, 3)
    assert image.dpi == pytest.approx(40, rel=0.01)
    assert close(image.pixels[20, 20], RED)


@pytest.mark.parametrize(
    ("size", "dpi", "expected"),
    [((1_700, 2_200), (200, 200), 200), ((4_000, 3_000), (1, 1), None), ((300, 200), (2_000, 2_000), None)],
)
def test_the_resolution_is_told_where_it_makes_sense(
    size: tuple[int, int], dpi: tuple[int, int], expected: float | None
) -> None:
    found = rendered(image_bytes(Image.new("1", size), "TIFF", dpi=dpi)).dpi
    assert found == (None if expected is None else pytest.approx(expected, rel=0.01))


def test_the_flat_pixels_of_a_fax_become_square() -> None:
    image = rendered(image_bytes(Image.new("1", (1_728, 1_100), 1), "TIFF", dpi=(204, 98)))
    assert image.pixels.shape[:2] == (2_290, 1_728)
    assert image.dpi == pytest.approx(204)


def test_the_same_file_gives_the_same_pixels() -> None:
    data = image_bytes(noise(500, 400), "JPEG")
    assert np.array_equal(rendered(data).pixels, rendered(data).pixels)

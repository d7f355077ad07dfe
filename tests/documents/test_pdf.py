"""PDF pages become pixels: upright, with everything that is seen on them, at a resolution that suits."""

import ctypes
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from muniment.documents import Document, Limits, PageImage, open_document
from muniment.errors import LimitExceeded, PageError
from tests.builders import A4, assemble_pdf, noise, page_picture, raw_pdf, scanned_pdf, text_pdf

RED_CORNER = b"1 0 0 rg 0 700 100 100 re f"
"""A red square at the top left of the 600 × 800 page."""


def opened(data: bytes, limits: Limits | None = None) -> Document:
    return open_document(io.BytesIO(data), "deed.pdf", limits=limits)


def rendered(data: bytes, limits: Limits | None = None) -> PageImage:
    return opened(data, limits).page(1).render()


def is_red(image: PageImage, x: float, y: float) -> bool:
    """Whether the point at these fractions of the page is red."""
    red, green, blue = image.pixels[int(y * image.height), int(x * image.width)]
    return bool(red > 200 and green < 60 and blue < 60)


def test_a_page_is_rendered_at_the_resolution_asked_for() -> None:
    page = opened(text_pdf("Hello"), Limits(dpi=100)).page(1)
    assert (page.number, page.unit) == (1, "pt")
    assert (page.width, page.height) == pytest.approx(A4, abs=0.01)
    image = page.render()
    assert image.pixels.shape == (1169, 827, 3)
    assert image.pixels.dtype == np.uint8
    assert image.dpi == pytest.approx(100)
    assert image.pixels[0, 0].tolist() == [255, 255, 255]
    assert image.pixels.min() < 50


def test_colours_come_in_the_right_order() -> None:
    image = rendered(raw_pdf(RED_CORNER))
    assert is_red(image, 0.05, 0.05)
    assert not is_red(image, 0.5, 0.5)


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, (0.05, 0.05)), (90, (0.95, 0.05)), (180, (0.95, 0.95)), (270, (0.05, 0.95))]
)
def test_the_page_s_own_rotation_is_honoured(rotate: int, corner: tuple[float, float]) -> None:
    page = opened(raw_pdf(RED_CORNER, page=b"/Rotate %d" % rotate)).page(1)
    assert (page.width, page.height) == ((600, 800) if rotate % 180 == 0 else (800, 600))
    image = page.render()
    assert (image.width > image.height) == (rotate % 180 == 90)
    assert is_red(image, *corner)


def test_the_crop_box_is_the_page() -> None:
    page = opened(raw_pdf(RED_CORNER, page=b"/CropBox[0 600 200 800]")).page(1)
    assert (page.width, page.height) == (200, 200)
    assert is_red(page.render(), 0.4, 0.4)


def test_annotations_are_drawn() -> None:
    note = b"<</Type/Annot/Subtype/Stamp/Rect[0 700 100 800]/F 4/AP<</N 7 0 R>>>>"
    look = b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Length 25>>stream\n1 0 0 rg 0 0 100 100 re f\nendstream"
    assert is_red(rendered(raw_pdf(b"", page=b"/Annots[6 0 R]", objects=[note, look])), 0.05, 0.05)


def test_form_fields_are_drawn() -> None:
    assert filled_form_image().pixels.min() < 100


def filled_form() -> bytes:
    """A form whose one field says "Ada Lovelace" but has no appearance of its own."""
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Ada Lovelace)/DA(/F1 12 Tf 0 g)/Rect[50 700 250 720]/F 4>>"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/DR<</Font<</F1 4 0 R>>>>/NeedAppearances true>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Annots[5 0 R]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        field,
    ]
    return assemble_pdf(bodies)


def filled_form_image() -> PageImage:
    return rendered(filled_form())


def test_what_was_filled_in_is_in_the_text_layer() -> None:
    page = opened(filled_form()).page(1)
    before = page.render()
    layer = page.text_layer()
    assert layer is not None
    assert [line.text for line in layer.lines] == ["Ada Lovelace"]
    assert layer.lines[0].x0 == pytest.approx(52 / 600, abs=0.01)
    assert np.abs(before.pixels.astype(int) - page.render().pixels).mean() < 1


@pytest.mark.parametrize(
    ("pixels", "size", "expected"),
    [
        ((1_240, 1_754), A4, (1_240, 1_754)),
        ((2_480, 3_508), A4, (2_480, 3_508)),
        ((3_508, 4_961), A4, (2_950, 4_172)),
        ((300, 424), A4, (1_240, 1_754)),
        ((1_700, 2_200), (1_700, 2_200), (1_700, 2_200)),
        ((1_000, 200), (1_000, 200), (2_083, 417)),
    ],
)
def test_a_scan_is_rendered_at_its_own_resolution(
    pixels: tuple[int, int], size: tuple[float, float], expected: tuple[int, int]
) -> None:
    image = rendered(scanned_pdf(Image.new("L", pixels, 128), size=size))
    assert (image.width, image.height) == pytest.approx(expected, abs=2)


def test_a_scan_under_an_invisible_text_layer_is_still_a_scan() -> None:
    picture = b"<</Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray/Length 4>>"
    picture += b"stream\n\x80\x80\x80\x80\nendstream"
    content = b"q 600 0 0 800 0 0 cm /Im0 Do Q BT /F1 12 Tf 3 Tr 50 50 Td (hidden) Tj ET"
    image = rendered(raw_pdf(content, resources=b"/XObject<</Im0 6 0 R>>", objects=[picture]))
    assert image.dpi == pytest.approx(150, abs=1)


def test_a_picture_among_text_leaves_the_page_at_the_usual_resolution() -> None:
    picture = b"<</Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray/Length 4>>"
    picture += b"stream\n\x80\x80\x80\x80\nendstream"
    content = b"q 600 0 0 800 0 0 cm /Im0 Do Q BT /F1 12 Tf 50 50 Td (seen) Tj ET"
    image = rendered(raw_pdf(content, resources=b"/XObject<</Im0 6 0 R>>", objects=[picture]))
    assert image.dpi == pytest.approx(200, abs=1)


def test_a_poster_is_scaled_down_and_not_refused() -> None:
    image = rendered(raw_pdf(RED_CORNER, page=b"/MediaBox[0 0 6000 8000]"))
    assert image.width * image.height == pytest.approx(3_508**2, rel=0.01)
    assert image.dpi == pytest.approx(image.width / 6000 * 72, rel=0.01)


@pytest.mark.parametrize("box", [b"[0 0 14000 1]", b"[0 0 1 14000]"])
def test_a_page_that_is_no_page_is_told(box: bytes) -> None:
    document = opened(raw_pdf(b"", page=b"/MediaBox" + box))
    with pytest.raises(PageError, match=r"deed\.pdf: page 1 is said to be .* points, which is no page"):
        document.page(1)


def test_a_page_holding_a_bomb_is_refused_before_it_is_drawn() -> None:
    bomb = b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceGray/Length 4>>"
    bomb += b"stream\n\x80\x80\x80\x80\nendstream"
    data = raw_pdf(b"q 600 0 0 800 0 0 cm /Im0 Do Q", resources=b"/XObject<</Im0 6 0 R>>", objects=[bomb])
    with pytest.raises(LimitExceeded, match=r"deed\.pdf: page 1 holds a picture of 3,600,000,000 pixels"):
        rendered(data)


def test_a_damaged_page_costs_only_itself() -> None:
    good = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>",
        good,
        b"(not a page at all)",
        good,
    ]
    document = opened(assemble_pdf(bodies))
    assert document.page_count == 3
    assert document.page(1).width == 600
    with pytest.raises(PageError, match=r"deed\.pdf: page 2 is damaged. Open it in a viewer"):
        document.page(2)
    assert document.page(3).render().width == 1_667


def test_pages_outside_the_document() -> None:
    document = opened(text_pdf("one", "two"))
    for number in (0, 3, -1):
        with pytest.raises(PageError, match=rf"deed\.pdf has no page {number}. Its pages are 1 to 2"):
            document.page(number)


def test_a_page_stays_usable_when_others_are_opened() -> None:
    document = opened(text_pdf("one", "two"))
    first, second = document.page(1), document.page(2)
    for page, text in ((first, "one"), (second, "two"), (first, "one")):
        layer = page.text_layer()
        assert layer is not None
        assert layer.lines[0].text == text


def test_the_same_page_gives_the_same_pixels() -> None:
    data = text_pdf("Same input, same output bytes")
    assert np.array_equal(rendered(data).pixels, rendered(data).pixels)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_pages() -> None:
    data = scanned_pdf(*(noise(300, 300, seed) for seed in range(200)))
    file = io.BytesIO(data)
    document = open_document(file, "deed.pdf", limits=Limits(max_side=100))
    resident = []
    for number in range(1, document.page_count + 1):
        document.page(number).render()
        document.page(number).text_layer()
        if number in (70, 200):
            resident.append(resident_bytes())
    assert resident[1] - resident[0] < len(data) / 4, "some of what was read of 130 pages is kept"


def resident_bytes() -> int:
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_page_of_only_a_picture_has_no_text_layer() -> None:
    assert opened(scanned_pdf(page_picture())).page(1).text_layer() is None

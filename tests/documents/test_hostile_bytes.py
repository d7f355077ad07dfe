"""Whatever the bytes, nothing but Muniment's own errors comes out.

PDFium and the image libraries are written in C; should one of them crash on some bytes, the run of these tests ends.
Workers are there for that: a crash costs one a page.
"""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.documents import Document, Limits, open_document
from muniment.errors import MunimentError
from tests.builders import image_bytes, noise, page_picture, raw_pdf, scanned_pdf, text_pdf, tiff_bytes

LIMITS = Limits(max_pixels=1_000_000, max_side=200, max_pages=20)

GOOD = {
    "text.pdf": text_pdf("A muniment room\nis a strongroom", "second page"),
    "encrypted.pdf": text_pdf("secret", password="open sesame"),
    "scan.pdf": scanned_pdf(page_picture(80, 60)),
    "raw.pdf": raw_pdf(b"BT /F1 12 Tf 50 50 Td (plain) Tj ET 0 0 50 50 re f"),
    "photo.jpg": image_bytes(page_picture(80, 60), "JPEG"),
    "noise.png": image_bytes(noise(20, 20), "PNG"),
    "palette.png": image_bytes(page_picture(80, 60).quantize(8), "PNG"),
    "fax.tif": tiff_bytes([page_picture(80, 60).convert("1"), page_picture(80, 60)], compression="tiff_lzw"),
    "photo.webp": image_bytes(page_picture(80, 60), "WEBP"),
    "screen.bmp": image_bytes(page_picture(40, 30), "BMP"),
    "waving.gif": image_bytes(page_picture(80, 60), "GIF"),
}

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def read_all(data: bytes) -> None:
    """Read every page, or be told why not."""
    complaints: list[str] = []
    try:
        document = open_document(io.BytesIO(data), "hostile", limits=LIMITS)
    except MunimentError as error:
        complaints.append(error.what)
    else:
        for number in range(1, document.page_count + 1):
            try:
                read_page(document, number)
            except MunimentError as error:
                complaints.append(error.what)
        document.close()
    assert all("hostile" in complaint for complaint in complaints)


def read_page(document: Document, number: int) -> None:
    page = document.page(number)
    image = page.render()
    assert image.pixels.shape[2] == 3
    assert 1 <= image.width * image.height <= 1.1 * LIMITS.max_side**2
    page.text_layer()


@pytest.mark.parametrize("name", GOOD)
def test_the_good_files_are_good(name: str) -> None:
    if name != "encrypted.pdf":
        assert open_document(io.BytesIO(GOOD[name]), name, limits=LIMITS).page(1).render().width > 1


@quick
@given(st.sampled_from([b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"GIF89a"]), st.binary())
def test_noise(start: bytes, noise_after: bytes) -> None:
    read_all(start + noise_after)


@quick
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_files_that_break_off(name: str, data: st.DataObject) -> None:
    whole = GOOD[name]
    read_all(whole[: data.draw(st.integers(0, len(whole)), label="length")])


@quick
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_files_with_changed_bytes(name: str, data: st.DataObject) -> None:
    changed = bytearray(GOOD[name])
    places = st.integers(0, len(changed) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        changed[place] = value
    read_all(bytes(changed))


@quick
@given(st.sampled_from(sorted(GOOD)), st.sampled_from(sorted(GOOD)), st.integers(0, 400))
def test_files_spliced_together(first: str, second: str, cut: int) -> None:
    read_all(GOOD[first][:cut] + GOOD[second][cut:])

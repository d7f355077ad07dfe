from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.documents.kinds import EXTENSIONS, kind_of, resemblance
from tests.builders import image_bytes, page_picture, text_pdf


@pytest.mark.parametrize(
    ("pillow_format", "kind"),
    [("PNG", "png"), ("JPEG", "jpeg"), ("TIFF", "tiff"), ("WEBP", "webp"), ("BMP", "bmp"), ("GIF", "gif")],
)
def test_images_are_known_by_their_first_bytes(pillow_format: str, kind: str) -> None:
    assert kind_of(image_bytes(page_picture(), pillow_format)) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"MM\x00*\x00\x00\x00\x08", "tiff"),
        (b"II+\x00\x08\x00\x00\x00", "tiff"),
        (b"MM\x00+\x00\x08\x00\x00", "tiff"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"BM in a memo, and more than twenty letters", None),
        (b"", None),
    ],
)
def test_rarer_headers(head: bytes, kind: str | None) -> None:
    assert kind_of(head) == kind


@pytest.mark.parametrize(("junk", "kind"), [(0, "pdf"), (1024, "pdf"), (1025, None)])
def test_a_pdf_may_begin_behind_1024_bytes_of_something_else(junk: int, kind: str | None) -> None:
    assert kind_of(b"\n" * junk + text_pdf("Hello")[:200]) == kind


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"Dear reader,\nplease find enclosed\n", "a text file"),
        (b"\xef\xbb\xbfname,price\n", "a text file"),
        (b"  <!DOCTYPE html><html>", "a web page"),
        (b"<?xml version='1.0'?><svg xmlns='...'>", "an SVG drawing"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (b"PK\x03\x04....[Content_Types].xml....word/document.xml", "a Word document"),
        (b"PK\x03\x04....[Content_Types].xml", "a Microsoft Office file"),
        (b"PK\x03\x04....readme.txt", "a ZIP archive"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1", "an AVIF image"),
        (b"\x00\x01\x02\x03", ""),
        (b"", ""),
    ],
)
def test_what_cannot_be_opened_is_called_by_its_name(head: bytes, what: str) -> None:
    assert resemblance(head) == what


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_or_none(head: bytes) -> None:
    assert kind_of(head) in {None, "pdf", "png", "jpeg", "tiff", "webp", "bmp", "gif", "heic"}
    assert isinstance(resemblance(head), str)


def test_folders_are_searched_for_the_extensions_of_every_kind() -> None:
    for name in ("a.pdf", "a.png", "a.jpg", "a.jpeg", "a.tif", "a.tiff", "a.webp", "a.bmp", "a.gif", "a.heic"):
        assert Path(name).suffix in EXTENSIONS

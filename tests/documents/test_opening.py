"""What can be opened is opened, and what cannot is refused in words that help."""

import io
import os

import pytest
from PIL import Image

from muniment.documents import Document, Limits, open_document
from muniment.errors import BrokenDocument, DocumentError, LimitExceeded, NotADocument, PasswordNeeded
from tests.builders import assemble_pdf, image_bytes, page_picture, png_claiming, text_pdf, tiff_bytes


def opened(
    data: bytes, name: str = "deed.pdf", *, password: str | None = None, limits: Limits | None = None
) -> Document:
    return open_document(io.BytesIO(data), name, password=password, limits=limits)


def refusal(data: bytes, expected: type[DocumentError], **options: object) -> str:
    with pytest.raises(expected) as caught:
        opened(data, **options)  # type: ignore[arg-type]
    assert type(caught.value) is expected
    assert "deed.pdf" in caught.value.what
    assert caught.value.hint.endswith(".")
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind", "page_count"),
    [
        (text_pdf("one", "two"), "pdf", 2),
        (b"junk\r\n" * 100 + text_pdf("one"), "pdf", 1),
        (image_bytes(page_picture(), "PNG"), "png", 1),
        (image_bytes(page_picture(), "JPEG"), "jpeg", 1),
        (tiff_bytes([page_picture(), page_picture(), page_picture()]), "tiff", 3),
        (image_bytes(page_picture(), "WEBP"), "webp", 1),
        (image_bytes(page_picture(), "BMP"), "bmp", 1),
        (image_bytes(page_picture(), "GIF"), "gif", 1),
    ],
)
def test_the_bytes_decide_and_not_the_name(data: bytes, kind: str, page_count: int) -> None:
    document = opened(data, "misnamed.txt")
    assert (document.kind, document.page_count) == (kind, page_count)
    document.close()


def test_an_inherited_descriptor_without_a_name_will_do() -> None:
    descriptor = os.memfd_create("stdin")
    with os.fdopen(descriptor, "w+b") as file:
        file.write(text_pdf("from standard input"))
        document = open_document(file, "stdin")
        layer = document.page(1).text_layer()
        document.close()
    assert layer is not None
    assert layer.lines[0].text == "from standard input"


def test_an_empty_file() -> None:
    assert refusal(b"", NotADocument) == "deed.pdf is empty. Copy or scan it again."


def test_something_else_is_called_by_its_name_with_what_can_be_read() -> None:
    told = refusal(b"PK\x03\x04....[Content_Types].xml....word/document.xml", NotADocument)
    assert "seems to be a Word document" in told
    assert "PDF, PNG, JPEG, TIFF, WebP, BMP, GIF and HEIC can be read" in told
    assert "is no kind of document known here" in refusal(bytes(range(256)), NotADocument)


def test_a_pdf_cut_off_early() -> None:
    told = refusal(text_pdf("a page")[:60], BrokenDocument)
    assert "damaged or cut off" in told
    assert "Copy or download it again" in told


def test_a_pdf_cut_off_late_is_repaired() -> None:
    whole = text_pdf("still here")
    document = opened(whole[: whole.rindex(b"xref")])
    layer = document.page(1).text_layer()
    assert layer is not None
    assert layer.lines[0].text == "still here"


def test_an_encrypted_pdf_without_its_password() -> None:
    told = refusal(text_pdf("secret", password="open sesame"), PasswordNeeded)
    assert told == "deed.pdf is encrypted. Give its password with --password."


def test_an_encrypted_pdf_with_a_wrong_password() -> None:
    told = refusal(text_pdf("secret", password="open sesame"), PasswordNeeded, password="open barley")
    assert "the password given is wrong" in told
    assert "barley" not in told


@pytest.mark.parametrize("password", ["open sesame", "Grüße", "open sesame!"])
def test_an_encrypted_pdf_with_its_password(password: str) -> None:
    layer = opened(text_pdf("secret", password=password), password=password).page(1).text_layer()
    assert layer is not None
    assert layer.lines[0].text == "secret"


def test_a_password_that_is_not_needed_does_no_harm() -> None:
    assert opened(text_pdf("open"), password="anything").page_count == 1


def test_a_pdf_without_pages() -> None:
    empty = assemble_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])
    assert "deed.pdf has no pages" in refusal(empty, BrokenDocument)


def test_too_many_pages() -> None:
    told = refusal(text_pdf(*"abcd"), LimitExceeded, limits=Limits(max_pages=3))
    assert told == "deed.pdf has 4 pages; at most 3 are allowed. Split it into smaller files."


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    told = refusal(png_claiming(100_000, 50_000), LimitExceeded)
    assert "100,000 × 50,000 = 5,000,000,000 pixels; at most 200,000,000 are allowed" in told
    assert "Scale it down or cut it into parts." in told


@pytest.mark.parametrize("data", [png_claiming(0, 0), png_claiming(0, 10), image_bytes(page_picture(), "BMP")[:20]])
def test_images_of_nothing(data: bytes) -> None:
    refusal(data, BrokenDocument)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF"])
def test_images_cut_off_in_their_header(kind: str) -> None:
    data = image_bytes(page_picture(), kind)
    told = refusal(data[:14], BrokenDocument)
    assert f"deed.pdf is a {kind} image, but damaged" in told


def test_heic_is_read() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_pillow(page_picture(64, 48)).save(out)
    document = opened(out.getvalue())
    assert document.kind == "heic"
    assert document.page(1).render().pixels.shape == (48, 64, 3)


def test_pillow_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    opened(image_bytes(page_picture(), "PNG")).page(1).render()
    assert before == Image.MAX_IMAGE_PIXELS

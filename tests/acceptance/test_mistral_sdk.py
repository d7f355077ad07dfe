"""The service, by way of Mistral's own client."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.acceptance.serving import EXAMPLES, Serving
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.required import sdk
from tests.server.asking import url as data_url

mistral = sdk("mistralai.client")

pytestmark = pytest.mark.acceptance

PAGES = ("the first page", "the second page", "the third page")
NAME = "Übersicht 2026.pdf"


@pytest.fixture
def client(service: Serving) -> Iterator[Any]:
    with mistral.Mistral(api_key="none is needed", server_url=service.url) as found:
        yield found


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return builders.text_pdf(*PAGES)


def test_a_document_in_a_data_url_is_read_page_by_page(client: Any, pdf: bytes) -> None:
    url = data_url(pdf, "application/pdf")
    answer = client.ocr.process(model="mistral-ocr-latest", document={"type": "document_url", "document_url": url})
    assert [page.index for page in answer.pages] == [0, 1, 2]
    assert [page.markdown for page in answer.pages] == list(PAGES)
    size = answer.pages[0].dimensions
    assert (size.dpi, size.width, size.height) == (200, 1654, 2339)
    assert (answer.usage_info.pages_processed, answer.usage_info.doc_size_bytes) == (3, len(pdf))
    assert answer.model == "embedded", "what has read, and not what was asked for"


@pytest.mark.parametrize("name", ["mistral-small-latest", "gpt"])
def test_a_model_that_is_none_of_mistrals_ocr_is_not_found(client: Any, pdf: bytes, name: str) -> None:
    document = {"type": "document_url", "document_url": data_url(pdf, "application/pdf")}
    with pytest.raises(mistral.errors.SDKError) as caught:
        client.ocr.process(model=name, document=document)
    assert caught.value.status_code == 404


def test_what_stands_on_scanned_pages_is_what_is_read(either: Serving, slips: Slips) -> None:
    shown = (slips.note, slips.boxes, slips.note)
    with mistral.Mistral(api_key="none is needed", server_url=either.url) as client:
        document = {"type": "document_url", "document_url": data_url(scan(*shown), "application/pdf")}
        answer = client.ocr.process(model="mistral-ocr-latest", document=document)
        image = {"type": "image_url", "image_url": data_url(slips.table.data, "image/png")}
        table = client.ocr.process(model=either.model, document=image)
        message = {"role": "user", "content": [{**image, "image_url": data_url(halved(slips.note), "image/png")}]}
        chat = client.chat.complete(model=either.model, messages=[message], temperature=0)
    assert answer.model == either.model
    for page, slip in zip((*answer.pages, *table.pages), (*shown, slips.table), strict=True):
        assert misread(slip, page.markdown) <= MISREAD
    assert misread(slips.note, chat.choices[0].message.content) <= MISREAD


@pytest.mark.parametrize("wanted", [[2, 0], "2,0-0"])
def test_pages_are_chosen_from_zero(client: Any, pdf: bytes, wanted: Any) -> None:
    document = {"type": "document_url", "document_url": data_url(pdf, "application/pdf")}
    answer = client.ocr.process(model="mistral-ocr-latest", document=document, pages=wanted)
    assert [(page.index, page.markdown) for page in answer.pages] == [(2, PAGES[2]), (0, PAGES[0])]


def test_an_image_is_read_and_its_pictures_are_placed(client: Any) -> None:
    url = data_url((EXAMPLES / "article.png").read_bytes(), "image/png")
    answer = client.ocr.process(model="mistral-ocr-latest", document={"type": "image_url", "image_url": url})
    (page,) = answer.pages
    assert "\n# " in page.markdown
    assert page.images
    for image in page.images:
        assert 0 <= image.top_left_x < image.bottom_right_x <= page.dimensions.width
        assert 0 <= image.top_left_y < image.bottom_right_y <= page.dimensions.height


def test_a_picture_is_cut_out_and_put_into_the_markdown(client: Any) -> None:
    """As Mistral's own examples do it: what the Markdown calls a picture gives way to the picture itself."""
    url = data_url((EXAMPLES / "article.png").read_bytes(), "image/png")
    document = {"type": "image_url", "image_url": url}
    asked = {"include_image_base64": True, "image_limit": 1, "image_min_size": 50}
    (page,) = client.ocr.process(model="mistral-ocr-latest", document=document, **asked).pages
    (image,) = page.images
    place = f"![{image.id}]({image.id})"
    assert page.markdown.count(place) == 1
    head, _, data = image.image_base64.partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data, validate=True).startswith(b"\xff\xd8\xff")
    assert f"({image.image_base64})" in page.markdown.replace(place, f"![{image.id}]({image.image_base64})")


def test_an_uploaded_file_is_listed_read_and_erased(client: Any, pdf: bytes) -> None:
    uploaded = client.files.upload(file={"file_name": NAME, "content": pdf}, purpose="ocr")
    assert (uploaded.filename, uploaded.size_bytes) == (NAME, len(pdf))
    assert client.files.retrieve(file_id=uploaded.id).id == uploaded.id
    assert uploaded.id in [file.id for file in client.files.list().data]
    newest, none = (client.files.list(page=page, page_size=1) for page in (0, 1_000))
    assert ([file.id for file in newest.data], none.data) == ([uploaded.id], [])
    by_id = client.ocr.process(model="mistral-ocr-latest", document={"type": "file", "file_id": uploaded.id})
    url = client.files.get_signed_url(file_id=uploaded.id).url
    by_url = client.ocr.process(model=None, document={"type": "document_url", "document_url": url})
    assert [page.markdown for page in by_id.pages] == [page.markdown for page in by_url.pages] == list(PAGES)
    assert client.files.delete(file_id=uploaded.id).deleted
    with pytest.raises(mistral.errors.SDKError, match="There is no such file"):
        client.files.retrieve(file_id=uploaded.id)


def test_an_address_of_elsewhere_is_an_error_that_says_why(client: Any) -> None:
    document = {"type": "document_url", "document_url": "https://example.org/scan.pdf"}
    with pytest.raises(mistral.errors.SDKError, match="fetches nothing") as caught:
        client.ocr.process(model="mistral-ocr-latest", document=document)
    assert caught.value.status_code == 400


def test_chat_works_with_its_client_too(client: Any) -> None:
    url = data_url((EXAMPLES / "receipt.jpg").read_bytes(), "image/jpeg")
    message = {"role": "user", "content": [{"type": "image_url", "image_url": url}]}
    answer = client.chat.complete(model="embedded", messages=[message])
    assert answer.choices[0].message.content

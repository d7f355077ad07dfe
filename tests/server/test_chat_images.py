"""Images in a chat: inside the request, and of a kind that Muniment reads."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.chat import check_chat
from muniment.server.images import SentImage
from tests.server.chat_bodies import CAPS, PNG, going_on, refused, with_content, with_image
from tests.server.strategies import IMAGE


def test_an_image_may_be_given_by_its_url_alone() -> None:
    assert check_chat(with_content({"type": "image_url", "image_url": IMAGE}), CAPS).images[0].data == PNG


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "bmp", "tiff", "heic"])
def test_every_kind_of_image_that_muniment_reads_is_taken(kind: str) -> None:
    for url in (f"data:image/{kind};base64,AAAA", f"DATA:Image/{kind.upper()};Base64,AAAA"):
        assert check_chat(with_image(url), CAPS).images == (SentImage(b"\0\0\0", f"image/{kind}"),)


def test_jpg_is_taken_for_jpeg() -> None:
    assert check_chat(with_image("data:image/jpg;base64,AAAA"), CAPS).images[0].mime == "image/jpeg"


@given(st.binary(min_size=1, max_size=99))
def test_an_images_bytes_arrive_and_go_on_unchanged(data: bytes) -> None:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    call = check_chat(with_image(url), CAPS)
    assert call.images[0].data == data
    assert going_on(call)["messages"][0]["content"][0]["image_url"]["url"] == url


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/a.png", "https://127.0.0.1/", "file:///etc/passwd", "ftp://a/b", "//host/a.png", "a.png"),
        *("", " data:image/png;base64,AAAA", "attachment:1", "javascript:0"),
    ],
)
def test_nothing_is_fetched(url: str) -> None:
    error = refused(with_image(url))
    assert "Muniment fetches nothing" in error.message
    assert "as a data URL" in error.message
    assert error.param == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize(
    "url",
    [
        *("data:text/html;base64,AAAA", "data:image/svg+xml;base64,AAAA", "data:application/pdf;base64,AAAA"),
        *("data:image/png,AAAA", "data:;base64,AAAA", "data:image/png;charset=utf-8;base64,AAAA", "data:image/pngx"),
        "data:image/png;base64;base64,AAAA",
    ],
)
def test_other_data_is_refused(url: str) -> None:
    assert "has to begin data:KIND;base64, with one of image/png" in refused(with_image(url)).message


@pytest.mark.parametrize(
    "payload", ["A", "AAA", "AAAA=", "AA==AAAA", "====", "AA-_", "AA\nAA", "AAAA ", "AA%3D", "é", "AA\0A"]
)
def test_broken_base64_is_refused(payload: str) -> None:
    assert "is broken" in refused(with_image(f"data:image/png;base64,{payload}")).message


def test_an_image_of_nothing_is_refused() -> None:
    assert "holds no data" in refused(with_image("data:image/png;base64,")).message

"""What the embedded engine reads, asked for in the words of OpenAI's and of Mistral's clients."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.builders import image_bytes, scanned_pdf, text_pdf
from tests.server.asking import question, url
from tests.server.serving import Served, served, until

CHAT, OCR = "/v1/chat/completions", "/v1/ocr"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with the real engine."""
    with served(tmp_path_factory.mktemp("data")) as service:
        until(lambda: service.client.get("/ready").json()["canary"] or None)
        yield service


def picture(said: str) -> Image.Image:
    page = Image.new("RGB", (620, 200), "white")
    ImageDraw.Draw(page).text((60, 70), said, "black", ImageFont.load_default(40))
    return page


LETTER, REPLY = (url(image_bytes(picture(said), "PNG")) for said in ("Dear harbour", "Yours truly"))


def ask(*parts: str, **more: Any) -> dict[str, Any]:
    return question("embedded", *parts, **more)


def events(told: str) -> list[Any]:
    return [json.loads(line[6:]) for line in told.split("\n") if line.startswith("data: {")]


def test_ready_means_that_the_canary_was_read(reader: Served) -> None:
    answer = reader.client.get("/ready")
    assert answer.status_code == 200
    (canary,) = answer.json()["canary"]
    assert (canary["model"], canary["read"], canary["problem"]) == ("embedded", True, "")
    assert canary["at"] <= answer.json()["now"]


def test_an_image_comes_back_as_markdown_and_what_was_ignored_is_told(reader: Served) -> None:
    answer = reader.client.post(CHAT, json=ask(LETTER, "Please read", temperature=0.2, user="me"))
    told = answer.json()
    (choice,) = told["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Dear harbour"}
    assert (choice["finish_reason"], told["object"], told["model"]) == ("stop", "chat.completion", "embedded")
    assert told["muniment"]["ignored"] == ["messages[].content[].text", "temperature"]
    assert told["usage"]["total_tokens"] == 0
    line = reader.line_of(answer)
    assert (line["pages"], line["outcome"], line["prompt_tokens"]) == (1, "ok", 0)


def test_several_images_come_back_in_their_order(reader: Served) -> None:
    told = reader.client.post(CHAT, json=ask(REPLY, LETTER)).json()
    assert told["choices"][0]["message"]["content"] == "Yours truly\n\nDear harbour"
    assert len(told["muniment"]["flags"]) == 2


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_says_the_same(reader: Served, usage: bool) -> None:
    options = {"stream_options": {"include_usage": True}} if usage else {}
    answer = reader.client.post(CHAT, json=ask(REPLY, LETTER, stream=True, **options))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")
    told = events(answer.text)
    deltas = [choice["delta"] for event in told for choice in event["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("content", "") for delta in deltas) == "Yours truly\n\nDear harbour"
    assert [event["choices"][0]["finish_reason"] for event in told if event["choices"]][-1] == "stop"
    assert [bool(event.get("usage")) for event in told][-1] is usage
    assert len({event["id"] for event in told}) == 1


def test_without_an_image_there_is_nothing_to_read(reader: Served) -> None:
    answer = reader.client.post(CHAT, json=ask("What is the capital of France?"))
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "messages")
    answer = reader.client.post("/v1/completions", json={"model": "embedded", "prompt": "Once"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")


@pytest.mark.parametrize("stream", [True, False])
def test_a_picture_that_is_none_is_refused(reader: Served, stream: bool) -> None:
    answer = reader.client.post(CHAT, json=ask(url(b"nothing"), stream=stream))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unreadable_document")
    answer = reader.client.post(CHAT, json=ask(url(text_pdf("x", "y")), stream=stream))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_an_image")


def test_all_pictures_are_looked_at_before_any_is_read(reader: Served) -> None:
    answer = reader.client.post(CHAT, json=ask(LETTER, url(b"nothing"), stream=True))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unreadable_document")


class TestOcr:
    """Mistral's call."""

    def post(self, reader: Served, document: dict[str, Any], **more: Any) -> Any:
        return reader.client.post(OCR, json={"model": "mistral-ocr-latest", "document": document, **more})

    def test_a_documents_pages_come_back_with_their_sizes(self, reader: Served) -> None:
        data = text_pdf("First page of the deed", "Second page of the deed")
        answer = self.post(reader, {"type": "document_url", "document_url": url(data, "application/pdf")})
        told = answer.json()
        assert [(page["index"], page["markdown"]) for page in told["pages"]] == [
            (0, "First page of the deed"),
            (1, "Second page of the deed"),
        ]
        assert told["pages"][0]["dimensions"] == {"dpi": 200, "width": 1654, "height": 2339}
        assert (told["model"], told["usage_info"]) == (
            "embedded",
            {"pages_processed": 2, "doc_size_bytes": len(data)},
        )
        assert reader.line_of(answer)["pages"] == 2

    @pytest.mark.parametrize("image", [LETTER, {"url": LETTER}])
    def test_an_image_is_a_document_of_one_page(self, reader: Served, image: Any) -> None:
        (page,) = self.post(reader, {"type": "image_url", "image_url": image}).json()["pages"]
        assert page["markdown"] == "Dear harbour"
        assert (page["dimensions"]["width"], page["dimensions"]["height"]) == (620, 200)

    def test_pages_are_chosen_from_zero_and_come_once_in_the_order_asked_for(self, reader: Served) -> None:
        document = {"type": "document_url", "document_url": url(text_pdf("a", "b", "c"), "application/pdf")}
        told = self.post(reader, document, pages=[2, 0, 2]).json()
        assert [page["index"] for page in told["pages"]] == [2, 0]

    @pytest.mark.parametrize("turn", [0, 90])
    def test_a_picture_is_cut_out_if_that_is_wanted(self, reader: Served, turn: int) -> None:
        page = Image.new("RGB", (1240, 1754), "white")
        draw = ImageDraw.Draw(page)
        for row in range(8):
            draw.text((100, 100 + 70 * row), "The harbour in winter, as it was", "black", ImageFont.load_default(48))
        photo = Image.effect_noise((800, 700), 90).convert("RGB")
        photo.paste((200, 30, 30), (350, 300, 450, 400))
        page.paste(photo, (220, 900))
        document = {"type": "image_url", "image_url": url(image_bytes(page.rotate(turn, expand=True), "PNG"))}
        told = self.post(reader, document, include_image_base64=True).json()
        (found,) = told["pages"]
        (image,) = found["images"]
        assert told["muniment"] == {"ignored": [], "images_without_data": 0}
        assert f"![{image['id']}]({image['id']})" in found["markdown"]
        head, data = image["image_base64"].split(",")
        assert head == "data:image/jpeg;base64"
        cut = Image.open(io.BytesIO(base64.b64decode(data)))
        width = image["bottom_right_x"] - image["top_left_x"]
        height = image["bottom_right_y"] - image["top_left_y"]
        assert abs(cut.width - width) <= 1
        assert abs(cut.height - height) <= 1
        red, green, blue = cut.convert("RGB").getpixel((cut.width // 2, cut.height // 2))  # type: ignore[misc]
        assert (red > 150, green < 90, blue < 90) == (True, True, True)

    def test_a_picture_on_a_page_is_told_by_its_place(self, reader: Served) -> None:
        page = Image.new("RGB", (1240, 1754), "white")
        ImageDraw.Draw(page).text((100, 100), "The harbour in winter", "black", ImageFont.load_default(40))
        photo = Image.effect_noise((800, 700), 90).convert("RGB")
        page.paste(photo, (220, 500))
        document = {"type": "document_url", "document_url": url(scanned_pdf(page), "application/pdf")}
        (told,) = self.post(reader, document).json()["pages"]
        assert told["images"]
        for image in told["images"]:
            assert 0 <= image["top_left_x"] < image["bottom_right_x"] <= told["dimensions"]["width"]
            assert 0 <= image["top_left_y"] < image["bottom_right_y"] <= told["dimensions"]["height"]
            assert image["image_base64"] is None
        assert "The harbour in winter" in told["markdown"]

    @pytest.mark.parametrize(
        ("change", "status", "param"),
        [
            ({"document": None}, 400, "document"),
            ({"document": "a.pdf"}, 400, "document"),
            ({"document": {"type": "pdf"}}, 400, "document.type"),
            ({"document": {"type": "document_url", "document_url": "https://example.com/a.pdf"}}, 400, "document"),
            ({"document": {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}}, 400, "document"),
            ({"document": {"type": "document_url", "document_url": "data:application/pdf;base64,%%"}}, 400, "document"),
            ({"pages": "1"}, 400, "pages"),
            ({"pages": [1]}, 400, "pages"),
            ({"pages": [-1]}, 400, "pages"),
            ({"pages": [True]}, 400, "pages"),
            ({"model": 3}, 400, "model"),
            ({"model": "gpt"}, 404, "model"),
            ({"colour": "red"}, 400, "colour"),
            ({"include_image_base64": "yes"}, 400, "include_image_base64"),
            ({"image_limit": -1}, 400, "image_limit"),
            ({"image_min_size": 1.5}, 400, "image_min_size"),
            ({"bbox_annotation_format": {}}, 400, "bbox_annotation_format"),
        ],
    )
    def test_what_is_not_served_is_refused_with_the_reason(
        self, reader: Served, change: dict[str, Any], status: int, param: str
    ) -> None:
        good = {"document": {"type": "document_url", "document_url": LETTER}}
        answer = reader.client.post(OCR, json=good | change)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


def test_a_job_reads_what_the_page_says(reader: Served) -> None:
    job = reader.hand_in(text_pdf("The deed of the harbour"), "deed.pdf")
    reader.job(job)
    assert reader.client.get(f"/v1/documents/{job}/result").text.strip().endswith("The deed of the harbour")

"""Requests that carry a marker text everywhere that something can stand, and the search for it."""

import base64
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from examples.drawing import Fonts
from tests import builders, reading_model
from tests.acceptance.serving import PATIENCE
from tests.acceptance.slips import halved
from tests.server.asking import url as data_url

MARKER = "Zyxquarn"
"""In no word of any language."""


@dataclass(frozen=True)
class Sender:
    """A client of a service.

    Attributes:
        model: the name of the one that reads.
        answers: the texts of all answers.
    """

    client: httpx.Client
    model: str
    answers: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        response = self.client.request(method, path, timeout=PATIENCE, **request)
        self.answers.append(response.text)
        return response


def headers_with(key: str) -> dict[str, str]:
    """What goes along with every request."""
    return {"Authorization": f"Bearer {key}", "User-Agent": MARKER, "X-Request-Id": MARKER}


def holds(content: bytes) -> bool:
    """Whether the marker is in there, as it is or in base64, whole or in part."""
    spelt = (base64.b64encode(b"_" * shift + MARKER.encode())[4:-4] for shift in range(3))
    return any(form in content for form in (MARKER.encode(), MARKER.lower().encode(), *spelt))


def marked_picture(fonts: Fonts) -> bytes:
    """A PNG on which every engine reads the marker."""
    slip = reading_model.note(fonts, MARKER, (f"The {MARKER} papers, open a window", "and wait."))
    return halved(slip)


PDF = builders.text_pdf(f"{MARKER} on the first page", f"{MARKER} on the second page") + f"\n%{MARKER}".encode()
"""Its text is compressed; behind its end the marker stands so that a search of bytes finds it."""
SECRET = builders.text_pdf(MARKER, password=MARKER)
PICTURE = builders.image_bytes(builders.page_picture(), "png")
NAME = f"{MARKER}.pdf"


def chat(model: str, url: str = data_url(PICTURE), **others: Any) -> dict[str, Any]:
    parts = [{"type": "text", "text": MARKER}, {"type": "image_url", "image_url": {"url": url}}]
    message = {"role": "user", "content": parts, "name": MARKER}
    return {"model": model, "messages": [message], "user": MARKER, "stop": [MARKER * 2], "temperature": 0, **others}


def ocr(url: str, kind: str = "document_url", **others: Any) -> dict[str, Any]:
    return {"document": {"type": kind, kind: url, "document_name": NAME}, "id": MARKER, **others}


def through_every_route(sender: Sender, picture: bytes) -> tuple[str, str]:
    """Send documents and words every way there is; gives the ids of a document and a file."""
    model = sender.model
    assert MARKER in sender.send("POST", "/v1/chat/completions", json=chat(model, data_url(picture))).text
    assert sender.send("POST", "/v1/chat/completions", json=chat(model, data_url(picture), stream=True)).is_success
    if model != "embedded":
        for stream in (False, True):
            prompt = {"model": model, "prompt": MARKER, "max_tokens": 4, "stream": stream}
            assert sender.send("POST", "/v1/completions", json=prompt).is_success
    assert MARKER in sender.send("POST", "/v1/ocr", json=ocr(data_url(picture), "image_url")).text
    assert sender.send("POST", "/v1/ocr", json=ocr(data_url(PDF, "application/pdf"))).is_success
    assert sender.send("PUT", "/process", content=PDF, headers={"X-Filename": NAME}).is_success
    file = sender.send("POST", "/v1/files", files={"file": (NAME, PDF)}, data={"purpose": MARKER}).json()["id"]
    for path in ("/v1/files", f"/v1/files/{file}", f"/v1/files/{file}/url"):
        assert sender.send("GET", path).is_success
    assert sender.send("POST", "/v1/ocr", json={"document": {"type": "file", "file_id": file}}).is_success
    job = sender.send("POST", "/v1/documents", files={"file": (NAME, PDF)}, headers={"Idempotency-Key": MARKER}).json()
    path = f"/v1/documents/{job['id']}"
    assert "event: finished" in sender.send("GET", f"{path}/events").text
    for rest in (
        "",
        "/pages/1",
        "/pages/1/image",
        *(f"/result?format={form}" for form in ("md", "json", "html", "csv")),
    ):
        assert sender.send("GET", path + rest).is_success, rest
    assert sender.send("GET", "/v1/documents").is_success
    return job["id"], file


LINE = builders.image_bytes(Image.new("RGB", (2_000, 4)), "png")
Mistake = tuple[str, str, dict[str, Any]]
BROKEN = b"%PDF-1.7\n" + MARKER.encode() * 50
MISTAKES: dict[str, Mistake] = {
    "an unknown path": ("GET", f"/v1/{MARKER}", {}),
    "an unknown document": ("GET", f"/v1/documents/{MARKER}", {}),
    "an unknown file": ("GET", f"/v1/files/{MARKER}", {}),
    "an unknown query": ("GET", f"/v1/documents?{MARKER}={MARKER}", {}),
    "a wrong query": ("GET", f"/v1/documents?limit={MARKER}", {}),
    "a wrong method": ("DELETE", f"/v1/models?{MARKER}", {}),
    "a method that is none": (MARKER.upper(), "/v1/models", {}),
    "a wrong key": ("GET", "/v1/models", {"headers": {"Authorization": f"Bearer {MARKER}"}}),
    "no JSON": ("POST", "/v1/chat/completions", {"content": f'{{"{MARKER}": {MARKER}'}),
    "a name twice": ("POST", "/v1/ocr", {"content": f'{{"{MARKER}": 1, "{MARKER}": 2}}'}),
    "no UTF-8": ("POST", "/v1/chat/completions", {"content": b'{"model": "' + MARKER.encode() + b'\xff"}'}),
    "an address to read": ("POST", "/v1/ocr", {"json": ocr(f"file:///{MARKER}")}),
    "a broken document": ("POST", "/v1/ocr", {"json": ocr(data_url(BROKEN, "application/pdf"))}),
    "a locked document": ("POST", "/v1/ocr", {"json": ocr(data_url(SECRET, "application/pdf"))}),
    "wrong pages": ("POST", "/v1/ocr", {"json": ocr(data_url(PDF, "application/pdf"), pages=MARKER)}),
    "an unknown field of OCR": ("POST", "/v1/ocr", {"json": ocr(data_url(PDF, "application/pdf")) | {MARKER: 1}}),
    "what is not done": ("POST", "/v1/ocr", {"json": ocr("data:,", document_annotation_prompt=MARKER)}),
    "a broken job": ("POST", "/v1/documents", {"files": {"file": (NAME, BROKEN)}}),
    "a locked job": ("POST", "/v1/documents", {"content": SECRET, "headers": {"X-Filename": NAME}}),
    "a job's wrong pages": ("POST", "/v1/documents", {"files": {"file": (NAME, PDF)}, "data": {"pages": MARKER}}),
    "a job's unknown field": ("POST", "/v1/documents", {"files": {"file": (NAME, PDF)}, "data": {MARKER: MARKER}}),
    "a job of an unknown model": ("POST", f"/v1/documents?model={MARKER}", {"content": PDF}),
    "a long idempotency key": ("POST", "/v1/documents", {"content": PDF, "headers": {"Idempotency-Key": MARKER * 99}}),
    "a malformed form": (
        "POST",
        "/v1/files",
        {"content": f"--x\r\n{MARKER}", "headers": {"Content-Type": f"multipart/form-data; boundary={MARKER}"}},
    ),
    "an empty upload": ("POST", "/v1/files", {"files": {"file": (NAME, b"")}}),
    "two documents": ("POST", "/v1/files", {"files": [("a", (NAME, PDF)), ("b", (NAME, PDF))]}),
    "a broken document for Open WebUI": ("PUT", "/process", {"content": BROKEN, "headers": {"X-Filename": NAME}}),
    "an unknown model of Open WebUI's": ("PUT", f"/process?model={urllib.parse.quote(MARKER)}", {"content": PDF}),
}


def mistakes(model: str) -> dict[str, Mistake]:
    """Requests that come to nothing, by what is wrong with them."""
    found = {
        **MISTAKES,
        "an unknown field": ("POST", "/v1/chat/completions", {"json": chat(model) | {MARKER: MARKER}}),
        "a field that is spelt like one": ("POST", "/v1/chat/completions", {"json": chat(model) | {MARKER.lower(): 1}}),
        "a field of the wrong type": ("POST", "/v1/chat/completions", {"json": chat(model, temperature=MARKER)}),
        "an unknown model": ("POST", "/v1/chat/completions", {"json": chat(MARKER)}),
        "an address": ("POST", "/v1/chat/completions", {"json": chat(model, f"https://{MARKER}.example/{MARKER}")}),
        "broken base64": ("POST", "/v1/chat/completions", {"json": chat(model, f"data:image/png;base64,{MARKER}!")}),
        "no image": ("POST", "/v1/chat/completions", {"json": chat(model, data_url(MARKER.encode(), "image/png"))}),
    }
    if model == "embedded":
        return found | {
            "a prompt": ("POST", "/v1/completions", {"json": {"model": "embedded", "prompt": MARKER}}),
        }
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": MARKER}}}
    return found | {
        "a schema that is none": ("POST", "/v1/chat/completions", {"json": chat(model, response_format=form)}),
        "such a one for a stream": (
            "POST",
            "/v1/chat/completions",
            {"json": chat(model, response_format=form, stream=True)},
        ),
        "a picture of an odd shape": ("POST", "/v1/chat/completions", {"json": chat(model, data_url(LINE))}),
        "two pictures": ("POST", "/v1/chat/completions", {"json": two_pictures(model)}),
        "too much to go on with": ("POST", "/v1/completions", {"json": {"model": model, "prompt": MARKER * 9_000}}),
    }


def two_pictures(model: str) -> dict[str, Any]:
    asked = chat(model)
    asked["messages"] *= 2
    return asked


def provoke_every_error(sender: Sender, job: str) -> None:
    for what, (method, path, request) in mistakes(sender.model).items():
        assert sender.send(method, path, **request).is_error, what
    conflict = {"files": {"file": (NAME, builders.text_pdf(MARKER * 2))}, "headers": {"Idempotency-Key": MARKER}}
    assert sender.send("POST", "/v1/documents", **conflict).status_code == httpx.codes.CONFLICT
    assert sender.send("GET", f"/v1/documents/{job}/result?format={MARKER}").is_error

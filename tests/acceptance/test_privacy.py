"""What clients send is nowhere but where it is meant to be, and not there either once it is erased."""

import base64
import json
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from examples.drawing import Fonts
from muniment.engines.local import SealedServer
from muniment.engines.openai import Endpoint
from tests import builders, reading_model
from tests.acceptance.serving import PATIENCE, Serving, new_key, options_for, serving
from tests.acceptance.slips import halved
from tests.server.asking import url as data_url

pytestmark = pytest.mark.acceptance

MARKER = "Zyxquarn"
"""In no word of any language; it stands in what is sent, wherever something can stand."""
LIFETIME_HOURS = "0.0025"
"""Nine seconds."""


@dataclass(frozen=True)
class Talk:
    """A service that tells everything it has to tell, and a client of it.

    Attributes:
        answers: the texts of all answers.
        folders: for temporary files, and what an engine writes into.
    """

    service: Serving
    client: httpx.Client
    folders: tuple[Path, ...]
    answers: list[str]

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        response = self.client.request(method, path, timeout=PATIENCE, **request)
        self.answers.append(response.text)
        return response

    def found_in(self) -> list[str]:
        """The files that hold the marker, in their bytes or their names, beside those of open documents."""
        folders = (self.service.data, self.service.log, *self.folders)
        files = [path for folder in folders for path in (folder, *folder.rglob("*"))]
        return sorted(path.name for path in files if MARKER in path.name or (path.is_file() and holds(path)))


def holds(path: Path) -> bool:
    """Whether a file holds the marker, as it is or in base64, whole or in part."""
    content = path.read_bytes()
    spelt = (base64.b64encode(b"_" * shift + MARKER.encode())[4:-4] for shift in range(3))
    return any(form in content for form in (MARKER.encode(), MARKER.lower().encode(), *spelt))


@contextmanager
def talking(folder: Path, patch: pytest.MonkeyPatch, *options: str) -> Iterator[Talk]:
    temporary = folder / "temporary"
    temporary.mkdir()
    patch.setenv("TMPDIR", str(temporary))
    patch.setenv("MUNIMENT_DEBUG", "1")  # workers' standard error is shown
    key = new_key(folder / "data", "somebody")
    with serving(folder, *options, debug=True) as service:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": MARKER, "X-Request-Id": MARKER}
        with httpx.Client(base_url=service.url, headers=headers) as client:
            yield Talk(service, client, (temporary,), [])


@pytest.fixture(params=["embedded", "vllm"])
def talk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    if request.param == "embedded":
        with talking(tmp_path, monkeypatch) as found:
            yield found
        return
    vllm: SealedServer = request.getfixturevalue("reading_vllm")
    its_folders = (Path(Endpoint.parse(vllm.address).socket).parent, request.getfixturevalue("vllm_cache"))
    assert all(map(Path.is_dir, its_folders))
    with talking(tmp_path, monkeypatch, *options_for(vllm)) as found:
        yield replace(found, folders=found.folders + its_folders)


@pytest.fixture(scope="module")
def picture(fonts: Fonts) -> bytes:
    """A PNG on which every engine reads the marker."""
    slip = reading_model.note(fonts, MARKER, (f"The {MARKER} papers, open a window", "and wait."))
    return halved(slip)


@pytest.fixture
def short_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """One with a service that keeps nothing for long."""
    with talking(tmp_path, monkeypatch, "--lifetime", LIFETIME_HOURS) as found:
        yield found


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


def through_every_route(talk: Talk, picture: bytes) -> tuple[str, str]:
    """Send documents and words every way there is; gives the ids of a document and a file."""
    model = talk.service.model
    assert MARKER in talk.send("POST", "/v1/chat/completions", json=chat(model, data_url(picture))).text
    assert talk.send("POST", "/v1/chat/completions", json=chat(model, data_url(picture), stream=True)).is_success
    if model != "embedded":
        for stream in (False, True):
            prompt = {"model": model, "prompt": MARKER, "max_tokens": 4, "stream": stream}
            assert talk.send("POST", "/v1/completions", json=prompt).is_success
    assert MARKER in talk.send("POST", "/v1/ocr", json=ocr(data_url(picture), "image_url")).text
    assert talk.send("POST", "/v1/ocr", json=ocr(data_url(PDF, "application/pdf"))).is_success
    assert talk.send("PUT", "/process", content=PDF, headers={"X-Filename": NAME}).is_success
    file = talk.send("POST", "/v1/files", files={"file": (NAME, PDF)}, data={"purpose": MARKER}).json()["id"]
    for path in ("/v1/files", f"/v1/files/{file}", f"/v1/files/{file}/url"):
        assert talk.send("GET", path).is_success
    assert talk.send("POST", "/v1/ocr", json={"document": {"type": "file", "file_id": file}}).is_success
    job = talk.send("POST", "/v1/documents", files={"file": (NAME, PDF)}, headers={"Idempotency-Key": MARKER}).json()
    path = f"/v1/documents/{job['id']}"
    assert "event: finished" in talk.send("GET", f"{path}/events").text
    for rest in (
        "",
        "/pages/1",
        "/pages/1/image",
        *(f"/result?format={form}" for form in ("md", "json", "html", "csv")),
    ):
        assert talk.send("GET", path + rest).is_success, rest
    assert talk.send("GET", "/v1/documents").is_success
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


def provoke_every_error(talk: Talk, job: str) -> None:
    for what, (method, path, request) in mistakes(talk.service.model).items():
        assert talk.send(method, path, **request).is_error, what
    conflict = {"files": {"file": (NAME, builders.text_pdf(MARKER * 2))}, "headers": {"Idempotency-Key": MARKER}}
    assert talk.send("POST", "/v1/documents", **conflict).status_code == httpx.codes.CONFLICT
    assert talk.send("GET", f"/v1/documents/{job}/result?format={MARKER}").is_error


def test_nothing_that_is_sent_is_in_a_log_a_metric_or_the_audit_nor_anywhere_once_it_is_erased(
    talk: Talk, picture: bytes
) -> None:
    job, file = through_every_route(talk, picture)
    provoke_every_error(talk, job)
    # The control: the search finds what is there, where it is meant to be.
    assert MARKER in "".join(talk.answers)
    assert {"content", "document", "pages.jsonl"} <= set(talk.found_in())
    told = talk.client.get("/metrics").text
    audit = (talk.service.data / "audit.jsonl").read_text()
    log = talk.service.log.read_text()
    assert "muniment_requests_total" in told
    assert len([json.loads(line) for line in audit.splitlines()]) >= len(MISTAKES)
    assert "DEBUG" in log
    secret = talk.client.headers["Authorization"].removeprefix("Bearer ")
    for text in (told, audit, log):
        assert MARKER.lower() not in text.lower()
        assert secret not in text

    assert talk.send("DELETE", f"/v1/documents/{job}").is_success
    assert talk.send("DELETE", f"/v1/files/{file}").is_success
    assert talk.found_in() == []


def test_nothing_that_is_sent_is_left_when_its_lifetime_is_over(short_talk: Talk) -> None:
    short_talk.send("POST", "/v1/documents", files={"file": (NAME, PDF)}, headers={"Idempotency-Key": MARKER})
    short_talk.send("POST", "/v1/files", files={"file": (NAME, PDF)})
    assert {"content", "document"} <= set(short_talk.found_in())
    deadline = time.monotonic() + PATIENCE
    while short_talk.found_in() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert short_talk.found_in() == []
    assert (
        short_talk.send("GET", "/v1/documents").json()["data"]
        == short_talk.send("GET", "/v1/files").json()["data"]
        == []
    )


def test_no_answer_to_a_mistake_repeats_what_was_sent(talk: Talk) -> None:
    for what, (method, path, request) in mistakes(talk.service.model).items():
        body = talk.send(method, path, **request).text
        # The name that a client gave its document stands in messages to that client, and nowhere else.
        assert MARKER not in body.replace(NAME, ""), what


def test_neither_the_service_nor_its_workers_leave_a_core(talk: Talk) -> None:
    talk.send("POST", "/v1/ocr", json=ocr(data_url(PDF, "application/pdf")))
    pid = talk.service.process.pid
    children = [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
    assert children
    for process in (pid, *children):
        (limit,) = [line for line in Path(f"/proc/{process}/limits").read_text().splitlines() if "core file" in line]
        assert limit.split()[4:6] == ["0", "0"], limit

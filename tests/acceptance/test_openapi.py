"""The running service keeps to its OpenAPI document, whatever it is sent."""

import base64
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests import builders
from tests.acceptance.serving import PATIENCE, Serving, data_url, new_key, serving
from tests.required import program, sdk

schemathesis = sdk("schemathesis")

from muniment.server.openapi.document import openapi  # noqa: E402 - after what it is skipped without

pytestmark = pytest.mark.acceptance

DOCUMENT = schemathesis.openapi.from_dict(dict(openapi()))
DOCUMENT.config.checks.update(
    excluded_check_names=[
        # A schema cannot say that a text is an image, or a model one of those that there are.
        "positive_data_acceptance",
    ]
)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, dict[str, str]]]:
    """A service that wants a key, and the headers that show it one."""
    folder = tmp_path_factory.mktemp("described")
    key = new_key(folder / "data", "described")
    with serving(folder) as found:
        yield found, {"Authorization": f"Bearer {key}"}


@DOCUMENT.parametrize()  # type: ignore[untyped-decorator]  # taken as missing even where it is there
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_they_are_described(case: Any, keyed: tuple[Serving, dict[str, str]]) -> None:
    service, headers = keyed
    case.call_and_validate(base_url=service.url, headers=headers, timeout=PATIENCE)
    assert "ERROR" not in service.log.read_text()


def test_answers_about_documents_that_there_are_are_as_they_are_described(
    keyed: tuple[Serving, dict[str, str]],
) -> None:
    service, headers = keyed

    def send(method: str, path: str, **parts: Any) -> Any:
        case = DOCUMENT[path][method].Case(**parts)
        return case.call_and_validate(base_url=service.url, headers=headers, timeout=PATIENCE)

    pdf = builders.text_pdf("the first page", "the second page")
    url = f"data:application/pdf;base64,{base64.b64encode(pdf).decode()}"
    asked = {"document": {"type": "document_url", "document_url": url}}
    assert send("POST", "/v1/ocr", body=asked, media_type="application/json").status_code == httpx.codes.OK
    image = data_url("receipt.jpg")
    content = [{"type": "image_url", "image_url": {"url": image}}]
    body = {"model": "embedded", "messages": [{"role": "user", "content": content}]}
    answer = send("POST", "/v1/chat/completions", body=body, media_type="application/json")
    assert answer.status_code == httpx.codes.OK
    upload = {"body": {"file": pdf}, "media_type": "multipart/form-data"}
    file = {"id": send("POST", "/v1/files", **upload).json()["id"]}
    for path in ("/v1/files/{id}", "/v1/files/{id}/url"):
        assert send("GET", path, path_parameters=file).status_code == httpx.codes.OK
    assert send("GET", "/v1/files").json()["data"]
    job = {"id": send("POST", "/v1/documents", **upload).json()["id"]}
    for path in ("events", "result", "pages/{number}", "pages/{number}/image"):
        parts = {"path_parameters": job | ({"number": 1} if "number" in path else {})}
        assert send("GET", f"/v1/documents/{{id}}/{path}", **parts).status_code == httpx.codes.OK
    result = send("GET", "/v1/documents/{id}/result", path_parameters=job, query={"format": "json"})
    assert [page["number"] for page in result.json()["pages"]] == [1, 2]
    assert send("GET", "/v1/documents/{id}", path_parameters=job).json()["state"] == "done"
    assert send("GET", "/v1/documents").json()["data"]
    assert send("DELETE", "/v1/documents/{id}", path_parameters=job).status_code == httpx.codes.NO_CONTENT
    assert send("DELETE", "/v1/files/{id}", path_parameters=file).status_code == httpx.codes.OK


def test_the_page_runs_under_its_policy_in_a_browser(service: Serving, tmp_path: Path) -> None:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [program("chromium"), *options, f"--user-data-dir={tmp_path}", f"{service.url}/docs"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Content Security Policy" not in done.stderr
    operations = [operation for methods in openapi()["paths"].values() for operation in methods.values()]
    assert len(re.findall(r'<button type="button">Copy</button>', done.stdout)) == len(operations) + 1

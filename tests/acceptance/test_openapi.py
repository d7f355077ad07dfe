"""The running service keeps to its OpenAPI document, whatever it is sent."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests import builders
from tests.acceptance.serving import PATIENCE, Serving, new_key, options_for, serving
from tests.acceptance.slips import Slips, halved
from tests.required import program, sdk
from tests.server.asking import question, url

schemathesis = sdk("schemathesis")

from muniment.server.openapi.document import openapi  # noqa: E402 - after what it is skipped without

pytestmark = pytest.mark.acceptance

FEW = 4
"""Tokens of an answer whose text does not count."""
LONGEST_MODEL, MOST_TOKENS = 256, 2**31 - 1
"""What is beyond is not in order."""
DOCUMENT = schemathesis.openapi.from_dict(dict(openapi()))
DOCUMENT.config.checks.update(
    excluded_check_names=[
        # A schema cannot say that a text is an image, or a model one of those that there are.
        "positive_data_acceptance",
    ]
)


@pytest.fixture(scope="module", params=["embedded", "vllm"])
def keyed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Serving, dict[str, str]]]:
    """A service that wants a key, with the one engine and then with the other, and the headers that show it one."""
    options = options_for(request.getfixturevalue("reading_vllm")) if request.param == "vllm" else ()
    folder = tmp_path_factory.mktemp("described")
    key = new_key(folder / "data", "described")
    with serving(folder, *options) as found:
        yield found, {"Authorization": f"Bearer {key}"}


@DOCUMENT.parametrize()  # type: ignore[untyped-decorator]  # taken as missing even where it is there
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_they_are_described(case: Any, keyed: tuple[Serving, dict[str, str]]) -> None:
    service, headers = keyed
    name_model(case.body, service.model)
    case.call_and_validate(base_url=service.url, headers=headers, timeout=PATIENCE)
    assert "ERROR" not in service.log.read_text()


def name_model(body: Any, model: str) -> None:
    """Have a request to OpenAI's routes that may be in order ask a model that there is, for a few words only."""
    if isinstance(body, dict) and isinstance(body.get("model"), str) and 1 <= len(body["model"]) <= LONGEST_MODEL:
        body["model"] = model
        most = body.get("max_tokens")
        if most is None or (type(most) is int and 1 <= most <= MOST_TOKENS):
            body["max_tokens"] = FEW


def test_answers_about_documents_that_there_are_are_as_they_are_described(
    keyed: tuple[Serving, dict[str, str]], slips: Slips
) -> None:
    service, headers = keyed

    def send(method: str, path: str, **parts: Any) -> Any:
        case = DOCUMENT[path][method].Case(**parts)
        return case.call_and_validate(base_url=service.url, headers=headers, timeout=PATIENCE)

    pdf = builders.text_pdf("the first page", "the second page")
    asked = {"document": {"type": "document_url", "document_url": url(pdf, "application/pdf")}}
    assert send("POST", "/v1/ocr", body=asked, media_type="application/json").status_code == httpx.codes.OK
    for stream in (False, True):
        body = question(service.model, url(halved(slips.note)), stream=stream)
        answer = send("POST", "/v1/chat/completions", body=body, media_type="application/json")
        assert answer.status_code == httpx.codes.OK
    body = {"model": service.model, "prompt": "Once", "max_tokens": FEW}
    answer = send("POST", "/v1/completions", body=body, media_type="application/json")
    expected = httpx.codes.BAD_REQUEST if service.model == "embedded" else httpx.codes.OK
    assert answer.status_code == expected, "the embedded engine goes on with no text"
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

"""What browsers are told of answers: to keep nothing, to run and load nothing, and to tell nobody where they were."""

import pytest

from tests.builders import text_pdf
from tests.server.serving import Served

FORMS = ["md", "json", "html", "txt", "csv"]


@pytest.fixture(scope="module")
def job(service: Served) -> str:
    """A document that was read."""
    found = service.hand_in(text_pdf("A letter."))
    service.job(found)
    return found


def policy(answer_headers: object) -> dict[str, str]:
    """The directives of a Content-Security-Policy, by their names."""
    return {name: value for name, _, value in (part.partition(" ") for part in str(answer_headers).split("; "))}


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/nowhere", "/v1/models", "/v1/documents", "/docs", "/openapi.json", "/metrics"),
        *("/v1/documents/{job}", "/v1/documents/{job}/events", "/v1/documents/{job}/pages/1"),
        *("/v1/documents/{job}/pages/1/image", *(f"/v1/documents/{{job}}/result?format={form}" for form in FORMS)),
    ],
)
def test_every_answer_is_shut(service: Served, job: str, path: str) -> None:
    headers = service.client.get(path.format(job=job)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    directives = policy(headers["content-security-policy"])
    assert {directives[name] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert not {"connect-src", "img-src", "frame-src", "object-src", "font-src"} & directives.keys(), "default-src says"


@pytest.mark.parametrize("form", FORMS)
def test_in_a_result_nothing_runs(service: Served, job: str, form: str) -> None:
    headers = service.client.get(f"/v1/documents/{job}/result", params={"format": form}).headers
    directives = policy(headers["content-security-policy"])
    assert directives["sandbox"] == ""
    assert not [name for name in directives if name.startswith("script-src")]
    assert directives["style-src"] == "'unsafe-inline'"  # its own; there is nowhere that another could come from


def test_the_page_about_the_routes_runs_its_own_script_alone(service: Served) -> None:
    directives = policy(service.client.get("/docs").headers["content-security-policy"])
    assert directives["script-src"].startswith("'sha256-")
    assert " " not in directives["script-src"]


def test_refusals_of_documents_are_shut_too(service: Served) -> None:
    answer = service.client.put("/process", content=b"nothing")
    assert answer.status_code == 422
    assert policy(answer.headers["content-security-policy"])["default-src"] == "'none'"


def test_nothing_goes_on_to_other_origins(service: Served) -> None:
    answer = service.client.get("/health", headers={"origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]

"""What browsers may ask for other pages, which is nothing, and what they are told of answers.

They are to keep nothing, to run and load nothing, and to tell nobody where they were.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from muniment.server.browsers import names_this_machine
from tests.builders import text_pdf
from tests.server.serving import PATIENCE, Served, make_key, served

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
    assert answer.status_code == 200, "that it lives is told to everybody"
    assert not [name for name in answer.headers if name.startswith("access-control")]


ELSEWHERE = [
    *({"origin": "https://elsewhere.example"}, {"origin": "null"}, {"origin": ""}, {"origin": "http://muniment:81"}),
    *({"origin": "http://muniment.elsewhere.example"}, {"origin": "muniment"}, {"origin": "ftp://muniment"}),
    *({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "cross-site", "origin": "http://muniment"}),
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/process"), ("POST", "/v1/documents"), ("GET", "/v1/documents"), ("OPTIONS", "/v1/ocr"), ("GET", "/no")],
)
def test_a_page_of_another_origin_gets_nothing_done(
    service: Served, method: str, path: str, headers: dict[str, str]
) -> None:
    before = service.client.get("/v1/documents").json()
    answer = service.client.request(method, path, content=text_pdf("A letter."), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_origin")
    assert service.line_of(answer)["outcome"] == "refused"
    assert service.client.get("/v1/documents").json() == before


@pytest.mark.parametrize("site", ["same-origin", "none"])
@pytest.mark.parametrize(
    ("origin", "host"),
    [
        *(("http://muniment", "muniment"), ("https://muniment", "muniment"), ("https://muniment", "muniment:443")),
        *(("http://Muniment:8001", "muniment:8001"), ("http://[::1]:8001", "[::1]:8001")),
    ],
)
def test_pages_of_its_own_and_what_is_no_browser_are_served(service: Served, origin: str, host: str, site: str) -> None:
    for headers in ({"origin": origin, "host": host, "sec-fetch-site": site}, {"host": host}):
        assert service.client.get("/v1/models", headers=headers).status_code == 200


@pytest.fixture
def by_port(service: Served) -> Iterator[httpx.Client]:
    """As browsers reach it."""
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", trust_env=False, timeout=PATIENCE) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8001", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8001", "[::1]:8001"]
)
def test_without_a_key_this_machines_own_names_are_answered_to(by_port: httpx.Client, host: str) -> None:
    assert by_port.get("/v1/documents", headers={"host": host}).status_code == 200


NAMES = [
    *("elsewhere.example", "elsewhere.example:8001", "localhost.elsewhere.example", "127.0.0.1.elsewhere.example"),
    *("192.0.2.1", "[::2]", "x@localhost", "localhost:8001:1", "deeds"),
]


@pytest.mark.parametrize("host", NAMES)
@pytest.mark.parametrize("path", ["/v1/documents", "/metrics", "/ready", "/docs", "/nowhere"])
def test_without_a_key_a_name_that_may_be_anybodys_is_refused(by_port: httpx.Client, path: str, host: str) -> None:
    """A page of that name, which now stands for this machine, would count as the service's own."""
    rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    answer = by_port.get(path, headers=rebound)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host_not_allowed")
    assert "muniment key add" in answer.json()["error"]["message"]
    assert by_port.get("/health", headers=rebound).status_code == 200


@pytest.mark.usefixtures("plain_workers")
def test_with_a_key_it_has_whatever_name_it_was_given(tmp_path: Path) -> None:
    _, key = make_key(tmp_path / "data", "first")
    with served(tmp_path / "data") as locked:
        url, name = f"http://127.0.0.1:{locked.port}/v1/documents", {"host": "elsewhere.example"}
        assert httpx.get(url, headers={**name, **key}, trust_env=False).status_code == 200
        assert httpx.get(url, headers=name, trust_env=False).status_code == 401


@pytest.mark.parametrize("host", ["muniment", "Muniment:8001"])
def test_a_name_that_it_was_given_is_answered_to(by_port: httpx.Client, host: str) -> None:
    assert by_port.get("/v1/documents", headers={"host": host}).status_code == 200


def test_over_a_unix_socket_a_name_that_may_be_anybodys_is_refused_too(service: Served) -> None:
    """A gateway before it may be reached by browsers."""
    answer = service.client.get("/v1/documents", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host_not_allowed")


def test_every_address_of_this_machine_alone_is_its_name() -> None:
    assert names_this_machine("127.9.9.9:80")
    assert not names_this_machine("")

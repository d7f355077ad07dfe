"""Methods: HEAD goes where GET does, OPTIONS tells which there are, and so does the refusal of any other."""

import json

import pytest

from tests.builders import text_pdf
from tests.server.serving import Served

DOCUMENT = text_pdf("A letter.", "Its second page.")


@pytest.fixture(scope="module")
def job(service: Served) -> str:
    """A document that was read."""
    found = service.hand_in(DOCUMENT)
    service.job(found)
    return found


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        *(("POST", "/health", "GET, HEAD, OPTIONS"), ("DELETE", "/v1/models", "GET, HEAD, OPTIONS")),
        *(("GET", "/v1/chat/completions", "POST, OPTIONS"), ("HEAD", "/v1/ocr", "POST, OPTIONS")),
        *(("PUT", "/v1/documents", "POST, GET, HEAD, OPTIONS"), ("PATCH", "/v1/files/f", "GET, DELETE, HEAD, OPTIONS")),
        *(("POST", "/process", "PUT, OPTIONS"), ("TRACE", "/metrics", "GET, HEAD, OPTIONS")),
    ],
)
def test_another_method_is_told_which_there_are(service: Served, method: str, path: str, allowed: str) -> None:
    answer = service.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert allowed in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/metrics", "/v1/models", "/openapi.json", "/docs", "/nowhere", "/v1/documents/doc_0"),
        *("/v1/documents", "/v1/files", "/v1/documents/{job}", "/v1/documents/{job}/pages/1"),
        *("/v1/documents/{job}/pages/1/image", "/v1/documents/{job}/pages/9", "/v1/documents/{job}/result?format=csv"),
        *("/v1/documents/{job}/result?format=docx", "/v1/documents/{job}/events"),
    ],
)
def test_a_head_is_what_a_get_would_begin_with(service: Served, job: str, path: str) -> None:
    answers = [service.raw(f"{method} {path.format(job=job)} HTTP/1.1") for method in ("GET", "HEAD")]
    get, head = answers
    assert head.body == b""
    assert get.body
    differing = {"x-request-id", "date", *(("content-length",) if path == "/metrics" else ())}  # it counts requests
    told = [{name: value for name, value in answer.headers.items() if name not in differing} for answer in answers]
    assert (head.status, told[1]) == (get.status, told[0])


def test_a_head_is_no_way_round_a_read(service: Served, job: str) -> None:
    """It has to be told as what it is: a request of the route."""
    answer = service.client.head(f"/v1/documents/{job}/result")
    line = service.line_of(answer)
    assert (line["route"], line["status"], line["outcome"]) == ("/v1/documents/{id}/result", 200, "ok")


@pytest.mark.parametrize(
    ("path", "allowed"), [("/health", "GET, HEAD, OPTIONS"), ("/v1/ocr", "POST, OPTIONS"), ("/process", "PUT, OPTIONS")]
)
def test_options_tells_the_methods_and_nothing_for_other_origins(service: Served, path: str, allowed: str) -> None:
    asked = {"origin": "http://muniment", "access-control-request-method": "POST"}
    answer = service.client.options(path, headers=asked)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", allowed)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert not {"content-type", "content-length", "transfer-encoding"} & set(answer.headers)


def test_nothing_can_be_done_where_there_is_nothing(service: Served) -> None:
    for method in ("HEAD", "OPTIONS"):
        assert service.client.request(method, "/nowhere").status_code == 404


def test_the_answer_to_a_removal_has_no_body(service: Served) -> None:
    answer = service.raw(f"DELETE /v1/documents/{service.hand_in(DOCUMENT)} HTTP/1.1")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


def test_a_connection_is_of_use_after_a_head(service: Served, job: str) -> None:
    """As it would not be if a body came that nobody waits for."""
    with service.connected() as connection:
        for path in ("/docs", f"/v1/documents/{job}/result"):
            connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: m\r\n\r\n".encode())
            assert connection.recv(1 << 16).endswith(b"\r\n\r\n")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n")
        body = connection.makefile("rb").read().rpartition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"status": "ok"}

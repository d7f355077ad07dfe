"""Bodies that are too long, too slow, or not all there."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from muniment.server import call, lingering
from muniment.server.caps import Caps
from tests.builders import text_pdf
from tests.server.serving import Served, make_key, parsed, received, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

DOCUMENT = text_pdf("A letter.", "Its second page.")
CAPS = Caps(body_bytes=3_000, document_bytes=6_000)


@pytest.fixture
def capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A service that waits for the rest of what it has refused for a moment only."""
    monkeypatch.setattr(lingering, "_PAUSE", 0.1)
    with served(tmp_path / "data", caps=CAPS) as service:
        yield service


@pytest.mark.parametrize(
    ("request_line", "most"),
    [
        ("PUT /process", 3_000),
        ("POST /v1/chat/completions", 3_000),
        ("POST /v1/documents", 6_000),
        ("POST /v1/files", 6_000),
    ],
)
def test_one_that_is_declared_too_long_is_refused_before_it_comes(capped: Served, request_line: str, most: int) -> None:
    answer = capped.raw(f"{request_line} HTTP/1.1\nContent-Length: {most + 1}")
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert f"{most:,}" in json.loads(answer.body)["error"]["message"]
    (line,) = capped.audit(1)
    assert (line["bytes_in"], line["status"], line["outcome"]) == (0, 413, "refused")


@pytest.mark.parametrize("path", ["PUT /process", "POST /v1/files"])
def test_one_that_turns_out_too_long_is_refused_when_it_does(capped: Served, path: str) -> None:
    pieces = b"".join(b"3e8\r\n" + b"x" * 1_000 + b"\r\n" for _ in range(7))
    answer = capped.raw(f"{path} HTTP/1.1\nTransfer-Encoding: chunked", pieces)
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert list((capped.data / "files").iterdir()) == []


@pytest.mark.parametrize("path", ["PUT /process", "POST /v1/chat/completions", "POST /v1/files", "POST /nowhere"])
@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
def test_one_with_two_lengths_is_refused_and_so_is_what_follows_it(capped: Served, path: str, coding: str) -> None:
    """The shorter one would be believed, and the longer one come."""
    head = f"{path} HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\nTransfer-Encoding: {coding}\r\n\r\n"
    with capped.connected() as connection:
        connection.sendall(head.encode() + b"3e8\r\n" + b"x" * 1_000 + b"\r\n0\r\n\r\n")
        answer = parsed(received(connection))
    assert (answer.status, answer.code) == (400, "ambiguous_length")
    (line,) = capped.audit(1)
    assert (line["bytes_in"], line["status"], line["outcome"]) == (0, 400, "refused")


def test_one_that_fits_exactly_is_taken(capped: Served) -> None:
    assert capped.client.post("/v1/files", content=b"x" * 6_000).status_code == 200


def test_one_that_stalls_is_given_up(capped: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "_STALL", 0.05)
    answer = capped.raw("PUT /process HTTP/1.1\nContent-Length: 100", b"some")
    assert (answer.status, answer.code) == (408, "body_too_slow")
    (line,) = capped.audit(1)
    assert (line["bytes_in"], line["status"], line["outcome"]) == (4, 408, "refused")


def test_one_that_breaks_off_is_a_client_that_left(capped: Served) -> None:
    for path in ("PUT /process", "POST /v1/documents"):
        capped.send_and_leave(f"{path} HTTP/1.1\r\nHost: m\r\nContent-Length: 100\r\n\r\nsome")
    lines = capped.audit(2)
    assert [(line["status"], line["outcome"], line["bytes_in"]) for line in lines] == [(499, "cancelled", 4)] * 2
    until(lambda: not list((capped.data / "jobs").iterdir()) or None)


def test_uploads_wait_for_no_memory_as_they_go_to_the_disk(tmp_path: Path) -> None:
    with served(tmp_path / "data", caps=CAPS, memory=9_000) as service, service.connected() as other:
        other.sendall(b"PUT /process HTTP/1.1\r\nHost: m\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n")
        assert other.recv(100).startswith(b"HTTP/1.1 100"), "it has all the memory, and its body is awaited"
        assert service.client.post("/v1/files", content=b"x" * 6_000, timeout=20).status_code == 200


def test_one_keys_slow_bodies_leave_memory_to_another_key(tmp_path: Path) -> None:
    (_, slow), (_, other) = (make_key(tmp_path / "data", name) for name in ("slow", "other"))
    head = f"PUT /process HTTP/1.1\r\nHost: m\r\nAuthorization: {slow['authorization']}\r\nContent-Length: 3000\r\n"
    with served(tmp_path / "data", caps=CAPS, memory=4 * 9_000) as service, ExitStack() as slow_ones:
        for number in range(4):
            connection = slow_ones.enter_context(service.connected())
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            if number < 2:
                assert connection.recv(100).startswith(b"HTTP/1.1 100"), "its body is awaited"
        answer = service.client.put("/process", content=DOCUMENT[:2_999], headers=other, timeout=20)
        assert answer.status_code in (200, 422)


def test_memory_for_bodies_is_given_back_whatever_becomes_of_them(tmp_path: Path) -> None:
    """With room for one body at a time, a second would wait for ever if the first kept its share."""
    with served(tmp_path / "data", caps=CAPS, memory=9_000) as service:
        service.send_and_leave("PUT /process HTTP/1.1\r\nHost: m\r\nContent-Length: 3000\r\n\r\nsome")
        assert service.raw("PUT /process HTTP/1.1\nContent-Length: 3001").status == 413
        assert service.client.put("/process", content=b"x" * 3_000).status_code == 422
        assert service.client.put("/process", content=DOCUMENT[:2_999]).status_code in (200, 422)

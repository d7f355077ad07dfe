"""What of a request reaches the service, and that nobody can smuggle a second one in."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import muniment.server
from tests.deploy.gateway.running import Gateway, StandIn, gateway, stand_in
from tests.server.serving import Reply

SENT = {
    "authorization": "Bearer mun_key",
    "content-type": "application/json",
    "host": "muniment.example:8443",
    "idempotency-key": "one",
    "origin": "https://muniment.example:8443",
    "sec-fetch-site": "same-origin",
    "x-filename": "a%20letter.pdf",
}


Pair = tuple[StandIn, Gateway]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """A service that answers everything alike, and a gateway before it."""
    with stand_in() as service, gateway(service.path) as running:
        yield service, running


def passed(pair: Pair, headers: str, body: bytes = b"") -> tuple[Reply, StandIn]:
    """The answer to a request with these headers, and the service with what it got of it."""
    service, running = pair
    service.heads.clear()
    head = f"POST /v1/documents?name=x HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n"
    return running.raw(head.encode("latin-1") + body), service


def told(service: StandIn) -> dict[str, str]:
    """The headers that it got, by their names in small letters."""
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in service.head().split("\r\n")[1:])}


def test_the_headers_that_the_service_reads_go_on(pair: Pair) -> None:
    reply, service = passed(
        pair, "\r\n".join(f"{name}: {value}" for name, value in SENT.items()) + "\r\nContent-Length: 2", b"{}"
    )
    assert reply.status == 200
    assert told(service) == {**SENT, "content-length": "2", "connection": "close"}
    assert service.head().startswith("POST /v1/documents?name=x HTTP/1.1\r\n")


def test_they_are_all_that_it_reads() -> None:
    source = "".join(path.read_text() for path in Path(muniment.server.__path__[0]).rglob("*.py"))
    read = set(re.findall(r'headers\.get\(\s*"([a-z-]+)"|"([a-z-]+)" (?:not )?in \w+\.headers', source))
    names = {name for found in read for name in found if name}
    assert names <= {*SENT, "content-length", "transfer-encoding"}
    assert {"authorization", "x-filename", "content-length"} <= names, "this test does not see them any more"


@pytest.mark.parametrize(
    "header",
    [
        *(
            "X-Forwarded-For: 10.0.0.1",
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Proto: https",
            "Forwarded: for=10.0.0.1",
        ),
        *("X-Real-IP: 10.0.0.1", "X-Request-Id: mine", "X-Original-URL: /metrics", "X-Rewrite-URL: /metrics"),
        *("X-HTTP-Method-Override: DELETE", "Upgrade: h2c", "Cookie: a=b", "Range: bytes=0-1", "Content_Length: 5"),
        *(
            "Idempotency_Key: two",
            "Proxy: http://evil.example",
            "TE: trailers",
            "Expect: 100-continue",
            "X-Accel-Redirect: /-/500",
        ),
    ],
)
def test_no_other_header_does(pair: Pair, header: str) -> None:
    _, service = passed(pair, f"Host: localhost\r\n{header}")
    assert told(service) == {"host": "localhost", "connection": "close"}


@pytest.mark.parametrize(
    "headers",
    [
        *("Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 5"),
        *("Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        *("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked"),
        *("Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: \x0bchunked"),
        *(
            "Transfer-Encoding : chunked",
            "Content-Length : 5",
            "Content-Length: +5",
            "Content-Length: -5",
            "Content-Length: 0x5",
        ),
        *("X-Any: a\r\n Content-Length: 5", " X-Any: a", "Content-Length: 5\r\n\tX: b", "X-Any: a\rContent-Length: 5"),
        *("Host: evil.example", "X-Any: \0", "Bad Name: x", "Authorization: a\r\nAuthorization: b", ": x"),
    ],
)
def test_a_head_that_two_could_read_differently_is_refused(pair: Pair, headers: str) -> None:
    reply, service = passed(
        pair, f"Host: localhost\r\n{headers}", b"0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    assert (reply.status, reply.code) == (400, "malformed_request")
    assert service.heads == []


@pytest.mark.parametrize(
    "body",
    [b"5\r\nabcdefgh\r\n0\r\n\r\n", b"zz\r\n", b"-1\r\n", b"0x5\r\nabcde\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n"],
)
def test_a_body_whose_pieces_make_no_sense_breaks_the_request_off(pair: Pair, body: bytes) -> None:
    reply, _ = passed(pair, "Host: localhost\r\nTransfer-Encoding: chunked", body)
    assert (reply.status, reply.code) in ((400, "malformed_request"), (413, "body_too_large"))


def test_what_comes_after_a_request_is_a_request_of_its_own() -> None:
    """It has a connection of its own to the service, so that it cannot be taken for the rest of the first."""
    first = b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    second = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with stand_in() as service, gateway(service.path) as running, running.connected() as connection:
        connection.sendall(first + second)
        data = b""
        while data.count(b"{}") < 2 and (piece := connection.recv(1 << 16)):  # nginx takes its time to close
            data += piece
        lines = running.logged(2)
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert [head.partition(b" HTTP")[0] for head in service.heads] == [b"POST /v1/ocr", b"GET /v1/models"]
    assert [line["route"] for line in lines] == ["/v1/ocr", "/v1/models"]


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_without_a_host_it_is_no_request(pair: Pair, version: str) -> None:
    service, running = pair
    service.heads.clear()
    reply = running.raw(f"GET /health {version}\r\nConnection: close\r\n\r\n".encode())
    assert (reply.status, reply.code) == (400, "malformed_request")
    assert service.heads == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("X-Accel-Redirect", "/-/500"), ("X-Accel-Buffering", "yes"), ("X-Accel-Limit-Rate", "1")),
        ("X-Request-Id", "what a document says"),
    ],
)
def test_an_answer_has_no_say_in_what_the_gateway_does(name: str, value: str) -> None:
    def answer(connection: socket.socket, _rest: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\n{name}: {value}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        connection.sendall(head.encode())

    with stand_in(answer) as service, gateway(service.path) as running:
        reply = running.raw(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        (line,) = running.logged()
    assert (reply.status, reply.body) == (200, b"{}")
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-request-id"])
    assert line["request_id"] == reply.headers["x-request-id"]

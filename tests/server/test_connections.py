"""Connections: how many there may be, and those over which nothing is asked."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from muniment.server import connections
from muniment.server.connections import most_connections, raise_descriptors
from tests.server.serving import Served, parsed, received, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

GET = b"GET /v1/models HTTP/1.1\r\nHost: m\r\n"
LENGTH = 8
UPLOAD = b"POST /v1/files HTTP/1.1\r\nHost: m\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % LENGTH


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A service that waits for a head for a moment only."""
    monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.2)
    with served(tmp_path / "data") as service:
        yield service


def answer_over(connection: socket.socket) -> bytes:
    """One answer, over a connection that stays."""
    data = bytearray()
    while not data.endswith(b"}"):
        data += connection.recv(1 << 16)
    return bytes(data)


# those over which nothing is asked


@pytest.mark.parametrize("sent", [b"", b"G", GET])
def test_one_over_which_no_whole_head_comes_is_closed(hasty: Served, sent: bytes) -> None:
    with hasty.connected() as connection:
        connection.sendall(sent)
        assert received(connection) == b""


def test_a_head_that_comes_byte_by_byte_wins_no_time(hasty: Served) -> None:
    def ended() -> bool | None:
        try:
            connection.sendall(b"a")
        except OSError:
            return True
        return None

    with hasty.connected() as connection:
        connection.sendall(GET + b"X-A: ")
        until(ended)
        assert received(connection) == b""


def test_a_second_head_that_does_not_come_to_its_end_ends_the_connection(hasty: Served) -> None:
    with hasty.connected() as connection:
        connection.sendall(GET + b"\r\n")
        assert answer_over(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(GET)
        assert received(connection) == b""


def test_one_that_rests_between_two_requests_is_kept_and_so_is_one_whose_body_is_slow(hasty: Served) -> None:
    with hasty.connected() as resting, hasty.connected() as slow:
        resting.sendall(GET + b"\r\n")
        assert answer_over(resting).startswith(b"HTTP/1.1 200")
        slow.sendall(UPLOAD)
        with hasty.connected() as other:
            assert received(other) == b"", "by now, a head would have had to be there"
        resting.sendall(GET + b"\r\n")
        assert answer_over(resting).startswith(b"HTTP/1.1 200")
        slow.sendall(bytes(LENGTH))
        assert parsed(received(slow)).status != 408


# how many


@pytest.fixture
def narrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Served, list[socket.socket]]]:
    """A service that serves two connections at once, and those."""
    monkeypatch.setattr(connections, "_TOLD", 2)
    with served(tmp_path / "data", most=2) as service, ExitStack() as stack:
        held = [stack.enter_context(service.connected()) for _ in range(2)]
        for connection in held:
            connection.sendall(GET + b"\r\n")
            assert answer_over(connection).startswith(b"HTTP/1.1 200")
            connection.sendall(GET)  # so that it is not at rest
        yield service, held


def test_one_too_many_is_told_so_as_any_request_and_is_closed(narrow: tuple[Served, list[socket.socket]]) -> None:
    service, _ = narrow
    with service.connected() as another:
        another.sendall(GET + b"\r\n")
        reply = parsed(received(another))
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "too_many_connections", "5")
    assert reply.headers["connection"] == "close"

    def told() -> str | None:
        lines = service.audit(0)
        return next((line["outcome"] for line in lines if line["request_id"] == reply.headers["x-request-id"]), None)

    assert until(told) == "failed"


def test_whether_it_lives_is_told_over_any(narrow: tuple[Served, list[socket.socket]]) -> None:
    service, _ = narrow
    assert service.raw("GET /health HTTP/1.1").status == 200


def test_those_who_ask_nothing_take_no_place_for_ever(narrow: tuple[Served, list[socket.socket]]) -> None:
    service, held = narrow
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(service.connected())
        with service.connected() as beyond:
            assert received(beyond) == b"", "not even told"
    for connection in held:
        connection.close()
    until(lambda: service.raw("GET /v1/models HTTP/1.1").status == 200 or None)


def test_another_service_of_the_process_has_connections_of_its_own(
    service: Served, narrow: tuple[Served, list[socket.socket]]
) -> None:
    assert narrow[0].raw("GET /v1/models HTTP/1.1").status == 503
    assert service.raw("GET /v1/models HTTP/1.1").status == 200


# how many there may be


@pytest.mark.parametrize(
    ("descriptors", "expected"), [(65_536, 4_096), (10_000, 4_096), (4_096, 1_792), (1_024, 256), (256, 1)]
)
def test_half_of_the_files_stay_for_what_requests_open(descriptors: int, expected: int) -> None:
    assert most_connections(descriptors) == expected


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1_024, 4_096), 4_096),
        ((1_024, 2**20), 65_536),
        ((1_024, resource.RLIM_INFINITY), 65_536),
        ((512, 512), 512),
        ((2**20, 2**20), 2**20),
    ],
)
def test_the_soft_limit_is_raised_within_reason_and_never_lowered(
    limits: tuple[int, int], raised: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda _: told[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: told.append(wanted))
    assert raise_descriptors() == raised
    assert told[-1] == (raised, limits[1])

"""A service that is not there, breaks off or is one of several."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.deploy.gateway.running import Gateway, gateway, ok, stand_in
from tests.server.serving import PATIENCE, until


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    """The status, the code and when to come again."""
    return answer.status_code, answer.json()["error"]["code"], answer.headers.get("retry-after")


def leave(connection: socket.socket, _rest: bytes) -> None:
    """Not an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def test_it_starts_without_the_service_and_finds_it_when_it_comes(tmp_path: Path) -> None:
    with stand_in() as service:
        away = service.path.rename(tmp_path / "s")
        with gateway(service.path) as running:
            assert refused(httpx.get(f"{running.url}/health")) == (502, "service_unavailable", "5")
            away.rename(service.path)
            assert httpx.get(f"{running.url}/health").status_code == 200


def test_a_socket_that_nobody_listens_on_is_no_service(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
    with gateway(tmp_path / "s") as running:
        assert refused(httpx.get(f"{running.url}/health")) == (502, "service_unavailable", "5")


def test_one_that_breaks_off_is_told_of() -> None:
    with stand_in(leave) as service, gateway(service.path) as running:
        assert refused(httpx.post(f"{running.url}/v1/ocr")) == (502, "service_unavailable", "5")
        assert len(service.heads) == 1, "it was sent again"


@pytest.mark.parametrize("head", ["Content-Length: 90", "Transfer-Encoding: chunked"])
def test_half_of_an_answer_is_not_taken_for_whole(head: str) -> None:
    def begin(connection: socket.socket, _rest: bytes) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n5\r\nabcde\r\n".encode())

    with stand_in(begin) as service, gateway(service.path) as running, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{running.url}/v1/models")


def test_one_that_says_nothing_is_given_up() -> None:
    done = threading.Event()

    def wait(_connection: socket.socket, _rest: bytes) -> None:
        done.wait(PATIENCE)

    changes = {"proxy_read_timeout 3660s": "proxy_read_timeout 200ms"}
    with stand_in(wait) as service, gateway(service.path, changes=changes) as running:
        assert refused(httpx.get(f"{running.url}/v1/models", timeout=PATIENCE)) == (504, "timeout", "5")
        done.set()


def test_its_own_refusals_come_as_they_are() -> None:
    body = b'{"error": {"message": "Too much waits", "type": "overloaded_error", "param": null, "code": "overloaded"}}'

    def refuse(connection: socket.socket, _rest: bytes) -> None:
        head = f"HTTP/1.1 503 x\r\nRetry-After: 17\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    with stand_in(refuse) as service, gateway(service.path) as running:
        answer = httpx.get(f"{running.url}/v1/models")
    assert (answer.status_code, answer.headers["retry-after"], answer.content) == (503, "17", body)


def asked(running: Gateway, count: int, path: str = "/v1/chat/completions") -> None:
    """So many requests, one after the other."""
    for _ in range(count):
        assert httpx.post(f"{running.url}{path}", timeout=PATIENCE).status_code == 200


def answering_when(event: threading.Event) -> Callable[[socket.socket, bytes], None]:
    """Holds requests until then."""

    def answer(connection: socket.socket, _rest: bytes) -> None:
        event.wait(PATIENCE)
        ok(connection, b"")

    return answer


def test_of_several_the_one_with_less_to_do_is_asked() -> None:
    done = threading.Event()
    with stand_in(answering_when(done)) as busy, stand_in() as free, gateway(busy.path, free.path) as running:
        thread = threading.Thread(target=asked, args=(running, 1))
        thread.start()
        try:
            until(lambda: busy.heads or None)
            asked(running, 6)
            assert (len(busy.heads), len(free.heads)) == (1, 6)
        finally:
            done.set()
            thread.join()


def test_what_is_kept_stays_with_the_first() -> None:
    with stand_in() as first, stand_in() as second, gateway(first.path, second.path) as running:
        for path in ("/v1/documents", "/v1/files", "/v1/ocr"):
            asked(running, 2, path)
        assert (len(first.heads), len(second.heads)) == (6, 0)


def test_one_that_is_not_there_is_passed_over_and_one_that_began_is_not(tmp_path: Path) -> None:
    with stand_in() as there, gateway(tmp_path / "s", there.path) as running:
        asked(running, 4)
        assert len(there.heads) == 4
    with stand_in(leave) as broken, stand_in() as there, gateway(broken.path, there.path) as running:
        answers = [httpx.post(f"{running.url}/v1/chat/completions").status_code for _ in range(2)]
        assert sorted(answers) == [200, 502]
        assert (len(broken.heads), len(there.heads)) == (1, 1)

"""The configuration is read anew without a request that goes wrong."""

import socket
import threading
from functools import partial

import httpx

from tests.deploy.gateway.running import Gateway, gateway, stand_in
from tests.server.serving import PATIENCE, parsed, received, until


def test_no_request_goes_wrong_meanwhile(gateway: Gateway) -> None:
    stopped, counts = threading.Event(), [0] * 4
    problems: list[str] = []

    def is_past(before: list[int]) -> bool | None:
        return all(map(int.__gt__, counts, before)) or None

    def ask(number: int) -> None:
        while not stopped.is_set():
            try:  # each with a connection of its own: one that waits for a next request may be closed at any time
                status = httpx.get(f"{gateway.url}/v1/models", timeout=PATIENCE).status_code
            except httpx.HTTPError as error:
                problems.append(repr(error))
            else:
                problems.extend([f"{status}"] if status != 200 else [])
                counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(counts))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            before = list(counts)
            gateway.reload()
            until(partial(is_past, before))
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert problems == []


def test_an_answer_and_a_body_that_are_under_way_come_to_their_end() -> None:
    reloaded = threading.Event()

    def tell(connection: socket.socket, rest: bytes) -> None:
        while len(rest) < 9:
            rest += connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + rest[:4])
        reloaded.wait(PATIENCE)
        connection.sendall(rest[4:])

    head = b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    with (
        stand_in(tell) as service,
        gateway(service.path) as running,
        running.connected() as reading,
        running.connected() as sending,
    ):
        reading.sendall(head + b"whole one")
        sending.sendall(head + b"whole")
        until(lambda: len(service.heads) == 2 or None)
        running.reload()
        reloaded.set()
        sending.sendall(b" one")
        assert [parsed(received(connection)).body for connection in (reading, sending)] == [b"whole one"] * 2


def test_a_configuration_that_is_none_leaves_the_old_one_at_work() -> None:
    with stand_in() as service, gateway(service.path) as running:
        (running.run / "listen.conf").write_text("nonsense;\n")
        before = running.workers()
        running.process.send_signal(1)
        until(lambda: "nonsense" in running.errors.read_text() or None)
        assert httpx.get(f"{running.url}/health").status_code == 200
        assert running.workers() == before

"""Jobs take their turns at a model with one another and with what clients wait for."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.builders import image_bytes, page_picture
from tests.reading.engine_server import EngineServer
from tests.server.asking import question, url
from tests.server.jobs.handed_in import hand_in, lines_of, scan
from tests.server.serving import Served, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

CHAT = question("scripted", url(image_bytes(page_picture(60, 40), "PNG")))


class Held:
    """An engine that answers one request at a time, each when it is let go."""

    def __init__(self, engine: EngineServer, service: Served) -> None:
        self.engine, self.service = engine, service
        self._may = threading.Semaphore(0)
        engine.say = self._say

    def _say(self, number: int) -> str:
        self._may.acquire(timeout=60)
        return f"answer {number}"

    def let_go(self, count: int = 1) -> None:
        for _ in range(count):
            self._may.release()

    def waiting(self) -> int:
        """Pages and requests that wait for their turn."""
        lines = self.service.client.get("/metrics").text.splitlines()
        return int(float(next(line.split()[1] for line in lines if line.startswith("muniment_queue_length "))))


@pytest.fixture
def held(tmp_path: Path, engine: EngineServer) -> Iterator[Held]:
    with served(tmp_path / "data", engine.address, requests=1) as service:
        held = Held(engine, service)
        yield held
        held.let_go(99)


def begun(held: Held, pages: int) -> str:
    """A job whose first page is being read."""
    job = hand_in(held.service, scan(pages), "scripted")
    until(lambda: held.engine.asked or None)
    return job


def test_a_job_keeps_one_page_waiting_and_no_more(held: Held) -> None:
    job = begun(held, 6)
    for read in range(4):
        until(lambda read=read: len(lines_of(held.service, job)) == read or None)  # type: ignore[misc]
        until(lambda: held.waiting() == 1 or None)
        held.let_go()


def test_several_jobs_of_one_owner_take_turns(held: Held) -> None:
    long = begun(held, 6)
    short = hand_in(held.service, scan(2), "scripted")
    until(lambda: held.waiting() == 3 or None)
    held.let_go(6)
    until(lambda: held.service.client.get(f"/v1/documents/{short}").json()["state"] == "done" or None)
    assert len(lines_of(held.service, long)) < 6


def test_an_owners_own_request_goes_before_the_pages_of_its_jobs(held: Held) -> None:
    job = begun(held, 6)
    until(lambda: held.waiting() == 1 or None)
    with ThreadPoolExecutor(1) as clients:
        answer = clients.submit(held.service.client.post, "/v1/chat/completions", json=CHAT)
        until(lambda: held.waiting() == 2 or None)
        held.let_go(2)
        assert answer.result().json()["choices"][0]["message"]["content"] == "answer 1"
    assert lines_of(held.service, job) == [1]

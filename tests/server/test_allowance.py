"""A key's pages a day are those that were read: what failed, was refused or was given up counts for nothing."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import OutputError
from muniment.server.jobs import JobStore
from muniment.server.jobs.pagefile import PageFile
from muniment.server.limits import Gate
from tests.builders import image_bytes, page_picture, scanned_pdf, text_pdf
from tests.reading.engine_server import EngineServer, Pieces, Refusal, engine_server
from tests.server.asking import question, url
from tests.server.erasing import cannot_be_erased
from tests.server.serving import Served, make_key, served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")

LETTER = text_pdf("one", "two", "three")
SCAN = scanned_pdf(*[page_picture()] * 4)
PICTURE = url(image_bytes(page_picture(60, 40), "PNG"))
OCR = {"document": {"type": "document_url", "document_url": url(LETTER, "application/pdf")}}
CHAT = "/v1/chat/completions"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def key(data: Path) -> dict[str, str]:
    """One that may have five pages read a day."""
    return make_key(data, "few", pages_a_day=5)[1]


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


def used(data: Path) -> int:
    """Pages that count towards the key's day."""
    with closing(sqlite3.connect(data / "service.db")) as database:
        (found,) = database.execute("SELECT COALESCE(SUM(pages), 0) FROM pages_charged").fetchone()
    return int(found)


def send(service: Served, key: dict[str, str], path: str) -> Any:
    if path == "/process":
        return service.client.put(path, content=LETTER, headers=key)
    return service.client.post(path, json=OCR, headers=key)


def waits_for(service: Served, model: str, key: dict[str, str]) -> None:
    until(lambda: model in service.client.get("/v1/models", headers=key).text or None)


@pytest.mark.parametrize("path", ["/process", "/v1/ocr"])
def test_a_page_that_failed_is_not_counted(
    data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch, path: str
) -> None:
    with_plain_workers(plain_workers, "2:error")
    with served(data) as service:
        answer = send(service, key, path)
        assert answer.status_code == 200
        assert service.line_of(answer)["pages"] == 2
        assert used(data) == 2


@pytest.mark.parametrize("path", ["/process", "/v1/ocr"])
def test_what_is_refused_has_no_pages_in_the_audit_and_the_metrics(data: Path, path: str) -> None:
    _, key = make_key(data, "few", pages_a_day=2)
    with served(data) as service:
        answer = send(service, key, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "page_quota_exceeded")
        assert service.line_of(answer)["pages"] == 0
        assert used(data) == 0
        until(lambda: f'muniment_pages_total{{route="{path}"}} 0.0' in metrics(service, key) or None)


def metrics(service: Served, key: dict[str, str]) -> str:
    return service.client.get("/metrics", headers=key).text


@pytest.mark.parametrize("path", ["/process", "/v1/ocr"])
def test_when_nobody_waits_any_more_the_pages_that_were_read_count(
    data: Path, key: dict[str, str], engine: EngineServer, path: str
) -> None:
    engine.say = lambda number: f"answer {number}" if number < 2 else Pieces([], end="never")
    body, method = SCAN, "PUT"
    if path == "/v1/ocr":
        scan = {"type": "document_url", "document_url": url(SCAN, "application/pdf")}
        body, method = json.dumps({"document": scan}).encode(), "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: m\r\nAuthorization: {key['authorization']}\r\n"
    with served(data, engine.address, requests=1) as service:
        waits_for(service, "scripted", key)
        with service.connected() as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            until(lambda: len(engine.asked) == 3 or None)  # one at a time: two were answered
            assert used(data) == 4
        (line,) = until(lambda: [line for line in service.audit(1) if line["route"] == path] or None)
        assert (line["outcome"], line["pages"]) == ("cancelled", 2)
        assert used(data) == 2


def pages_of(service: Served, job: str, key: dict[str, str]) -> int:
    found: int = service.client.get(f"/v1/documents/{job}", headers=key).json()["pages"]["done"]
    return found


class TestChat:
    """Images count when an engine has begun to answer."""

    @pytest.fixture
    def asking(self, data: Path, key: dict[str, str], engine: EngineServer) -> Iterator[Served]:
        with served(data, engine.address) as service:
            waits_for(service, "scripted", key)
            yield service

    @pytest.mark.parametrize("stream", [True, False])
    def test_an_answer_counts(self, asking: Served, data: Path, key: dict[str, str], stream: bool) -> None:
        body = question("scripted", PICTURE, PICTURE, stream=stream)
        answer = asking.client.post(CHAT, json=body, headers=key)
        assert answer.status_code == 200
        assert (asking.line_of(answer)["pages"], used(data)) == (2, 2)

    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize("refusal", [Refusal(503, "busy"), Refusal(400, "no"), None])
    def test_a_refusal_does_not(
        self,
        asking: Served,
        engine: EngineServer,
        data: Path,
        key: dict[str, str],
        refusal: Refusal | None,
        stream: bool,
    ) -> None:
        engine.say = lambda _: refusal
        answer = asking.client.post(CHAT, json=question("scripted", PICTURE, stream=stream), headers=key)
        assert answer.status_code >= 400
        assert (asking.line_of(answer)["pages"], used(data)) == (0, 0)

    def test_an_answer_that_breaks_off_counts(
        self, asking: Served, engine: EngineServer, data: Path, key: dict[str, str]
    ) -> None:
        engine.say = lambda _: Pieces([b"data: {}\n\n"], end="broken")
        answer = asking.client.post(CHAT, json=question("scripted", PICTURE, stream=True), headers=key)
        assert (asking.line_of(answer)["pages"], used(data)) == (1, 1)

    @pytest.mark.parametrize("stream", [True, False])
    def test_what_the_embedded_engine_cannot_read_does_not(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch, stream: bool
    ) -> None:
        with_plain_workers(plain_workers, "1:error")
        with served(data) as service:
            answer = service.client.post(CHAT, json=question("embedded", PICTURE, stream=stream), headers=key)
            assert answer.status_code == 422
            assert (service.line_of(answer)["pages"], used(data)) == (0, 0)

    @pytest.mark.parametrize("stream", [True, False])
    def test_what_the_embedded_engine_reads_counts(self, data: Path, key: dict[str, str], stream: bool) -> None:
        with served(data) as service:
            body = question("embedded", PICTURE, PICTURE, stream=stream)
            answer = service.client.post(CHAT, json=body, headers=key)
            assert (service.line_of(answer)["pages"], used(data)) == (2, 2)
            beyond = service.client.post(CHAT, json=question("embedded", *[PICTURE] * 4, stream=stream), headers=key)
            assert (beyond.status_code, service.line_of(beyond)["pages"], used(data)) == (429, 0, 2)


class TestJobs:
    """A document that was handed in counts whole, until it is known what of it was read."""

    def hand_in(self, service: Served, key: dict[str, str]) -> str:
        return service.hand_in(LETTER, authorization=key["authorization"])

    def partly_read(self, service: Served, key: dict[str, str]) -> str:
        """A job, two of whose pages are done."""
        job = self.hand_in(service, key)
        until(lambda: pages_of(service, job, key) == 2 or None)
        return job

    def done(self, service: Served, job: str, key: dict[str, str], state: str = "done") -> None:
        place = f"/v1/documents/{job}"
        until(lambda: service.client.get(place, headers=key).json()["state"] == state or None)

    def removed(self, service: Served, job: str, key: dict[str, str]) -> None:
        assert service.client.delete(f"/v1/documents/{job}", headers=key).status_code == 204

    def test_pages_that_failed_are_given_back_at_its_end(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "2:error,3:slow")
        with served(data) as service:
            job = self.hand_in(service, key)
            assert used(data) == 3
            self.done(service, job, key)
            until(lambda: used(data) == 2 or None)
            self.removed(service, job, key)
            assert used(data) == 2, "nothing is given back twice"

    def test_one_that_is_cancelled_counts_as_far_as_it_was_read(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "3:hang")
        with served(data) as service:
            job = self.partly_read(service, key)
            self.removed(service, job, key)
            assert used(data) == 2

    def test_one_that_cannot_be_erased_at_once_is_given_back_once(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "3:hang")
        with served(data) as service:
            job = self.hand_in(service, key)
            until(lambda: pages_of(service, job, key) == 2 or None)
            with plain_workers.context() as stuck:
                cannot_be_erased(stuck, "document")
                for _ in range(2):
                    assert service.client.delete(f"/v1/documents/{job}", headers=key).status_code == 503
                    assert used(data) == 2
            self.removed(service, job, key)
            assert used(data) == 2

    def test_one_whose_pages_cannot_be_given_back_is_not_removed(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OutputError("the database is full")

        with_plain_workers(plain_workers, "3:hang")
        with served(data) as service:
            job = self.partly_read(service, key)
            with plain_workers.context() as trouble:
                trouble.setattr(Gate, "give_back", full)
                assert service.client.delete(f"/v1/documents/{job}", headers=key).status_code == 507
            found = service.client.get(f"/v1/documents/{job}", headers=key).json()
            assert (found["state"], used(data)) == ("reading", 3)
            self.removed(service, job, key)
            assert used(data) == 2

    def test_a_restart_gives_nothing_back_and_a_cancellation_after_it_does(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch
    ) -> None:
        with_plain_workers(plain_workers, "2:error,3:hang")
        with served(data) as service:
            job = self.partly_read(service, key)
        assert used(data) == 3
        with served(data) as service:
            assert used(data) == 3
            self.removed(service, job, key)
            assert used(data) == 1

    def test_one_that_fails_altogether_counts_for_nothing(
        self, data: Path, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(PageFile, "add", broken)
        with served(data) as service:
            job = self.hand_in(service, key)
            self.done(service, job, key, "failed")
            until(lambda: used(data) == 0 or None)
            self.removed(service, job, key)
            assert used(data) == 0, "nothing is given back twice"

    @pytest.mark.parametrize(("owner", "name"), [(JobStore, "finish"), (Gate, "give_back")])
    def test_a_restart_between_its_end_and_the_giving_back_does_both_once(
        self, data: Path, key: dict[str, str], plain_workers: pytest.MonkeyPatch, owner: type, name: str
    ) -> None:
        with_plain_workers(plain_workers, "2:error")
        tried = threading.Event()

        def full(*_: object) -> None:
            tried.set()
            raise OutputError("the database is full")

        with served(data) as service, plain_workers.context() as trouble:
            trouble.setattr(owner, name, full)
            job = self.hand_in(service, key)
            assert tried.wait(60)
            found = service.client.get(f"/v1/documents/{job}", headers=key).json()
            assert (found["state"], used(data)) == ("reading", 3)
        with served(data) as service:
            self.done(service, job, key)
            assert used(data) == 2

    def test_one_that_cannot_be_written_down_counts_for_nothing(
        self, data: Path, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OutputError("the database is full")

        monkeypatch.setattr(JobStore, "add", full)
        with served(data) as service:
            answer = service.client.post("/v1/documents", content=LETTER, headers=key)
            assert (answer.status_code, answer.json()["error"]["code"]) == (507, "no_space")
            assert service.line_of(answer)["pages"] == 0
            assert used(data) == 0

    def test_the_same_document_again_counts_once(self, data: Path, key: dict[str, str]) -> None:
        with served(data) as service:
            for status in (202, 200):
                headers = {**key, "idempotency-key": "once"}
                assert service.client.post("/v1/documents", content=LETTER, headers=headers).status_code == status
            assert used(data) == 3

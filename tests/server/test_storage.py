"""No key fills the disk: a reserve stays free, and what a key has uploaded and what is not finished have bounds."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server import storage
from muniment.server.errors import ApiError
from muniment.server.storage import Storage
from tests.builders import page_picture, scanned_pdf, text_pdf
from tests.reading.engine_server import engine_server
from tests.server.serving import PATIENCE, Served, make_key, parsed, received, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

LETTER = text_pdf("one", "two", "three")
SCAN = scanned_pdf(page_picture())
"""No page of it has a text of its own, which would be read without the engine."""
ENDLESS = 1 << 60


def error(answer: Any) -> tuple[int, str, str]:
    told = answer.json()["error"]
    return answer.status_code, told["type"], told["code"]


def refusal(take: Callable[[int], None], size: int) -> str | None:
    """The code with which so many bytes are refused; None if they are taken."""
    try:
        take(size)
    except ApiError as refused:
        return refused.code
    return None


def left_by(service: Served) -> list[Path]:
    """What lies in the folders of documents and files."""
    return sorted(service.data.glob("*/*_*"))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.booleans()), max_size=30))
def test_an_owner_never_has_more_than_it_may_whatever_comes_at_once(steps: list[tuple[str, int, bool]]) -> None:
    """Uploads of two owners in pieces, side by side; True ends the oldest of the owner's, which is then kept."""
    kept = {"a": 0, "b": 0}
    bounded = Storage(Path("/"), 0, 20, lambda owner: kept[owner])
    under_way: dict[str, list[Any]] = {"a": [], "b": []}
    for owner, size, is_end in steps:
        if is_end and under_way[owner]:
            upload, room = under_way[owner].pop(0)
            kept[owner] += room.taken
            upload.__exit__(None, None, None)
            continue
        upload = bounded.room(owner)
        under_way[owner].append((upload, upload.__enter__()))
        has = kept[owner] + sum(room.taken for _, room in under_way[owner])
        refused = refusal(under_way[owner][-1][1].take, size)
        assert refused == ("storage_quota_exceeded" if has + size > 20 else None)


def test_what_was_not_kept_or_is_gone_does_not_count_for_long() -> None:
    kept = 10
    bounded = Storage(Path("/"), 0, 10, lambda _: kept)
    with bounded.room("a") as room:
        assert refusal(room.take, 1) == "storage_quota_exceeded"
    kept = 0
    for _ in range(2):
        with bounded.room("a") as room:
            assert refusal(room.take, 10) is None


def test_the_reserve_is_what_a_user_may_have_left_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    free = 100

    def disk(_: Path) -> os.statvfs_result:
        return os.statvfs_result((4096, 10, 1000, 500, free // 10, 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "statvfs", disk)
    with Storage(Path("/"), 40, ENDLESS, lambda _: 0).room("a") as room:
        assert refusal(room.take, 60) is None
        assert refusal(room.take, 61) == "no_space"
        free = 40
        assert refusal(room.take, 1) == "no_space"
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((0,) * 10))
        assert refusal(room.take, 1) is None, "a file system without such a number"


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/files"])
def test_an_upload_is_refused_that_would_go_into_the_reserve(tmp_path: Path, path: str) -> None:
    with served(tmp_path / "data", reserve=ENDLESS) as service:
        answer = service.client.post(path, content=LETTER)
        assert error(answer) == (507, "server_error", "no_space")
        assert service.line_of(answer)["bytes_in"] == 0, "before any of it comes"
        assert left_by(service) == []


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/files"])
def test_an_upload_is_refused_that_comes_to_the_reserve_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    with served(tmp_path / "data") as service, service.connected() as client:
        head = f"POST {path} HTTP/1.1\r\nHost: m\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n"
        client.sendall(head.encode() + b"x" * 1000)
        until(lambda: left_by(service) or None)
        monkeypatch.setattr(storage, "_free", lambda _: 1000.0)
        client.sendall(b"x" * 1000)
        answer = parsed(received(client))
        assert (answer.status, answer.code) == (507, "no_space")
        assert left_by(service) == []


def test_a_keys_documents_and_files_count_together_until_they_are_erased(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (_, mine), (_, theirs) = make_key(data, "mine"), make_key(data, "theirs")
    with served(data, most_kept=2 * len(LETTER)) as service:
        job = service.hand_in(LETTER, authorization=mine["authorization"])
        file = service.client.post("/v1/files", content=LETTER, headers=mine).json()["id"]
        for path in ("/v1/documents", "/v1/files"):
            assert error(service.client.post(path, content=LETTER, headers=mine)) == (
                *(429, "rate_limit_error"),
                "storage_quota_exceeded",
            )
        assert len(left_by(service)) == 2
        service.hand_in(LETTER, authorization=theirs["authorization"])
        for place in (f"/v1/documents/{job}", f"/v1/files/{file}"):
            assert service.client.delete(place, headers=mine).is_success
            assert service.client.post("/v1/files", content=LETTER, headers=mine).status_code == 200


def test_a_body_that_tells_no_length_is_refused_where_it_goes_beyond(tmp_path: Path) -> None:
    with served(tmp_path / "data", most_kept=1000) as service:
        for pieces, status in (([b"x" * 500] * 2, 200), ([b"x"], 429)):
            assert service.client.post("/v1/files", content=iter(pieces)).status_code == status


class TestUnfinished:
    """Documents that wait or are being read."""

    @contextmanager
    def waiting(self, data: Path, most: int) -> Iterator[Served]:
        """A service with an engine that answers nothing until the end, so that no document is finished before."""
        end = threading.Event()

        def say(_: int) -> str:
            end.wait(PATIENCE)
            return "read"

        with engine_server(say) as engine, served(data, engine.address, most_unfinished=most) as service:
            try:
                yield service
            finally:
                end.set()

    def hand_in(self, service: Served, key: dict[str, str]) -> httpx.Response:
        """What comes of a document, once there is a model."""

        def answer() -> httpx.Response | None:
            found = service.client.post("/v1/documents", content=SCAN, headers=key)
            return None if found.status_code == 503 else found

        return until(answer)

    def test_beyond_as_many_as_may_be_the_next_is_refused_until_one_is_gone(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        (_, mine), (_, theirs) = make_key(data, "mine"), make_key(data, "theirs")
        with self.waiting(data, 2) as service:
            jobs = [self.hand_in(service, mine).json()["id"] for _ in range(2)]
            answer = self.hand_in(service, mine)
            assert error(answer) == (429, "rate_limit_error", "document_limit_exceeded")
            assert int(answer.headers["retry-after"]) >= 1
            assert service.line_of(answer)["bytes_in"] == 0, "before any of it comes"
            assert self.hand_in(service, theirs).status_code == 202
            assert service.client.delete(f"/v1/documents/{jobs[0]}", headers=mine).status_code == 204
            assert self.hand_in(service, mine).status_code == 202

    def test_one_that_comes_at_the_same_time_as_another_is_refused_too(self, tmp_path: Path) -> None:
        with self.waiting(tmp_path / "data", 1) as service, service.connected() as client:
            length = f"Content-Length: {len(SCAN)}"
            head = f"POST /v1/documents HTTP/1.1\r\nHost: m\r\nConnection: close\r\n{length}\r\n\r\n"
            client.sendall(head.encode() + SCAN[:100])
            until(lambda: left_by(service) or None)
            assert self.hand_in(service, {}).status_code == 202
            client.sendall(SCAN[100:])
            answer = parsed(received(client))
            assert (answer.status, answer.code) == (429, "document_limit_exceeded")
            assert len(left_by(service)) == 1

    def test_what_is_finished_does_not_count(self, tmp_path: Path) -> None:
        with served(tmp_path / "data", most_unfinished=1) as service:
            finished = [service.job(service.hand_in(LETTER))["id"] for _ in range(2)]
            kept = service.client.get("/v1/documents").json()["data"]
        assert {job["id"] for job in kept} == set(finished), "more than may be unfinished"

    def test_the_same_document_again_is_no_other(self, tmp_path: Path) -> None:
        with self.waiting(tmp_path / "data", 1) as service:
            for status in (202, 200):
                assert self.hand_in(service, {"idempotency-key": "once"}).status_code == status

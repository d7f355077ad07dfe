"""What stands before every route: paths, methods, keys, limits, bodies, and what is told of a request afterwards."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from muniment.server import call, guard
from muniment.server.answer import Answer
from muniment.server.caps import Caps
from muniment.server.files import FileStore
from muniment.server.keys import KeyLimits, KeyStore
from muniment.server.routes import documents
from muniment.server.store import Database
from tests.builders import text_pdf
from tests.reading.engine_server import EngineServer, Pieces, engine_server
from tests.server.asking import question
from tests.server.serving import Served, make_key, served, until

pytestmark = pytest.mark.usefixtures("plain_workers")

DOCUMENT = text_pdf("A letter.", "Its second page.")
DOCUMENT_ROUTES = [
    *(("PUT", "/process"), ("POST", "/v1/documents"), ("POST", "/v1/files"), ("POST", "/v1/ocr")),
    *(("POST", "/v1/chat/completions"), ("POST", "/v1/completions")),
]
KEEPS_NOTHING = "secret-in-the-document"


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/v1/documents/doc_0", "/v1/models"])
def test_every_answer_has_a_fresh_request_id_whatever_the_client_called_it(service: Served, path: str) -> None:
    answers = [service.client.get(path, headers={"x-request-id": "mine"}) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)
    assert ids[0] != ids[1]
    assert [service.line_of(answer)["status"] for answer in answers] == [answer.status_code for answer in answers]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/../health", "/./health", "//health", "/health/", "/health//", "/v1//models", "/%2e%2e/health"),
        *(
            "/%2e/health",
            "/v1%2Fmodels",
            "/v1%2fmodels",
            "/%68ealth",
            "/health%00",
            "/health;a",
            "/Health",
            "/\\health",
        ),
        *(
            "/\\health",
            "/v1/documents/..",
            "/v1/documents/%2e%2e",
            "/v1/models%20",
            "http://muniment/health",
            "*",
            "health",
        ),
    ],
)
def test_a_path_in_another_spelling_is_nowhere(service: Served, path: str) -> None:
    answer = service.raw(f"GET {path} HTTP/1.1")
    assert (answer.status, answer.code) == (404, "not_found")
    assert service.raw("GET /health HTTP/1.1").status == 200  # the control


@pytest.mark.parametrize(
    "path",
    [
        *("/invocations", "/tokenize", "/detokenize", "/pooling", "/classify", "/score", "/rerank", "/v1/rerank"),
        *("/v1/embeddings", "/v1/responses", "/v1/audio/transcriptions", "/v1/completions/render", "/load", "/ping"),
        *("/version", "/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/sleep", "/wake_up", "/is_sleeping"),
        *("/collective_rpc", "/reset_prefix_cache", "/server_info", "/start_profile", "/inference/v1/generate"),
        *("/", "/v1", "/metrics/", "/redoc", "/favicon.ico", "/-"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_engine_has_beside_the_routes_is_nowhere(service: Served, method: str, path: str) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert service.line_of(answer)["route"] is None


def test_a_connection_is_no_web_socket(service: Served) -> None:
    upgrade = "Upgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13"
    assert service.raw(f"GET /v1/realtime HTTP/1.1\n{upgrade}").status == 404
    assert service.raw(f"GET /health HTTP/1.1\n{upgrade}").status == 200


class TestKeys:
    """Who may ask, and how much."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        return tmp_path / "data"

    @pytest.fixture
    def locked(self, data: Path) -> Iterator[Served]:
        make_key(data, "first")
        with served(data) as service:
            yield service

    def test_without_a_key_made_all_is_open_and_with_the_first_it_is_not(self, data: Path) -> None:
        with served(data) as service:
            assert service.client.get("/v1/models").status_code == 200
            key_id, key = make_key(data, "first")
            refused = service.client.get("/v1/models")
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
            let_in = service.client.get("/v1/models", headers=key)
            assert let_in.status_code == 200
            assert service.line_of(let_in)["key_id"] == key_id
            assert service.line_of(refused)["key_id"] is None
            assert service.line_of(refused)["outcome"] == "refused"

    @pytest.mark.parametrize("path", ["/health", "/ready"])
    def test_whether_it_lives_is_told_to_everybody(self, locked: Served, path: str) -> None:
        assert locked.client.get(path).status_code in (200, 503)

    @pytest.mark.parametrize("path", ["/metrics", "/v1/models", "/v1/documents", "/v1/files", "/v1/documents/x/events"])
    @pytest.mark.parametrize("shown", ["", "Bearer", "Bearer mun_wrong", "Basic bXVuOg==", "mun_wrong"])
    def test_everything_else_wants_one_that_counts(self, locked: Served, path: str, shown: str) -> None:
        answer = locked.client.get(path, headers={"authorization": shown} if shown else {})
        assert answer.status_code == 401
        assert "wrong" not in answer.text
        scheme, _, challenge = answer.headers["www-authenticate"].partition(" ")
        assert scheme == "Bearer"
        # RFC 6750: what is wrong with a key is said only to who showed one.
        assert challenge.startswith('realm="muniment"')
        assert ('error="invalid_token"' in challenge) == (shown == "Bearer mun_wrong")
        assert "wrong" not in challenge

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
    def test_methods_that_tell_little_want_one_too(self, locked: Served, data: Path, method: str) -> None:
        answers = [locked.client.request(method, "/v1/models", headers=shown) for shown in ({}, make_key(data, "b")[1])]
        assert answers[0].status_code == 401
        assert answers[0].headers["www-authenticate"] == 'Bearer realm="muniment"'
        assert answers[1].is_success

    def test_one_that_is_revoked_or_expired_does_not_count(self, locked: Served, data: Path) -> None:
        _, key = make_key(data, "second")
        assert locked.client.get("/v1/models", headers=key).status_code == 200
        database = Database(data)
        past = KeyStore(database, clock=lambda: 1_000.0)
        _, old = past.add("old", KeyLimits(), datetime.fromtimestamp(2_000, UTC))
        KeyStore(database).revoke("second")
        database.close()
        for shown in (key, {"authorization": f"Bearer {old}"}):
            assert locked.client.get("/v1/models", headers=shown).status_code == 401

    def test_requests_a_minute_are_limited_and_the_wait_is_told(self, locked: Served, data: Path) -> None:
        _, key = make_key(data, "slow", rate=2)
        answers = [locked.client.get("/v1/models", headers=key) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(answers[2].headers["retry-after"]) <= 60
        assert locked.client.get("/v1/models", headers=make_key(data, "other")[1]).status_code == 200

    def test_requests_at_once_are_limited_until_one_ends(self, locked: Served, data: Path) -> None:
        _, key = make_key(data, "one", concurrent=1)
        with locked.connected() as busy:
            head = f"PUT /process HTTP/1.1\r\nHost: m\r\nAuthorization: {key['authorization']}\r\nContent-Length: 9\r\n"
            busy.sendall(f"{head}\r\nhalf".encode())
            refused = until(
                lambda: answer if (answer := locked.client.get("/v1/models", headers=key)).status_code == 429 else None
            )
            assert refused.json()["error"]["code"] == "concurrency_limit_exceeded"
            assert int(refused.headers["retry-after"]) >= 1
        until(lambda: locked.client.get("/v1/models", headers=key).status_code == 200 or None)

    def test_pages_a_day_are_limited_before_any_is_read(self, locked: Served, data: Path) -> None:
        _, key = make_key(data, "few", pages_a_day=3)
        answers = [locked.client.put("/process", content=DOCUMENT, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].json()["error"]["code"] == "page_quota_exceeded"
        assert int(answers[1].headers["retry-after"]) >= 1
        assert locked.client.post("/v1/documents", content=DOCUMENT, headers=key).status_code == 429
        assert locked.client.get("/v1/documents", headers=key).json()["data"] == []
        assert list((data / "jobs").iterdir()) == []


class TestBodies:
    """Bodies that are too long, too slow, or not all there."""

    CAPS = Caps(body_bytes=3_000, document_bytes=6_000)

    @pytest.fixture
    def capped(self, tmp_path: Path) -> Iterator[Served]:
        with served(tmp_path / "data", caps=self.CAPS) as service:
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
    def test_one_that_is_declared_too_long_is_refused_before_it_comes(
        self, capped: Served, request_line: str, most: int
    ) -> None:
        answer = capped.raw(f"{request_line} HTTP/1.1\nContent-Length: {most + 1}")
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert f"{most:,}" in json.loads(answer.body)["error"]["message"]
        (line,) = capped.audit(1)
        assert (line["bytes_in"], line["status"], line["outcome"]) == (0, 413, "refused")

    @pytest.mark.parametrize("path", ["PUT /process", "POST /v1/files"])
    def test_one_that_turns_out_too_long_is_refused_when_it_does(self, capped: Served, path: str) -> None:
        pieces = b"".join(b"3e8\r\n" + b"x" * 1_000 + b"\r\n" for _ in range(7))
        answer = capped.raw(f"{path} HTTP/1.1\nTransfer-Encoding: chunked", pieces)
        assert (answer.status, answer.code) == (413, "body_too_large")
        assert list((capped.data / "files").iterdir()) == []

    def test_one_that_fits_exactly_is_taken(self, capped: Served) -> None:
        assert capped.client.post("/v1/files", content=b"x" * 6_000).status_code == 200

    def test_one_that_stalls_is_given_up(self, capped: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(call, "_STALL", 0.05)
        answer = capped.raw("PUT /process HTTP/1.1\nContent-Length: 100", b"some")
        assert (answer.status, answer.code) == (408, "body_too_slow")
        (line,) = capped.audit(1)
        assert (line["bytes_in"], line["status"], line["outcome"]) == (4, 408, "refused")

    def test_one_that_breaks_off_is_a_client_that_left(self, capped: Served) -> None:
        for path in ("PUT /process", "POST /v1/documents"):
            capped.send_and_leave(f"{path} HTTP/1.1\r\nHost: m\r\nContent-Length: 100\r\n\r\nsome")
        lines = capped.audit(2)
        assert [(line["status"], line["outcome"], line["bytes_in"]) for line in lines] == [(499, "cancelled", 4)] * 2
        until(lambda: not list((capped.data / "jobs").iterdir()) or None)

    def test_uploads_wait_for_no_memory_as_they_go_to_the_disk(self, tmp_path: Path) -> None:
        with served(tmp_path / "data", caps=self.CAPS, memory=9_000) as service, service.connected() as other:
            other.sendall(b"PUT /process HTTP/1.1\r\nHost: m\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 100"), "it has all the memory, and its body is awaited"
            assert service.client.post("/v1/files", content=b"x" * 6_000, timeout=20).status_code == 200

    def test_one_keys_slow_bodies_leave_memory_to_another_key(self, tmp_path: Path) -> None:
        (_, slow), (_, other) = (make_key(tmp_path / "data", name) for name in ("slow", "other"))
        head = f"PUT /process HTTP/1.1\r\nHost: m\r\nAuthorization: {slow['authorization']}\r\nContent-Length: 3000\r\n"
        with served(tmp_path / "data", caps=self.CAPS, memory=4 * 9_000) as service, ExitStack() as slow_ones:
            for number in range(4):
                connection = slow_ones.enter_context(service.connected())
                connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
                if number < 2:
                    assert connection.recv(100).startswith(b"HTTP/1.1 100"), "its body is awaited"
            answer = service.client.put("/process", content=DOCUMENT[:2_999], headers=other, timeout=20)
            assert answer.status_code in (200, 422)

    def test_memory_for_bodies_is_given_back_whatever_becomes_of_them(self, tmp_path: Path) -> None:
        """With room for one body at a time, a second would wait for ever if the first kept its share."""
        with served(tmp_path / "data", caps=self.CAPS, memory=9_000) as service:
            service.send_and_leave("PUT /process HTTP/1.1\r\nHost: m\r\nContent-Length: 3000\r\n\r\nsome")
            assert service.raw("PUT /process HTTP/1.1\nContent-Length: 3001").status == 413
            assert service.client.put("/process", content=b"x" * 3_000).status_code == 422
            assert service.client.put("/process", content=DOCUMENT[:2_999]).status_code in (200, 422)


class TestEndings:
    """How requests end that do not end well."""

    @pytest.fixture
    def engine(self) -> Iterator[EngineServer]:
        with engine_server() as engine:
            yield engine

    @pytest.fixture
    def asking(self, tmp_path: Path, engine: EngineServer) -> Iterator[Served]:
        with served(tmp_path / "data", engine.address) as service:
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
            yield service

    @pytest.mark.parametrize("stream", [True, False])
    def test_a_client_that_leaves_in_mid_answer_ends_the_work_at_the_engine(
        self, asking: Served, engine: EngineServer, stream: bool
    ) -> None:
        engine.say = lambda _: Pieces([b"data: {}\n\n"], end="never")
        body = json.dumps(question("scripted", "Tell.", stream=stream)).encode()
        with asking.connected() as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            until(lambda: engine.asked or None)
            if stream:
                assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert engine.left.acquire(timeout=30)
        line = until(lambda: next((line for line in asking.audit(1) if line["route"] == "/v1/chat/completions"), None))
        assert (line["status"], line["outcome"]) == (499, "cancelled")

    def test_a_request_that_takes_too_long_is_ended_and_told_so(self, tmp_path: Path, engine: EngineServer) -> None:
        engine.say = lambda _: Pieces([], end="never")
        with served(tmp_path / "data", engine.address, caps=Caps(request_seconds=0.3)) as service:
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
            answer = service.client.post("/v1/chat/completions", json=question("scripted", "Tell."))
            assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
            assert engine.left.acquire(timeout=30)
            line = service.line_of(answer)
            assert (line["outcome"], line["status"]) == ("failed", 504)

    def test_events_that_take_too_long_end_with_one_that_says_so(self, tmp_path: Path, engine: EngineServer) -> None:
        engine.say = lambda _: Pieces([b"data: {}\n\n"], end="never")
        with served(tmp_path / "data", engine.address, caps=Caps(request_seconds=0.3)) as service:
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
            answer = service.client.post("/v1/chat/completions", json=question("scripted", "Tell.", stream=True))
            assert json.loads(answer.text.split("data: ")[-1])["error"]["code"] == "timeout"
            assert service.line_of(answer)["status"] == 504

    @pytest.mark.parametrize("kind", [ZeroDivisionError, OSError, TimeoutError])
    def test_what_nobody_expected_is_a_500_and_the_log_has_its_kind_and_place(
        self,
        asking: Served,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
        kind: type[Exception],
    ) -> None:
        def broken(*_: object) -> None:
            raise kind(KEEPS_NOTHING)

        monkeypatch.setattr(FileStore, "of_owner", broken)
        answer = asking.client.get("/v1/files")
        line = asking.line_of(answer)
        if kind is TimeoutError:  # of the service's own making, or like it
            assert (answer.status_code, line["outcome"]) == (504, "failed")
            return
        assert (answer.status_code, answer.json()["error"]["type"], line["outcome"]) == (500, "server_error", "failed")
        assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        told = record.getMessage()
        assert kind.__name__ in told
        assert "test_guard.py:" in told
        assert answer.headers["x-request-id"] in told
        assert KEEPS_NOTHING not in caplog.text + answer.text


def test_a_stream_is_closed_at_once_when_its_client_is_gone() -> None:
    """Not when somebody comes round to clear it away: it holds a place in a queue."""
    closed = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    async def send(message: Message) -> None:
        if message.get("body") == b"two":
            raise BrokenPipeError

    async def work(stream: AsyncGenerator[bytes, None]) -> None:
        with pytest.raises(call.ClientGone):
            await guard._Sender(send, "id").send(Answer(body=stream))
        assert closed

    asyncio.run(work(pieces()))


def test_an_answer_that_fails_halfway_is_not_taken_for_whole(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    job = service.hand_in(DOCUMENT)
    service.job(job)

    def broken(*_: object) -> Iterator[str]:
        yield "the first page"
        raise ZeroDivisionError

    monkeypatch.setattr(documents, "written", broken)
    with pytest.raises(httpx.RemoteProtocolError):
        service.client.get(f"/v1/documents/{job}/result")


class TestAudit:
    """One line a request, with what it was."""

    def test_a_document_that_is_read_at_once(self, service: Served) -> None:
        answer = service.client.put("/process", content=DOCUMENT)
        line = service.line_of(answer)
        assert answer.status_code == 200
        assert (line["route"], line["status"], line["outcome"]) == ("/process", 200, "ok")
        assert (line["pages"], line["bytes_in"], line["key_id"]) == (2, len(DOCUMENT), None)
        assert (line["prompt_tokens"], line["completion_tokens"]) == (0, 0)
        assert re.fullmatch("[0-9a-f]{32}", line["document"])
        again = service.client.put("/process", content=DOCUMENT)
        assert service.line_of(again)["document"] == line["document"]

    def test_a_request_without_a_document(self, service: Served) -> None:
        line = service.line_of(service.client.get("/v1/documents/doc_no"))
        assert (line["route"], line["status"], line["outcome"]) == ("/v1/documents/{id}", 404, "refused")
        assert (line["pages"], line["bytes_in"], line["document"]) == (0, 0, None)

    def test_there_is_one_line_for_each_request(self, service: Served) -> None:
        before = service.audited()
        for path in ("/health", "/nowhere", "/v1/models"):
            service.client.get(path)
        routes = [line["route"] for line in service.audit(3, since=before)]
        assert routes == ["/health", None, "/v1/models"]

    def test_unwritable_it_refuses_documents_and_nothing_else(self, tmp_path: Path) -> None:
        with served(tmp_path / "data") as service:
            job = service.hand_in(DOCUMENT)
            service.job(job)
            log = service.data / "audit.jsonl"
            log.rename(service.data / "kept.jsonl")
            log.mkdir()
            for method, path in DOCUMENT_ROUTES:
                refused = service.client.request(method, path, content=DOCUMENT)
                assert (refused.status_code, refused.json()["error"]["code"]) == (503, "audit_unavailable")
                assert "retry-after" in refused.headers
            for path in ("/health", "/v1/models", "/v1/documents", f"/v1/documents/{job}/result", "/metrics"):
                assert service.client.get(path).status_code == 200
            assert service.client.delete(f"/v1/documents/{job}").status_code == 204
            log.rmdir()
            taken = service.client.put("/process", content=DOCUMENT)
            assert taken.status_code == 200
            assert service.line_of(taken)["status"] == 200
            refusals = [line["route"] for line in service.audit(12) if line["status"] == 503]
            assert refusals == [path for _, path in DOCUMENT_ROUTES], "what could not be written was kept"


def test_metrics_count_by_route_and_outcome(service: Served) -> None:
    service.client.get("/v1/documents/doc_no")
    service.client.put("/process", content=DOCUMENT)

    def counted() -> httpx.Response | None:
        answer = service.client.get("/metrics")
        wanted = 'muniment_requests_total{outcome="refused",route="/v1/documents/{id}",status="404"}'
        return answer if wanted in answer.text and 'muniment_pages_total{route="/process"}' in answer.text else None

    assert until(counted).headers["content-type"].startswith("text/plain")


def test_a_head_that_is_none_does_not_end_the_service(service: Served) -> None:
    with service.connected() as connection:
        connection.sendall(b"\x16\x03\x01\x00\xa5 nonsense\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400")
    assert service.client.get("/health").status_code == 200

"""Questions that are passed on to a model's server: what goes there, what comes back, and what goes wrong."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import image_bytes, page_picture, png_claiming, text_pdf, tiff_bytes
from tests.reading.engine_server import EngineServer, Pieces, Refusal, engine_server, events
from tests.server.asking import question, url
from tests.server.serving import Served, make_key, served, until, with_plain_workers, without_canary

CHAT, COMPLETION = "/v1/chat/completions", "/v1/completions"


USAGE_WANTED = {"stream_options": {"include_usage": True}}
BEGUN = Pieces([b'data: {"choices": []}\n\ndata: '], end="broken")
PICTURE = url(image_bytes(page_picture(60, 40), "PNG"))


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[EngineServer, EngineServer]]:
    """Two, of different models."""
    with engine_server() as one, engine_server() as other:
        other.model = "other"
        yield one, other


@pytest.fixture(scope="module")
def shared(engines: tuple[EngineServer, EngineServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        with_plain_workers(patch)
        without_canary(patch)
        with served(tmp_path_factory.mktemp("data"), *(engine.address for engine in engines), "embedded") as service:
            until(lambda: len(service.client.get("/v1/models").json()["data"]) == 3 or None)
            yield service


@pytest.fixture
def engine(engines: tuple[EngineServer, EngineServer]) -> EngineServer:
    """The first of them, which answers as it does if nothing is said."""
    for each in engines:
        each.say = lambda number: f"answer {number}"
        each.asked.clear()
        each.heads.clear()
    return engines[0]


def body(*parts: str, **more: Any) -> dict[str, Any]:
    return question("scripted", *parts, **more)


def error(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"]["code"]


# what goes there


def test_a_question_goes_on_as_it_was_checked_and_its_answer_comes_back_as_it_is(
    shared: Served, engine: EngineServer
) -> None:
    answer = shared.client.post(CHAT, json=body("What is it?", PICTURE, temperature=0.5, max_tokens=20))
    assert answer.json()["choices"][0]["message"]["content"] == "answer 0"
    assert answer.headers["content-type"] == "application/json"
    (asked,) = engine.asked
    assert asked["messages"] == body("What is it?", PICTURE)["messages"]
    assert (asked["model"], asked["temperature"], asked["max_tokens"], asked["stream"]) == ("scripted", 0.5, 20, False)
    assert set(asked) == {"model", "messages", "temperature", "max_tokens", "stream", "cache_salt"}
    line = shared.line_of(answer)
    assert (line["prompt_tokens"], line["completion_tokens"], line["pages"]) == (7, 3, 1)
    assert (line["route"], line["outcome"], len(line["document"])) == (CHAT, "ok", 32)


def test_nothing_of_the_clients_head_goes_on(shared: Served, engine: EngineServer) -> None:
    headers = {"authorization": "Bearer mun_mine", "x-request-id": "mine", "cookie": "mine", "x-forwarded-for": "mine"}
    assert shared.client.post(CHAT, json=body("Hello"), headers=headers).status_code == 200
    (head,) = engine.heads
    assert "mine" not in str(head)


@pytest.mark.usefixtures("plain_workers")
@pytest.mark.parametrize("path", [CHAT, COMPLETION])
def test_keys_share_no_cache_at_the_engine(engine: EngineServer, tmp_path: Path, path: str) -> None:
    keys = [make_key(tmp_path / "data", name) for name in ("a", "b")]
    asked = body("Hello") if path == CHAT else {"model": "scripted", "prompt": "Hello"}
    with served(tmp_path / "data", engine.address) as service:
        for _, key in keys:
            until(lambda key=key: service.client.get("/v1/models", headers=key).json()["data"] or None)  # type: ignore[misc]
            assert service.client.post(path, json=asked, headers=key).status_code == 200
    assert [asked["cache_salt"] for asked in engine.asked] == [key_id for key_id, _ in keys]


def test_models_are_told_apart_by_name(
    shared: Served, engines: tuple[EngineServer, EngineServer], engine: EngineServer
) -> None:
    listed = shared.client.get("/v1/models").json()
    assert [(model["id"], model["max_model_len"]) for model in listed["data"]] == [
        *(("embedded", None), ("scripted", 8192), ("other", 8192)),
    ]
    for name, asked in (("other", engines[1]), ("scripted", engine)):
        assert shared.client.post(CHAT, json=body("Hello") | {"model": name}).status_code == 200
        assert asked.asked[-1]["model"] == name
    assert (len(engines[1].asked), len(engine.asked)) == (1, 1)
    assert error(shared.client.post(CHAT, json=body("Hello") | {"model": "gpt"})) == (404, "model_not_found")


def test_a_model_is_shown_by_its_name(shared: Served) -> None:
    for card in shared.client.get("/v1/models").json()["data"]:
        answer = shared.client.get(f"/v1/models/{card['id']}")
        assert (answer.status_code, answer.json()) == (200, card)
        assert shared.line_of(answer)["route"] == "/v1/models/{id}"
    for name in ("gpt", "no/such", "no%2Fsuch"):
        answer = shared.client.get(f"/v1/models/{name}")
        assert error(answer) == (404, "model_not_found")
    assert shared.client.post("/v1/models/other").status_code == 405


@pytest.mark.usefixtures("plain_workers")
@pytest.mark.parametrize("name", ["nanonets/Nanonets-OCR2-3B", "/weights/model"])
def test_a_model_with_slashes_in_its_name_is_shown(tmp_path: Path, name: str) -> None:
    with engine_server() as engine:
        engine.model = name
        with served(tmp_path / "data", engine.address) as service:
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
            plain = [name] if not name.startswith("/") else []
            for spelt in (*plain, name.replace("/", "%2F")):
                assert json.loads(service.raw(f"GET /v1/models/{spelt} HTTP/1.1").body)["id"] == name


def test_a_text_to_go_on_with_goes_on(shared: Served, engine: EngineServer) -> None:
    answer = shared.client.post(COMPLETION, json={"model": "scripted", "prompt": "Once", "max_tokens": 5})
    assert answer.status_code == 200
    assert (engine.asked[0]["prompt"], engine.asked[0]["max_tokens"]) == ("Once", 5)
    assert shared.line_of(answer)["completion_tokens"] == 3


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (url(b"no picture at all"), (422, "unreadable_document")),
        (url(png_claiming(60_000, 60_000)), (413, "document_too_large")),
        (url(text_pdf("a letter")), (422, "not_an_image")),
        (url(tiff_bytes([page_picture(), page_picture()]), "image/tiff"), (422, "not_an_image")),
    ],
)
def test_a_picture_that_is_none_or_too_large_is_refused_before_the_engine_sees_it(
    shared: Served, engine: EngineServer, picture: str, expected: tuple[int, str]
) -> None:
    for asked in (body(picture), body(PICTURE, picture, stream=True)):
        assert error(shared.client.post(CHAT, json=asked)) == expected
    assert engine.asked == []


@pytest.mark.parametrize("address", ["https://example.com/a.png", "file:///etc/passwd", "//example.com/a", "a.png"])
def test_nothing_is_fetched(shared: Served, engine: EngineServer, address: str) -> None:
    asked = body("Hello")
    asked["messages"][0]["content"].append({"type": "image_url", "image_url": {"url": address}})
    assert error(shared.client.post(CHAT, json=asked)) == (400, "url_not_allowed")
    assert engine.asked == []


def test_a_body_that_is_no_json_is_refused(shared: Served, engine: EngineServer) -> None:
    for content in (b"", b"{", b"[" * 100_000, b'{"model":"a","model":"b"}', b"\xff", b"[]", b"null"):
        assert shared.client.post(CHAT, content=content).status_code == 400
    assert engine.asked == []


# what comes back


def test_a_stream_comes_piece_by_piece_as_the_engine_gives_it(shared: Served, engine: EngineServer) -> None:
    goes_on = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        for piece in events("a text"):
            yield piece
            assert goes_on.acquire(timeout=30)

    engine.say = lambda _: Pieces(pieces())
    with shared.client.stream("POST", CHAT, json=body("Tell", stream=True)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        coming = answer.iter_raw()
        for piece in events("a text"):
            assert next(coming) == piece  # none of the next one is there yet
            goes_on.release()
        assert list(coming) == []
    assert engine.asked[0]["stream"] is True
    line = shared.line_of(answer)
    assert (line["prompt_tokens"], line["completion_tokens"], line["outcome"]) == (7, 3, "ok")


@pytest.mark.parametrize("path", [CHAT, COMPLETION])
@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": False}}, USAGE_WANTED])
def test_a_streams_tokens_are_counted_whether_or_not_the_client_asks_for_them(
    shared: Served, engine: EngineServer, path: str, options: dict[str, Any]
) -> None:
    text, usage, done = [
        b'data: {"choices": [{"delta": {"content": "a text"}}]}\n\n',
        b'data: {"choices": [], "usage": {"prompt_tokens": 8, "completion_tokens": 4}}\n\n',
        b"data: [DONE]\n\n",
    ]
    engine.say = lambda _: Pieces([text, usage, done])
    asked = body("Tell") if path == CHAT else {"model": "scripted", "prompt": "Once"}
    answer = shared.client.post(path, json=asked | {"stream": True} | options)
    assert engine.asked[0]["stream_options"] == {"include_usage": True}
    assert answer.content == b"".join([text, usage, done] if options == USAGE_WANTED else [text, done])
    line = shared.line_of(answer)
    assert (line["prompt_tokens"], line["completion_tokens"]) == (8, 4)


@pytest.mark.usefixtures("plain_workers")
def test_an_engine_that_cannot_count_a_stream_is_asked_without(engine: EngineServer, tmp_path: Path) -> None:
    engine.say = lambda number: "text" if number else Refusal(400, "extra fields not permitted: stream_options")
    with served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        for _ in range(2):
            assert "text" in service.client.post(CHAT, json=body("Tell", stream=True)).text
    assert ["stream_options" in asked for asked in engine.asked] == [True, False, False]


# what goes wrong


@pytest.mark.parametrize(
    ("refusal", "status", "code", "retry"),
    [
        (Refusal(400, "The maximum model length is 8192 tokens"), 400, "context_length_exceeded", False),
        (Refusal(413), 400, "context_length_exceeded", False),
        (Refusal(400, "Something of the request"), 400, None, False),
        (Refusal(429, "", {"retry-after": "7"}), 503, "engine_busy", True),
        (Refusal(503, "queue is full"), 503, "engine_busy", True),
        (Refusal(500, "CUDA error"), 502, "engine_failed", True),
        (Refusal(401, "Invalid key"), 502, "engine_refused", False),
        (Refusal(404, "no such model"), 502, "engine_refused", False),
        (None, 502, "engine_failed", True),
        (Pieces([b'{"choices": '], end="broken"), 502, "engine_failed", True),
        (BEGUN, 502, "engine_failed", True),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.usefixtures("plain_workers")
def test_an_engines_trouble_is_told_in_openais_words(
    tmp_path: Path,
    refusal: Refusal | Pieces | None,
    status: int,
    code: str | None,
    retry: bool,
    stream: bool,
) -> None:
    with engine_server(lambda _: refusal) as engine, served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        answer = service.client.post(CHAT, json=body("Hello", stream=stream))
        if stream and refusal is BEGUN:
            assert answer.status_code == 200
            assert json.loads(answer.text.split("data: ")[-1])["error"]["code"] == code
        else:
            assert error(answer) == (status, code)
            assert ("retry-after" in answer.headers) is retry
        line = service.line_of(answer)
        assert line["status"] == status
        assert line["outcome"] == ("refused" if status == 400 else "failed")
        if isinstance(refusal, Refusal) and refusal.headers:
            assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"null", b'"text"', b"<html>busy</html>", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("path", [CHAT, COMPLETION])
def test_an_answer_that_is_no_json_is_the_engines_failure_and_not_passed_on(
    shared: Served, engine: EngineServer, told: bytes, path: str
) -> None:
    engine.say = lambda _: Pieces([told] if told else [])
    asked = body("Hello") if path == CHAT else {"model": "scripted", "prompt": "Once"}
    answer = shared.client.post(path, json=asked)
    assert error(answer) == (502, "engine_failed")
    assert answer.json()["error"]["type"] == "server_error"
    assert "retry-after" in answer.headers
    line = shared.line_of(answer)
    assert (line["status"], line["outcome"]) == (502, "failed")


@pytest.mark.parametrize("is_at_once", [True, False])
@pytest.mark.parametrize("told", [b"{", b"[]", b"busy", b'{"choices": [}'])
def test_an_event_that_is_no_json_ends_the_stream_with_one_that_says_so(
    shared: Served, engine: EngineServer, told: bytes, is_at_once: bool
) -> None:
    pieces = [b'data: {"choices": []}\n\n', b"data: " + told + b"\n\n", b"data: [DONE]\n\n"]
    engine.say = lambda _: Pieces([b"".join(pieces)] if is_at_once else pieces)
    answer = shared.client.post(CHAT, json=body("Hello", stream=True))
    first, last = answer.text.removesuffix("\n\n").split("\n\n")
    assert first == 'data: {"choices": []}'
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "engine_failed"
    assert shared.line_of(answer)["outcome"] == "failed"


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (400, "Grammar error: Invalid type: Zyxquarn in response_format", "'response_format'"),
        (400, "Zyxquarn is no role", "does not take this request"),
        (400, "At most 1 image(s) may be provided in one prompt, Zyxquarn", "engine takes a request: 1"),
        (400, "maximum context length is 8192 tokens: Zyxquarn", "context of 8,192 tokens"),
        (500, "Zyxquarn", "gave no answer"),
    ],
)
@pytest.mark.parametrize("place", ["whole", "stream", "middle of a stream", "end of a stream"])
def test_an_engines_own_words_are_not_repeated_as_they_may_quote_the_request(
    shared: Served, engine: EngineServer, status: int, message: str, told: str, place: str
) -> None:
    error = {"error": {"message": message, "code": status}}
    ended = b"" if place == "end of a stream" else b"\n\n"
    pieces = Pieces([b'data: {"choices": []}\n\n', b"data: " + json.dumps(error).encode() + ended])
    engine.say = lambda _: pieces if place.endswith("of a stream") else Refusal(status, message)
    answer = shared.client.post(CHAT, json=body("Hello", stream=place != "whole"))
    assert "Zyxquarn" not in answer.text
    assert (
        told
        in json.loads(answer.text.removeprefix('data: {"choices": []}\n\n').removeprefix("data: "))["error"]["message"]
    )
    line = shared.line_of(answer)
    assert (line["status"], line["outcome"]) == ((400, "refused") if status == 400 else (502, "failed"))


@pytest.mark.usefixtures("plain_workers")
def test_an_engine_that_is_gone_is_told_and_so_is_its_return(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with engine_server() as engine:
            port = int(engine.server_address[1])
            service = stack.enter_context(served(tmp_path / "data", engine.address))
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
        assert error(service.client.post(CHAT, json=body("Hello"))) == (502, "engine_failed")
        with engine_server(port=port):
            assert service.client.post(CHAT, json=body("Hello")).status_code == 200


@pytest.mark.usefixtures("plain_workers")
def test_before_the_engine_is_there_clients_are_asked_to_wait(tmp_path: Path) -> None:
    with engine_server() as engine:
        address = engine.address
    with served(tmp_path / "data", address) as service:
        answer = service.client.post(CHAT, json=body("Hello"))
        assert error(answer) == (503, "model_loading")
        assert "retry-after" in answer.headers
        assert service.client.get("/health").status_code == 200
        assert service.client.get("/ready").status_code == 503


@pytest.mark.usefixtures("plain_workers")
def test_servers_of_one_model_share_its_work(tmp_path: Path) -> None:
    with engine_server(lambda _: Refusal(503, "busy")) as busy, engine_server() as free:
        with served(tmp_path / "data", busy.address, free.address) as service:
            until(lambda: service.client.get("/v1/models").json()["data"] or None)
            assert len(service.client.get("/v1/models").json()["data"]) == 1
            for _ in range(3):
                assert service.client.post(CHAT, json=body("Hello")).status_code == 200
        assert len(free.asked) == 3


@pytest.mark.usefixtures("plain_workers")
def test_too_many_that_wait_are_turned_away_at_once(tmp_path: Path) -> None:
    holds = threading.Event()

    def say(_: int) -> str:
        holds.wait(30)
        return "late"

    def ask() -> httpx.Response:
        return service.client.post(CHAT, json=body("Hello"))

    with engine_server(say) as engine, served(tmp_path / "data", engine.address, requests=1, most_waiting=1) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        waiting = [threading.Thread(target=ask) for _ in range(3)]
        for thread in waiting:
            thread.start()
        until(lambda: (engine.asked and not all(thread.is_alive() for thread in waiting)) or None)
        answer = ask()
        holds.set()
        for thread in waiting:
            thread.join(30)
    assert error(answer) == (503, "queue_full")
    assert int(answer.headers["retry-after"]) >= 1


def test_engines_metrics_are_told_apart_by_their_addresses(
    shared: Served, engines: tuple[EngineServer, EngineServer]
) -> None:
    told = shared.client.get("/metrics").text
    for engine in engines:
        assert f'vllm:requests{{muniment_engine="http://127.0.0.1:{engine.server_address[1]}' in told


@pytest.mark.usefixtures("plain_workers")
def test_pictures_that_are_refused_cost_no_pages(engine: EngineServer, tmp_path: Path) -> None:
    _, key = make_key(tmp_path / "data", "few", pages_a_day=1)
    with served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models", headers=key).json()["data"] or None)
        asked = [service.client.post(CHAT, json=body(each), headers=key) for each in (url(b"none"), PICTURE, PICTURE)]
    assert [answer.status_code for answer in asked] == [422, 200, 429]
    assert error(asked[2]) == (429, "page_quota_exceeded")
    assert len(engine.asked) == 1


@pytest.mark.parametrize("stream", [True, False])
def test_a_page_that_the_embedded_engine_cannot_read_is_told(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, stream: bool
) -> None:
    with_plain_workers(plain_workers, "1:error")
    with served(tmp_path / "data") as service:
        answer = service.client.post(CHAT, json=question("embedded", PICTURE, stream=stream))
    assert error(answer) == (422, "unreadable_document")

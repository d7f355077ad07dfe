"""Every answer a server may give is told for what it is."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from muniment.engines.openai import Broken, Busy, Endpoint, Loading, Refused, Served, TooLong, Unreachable, client
from tests.engines.openai.scripted import (
    DONE,
    REQUEST,
    Answer,
    Pieces,
    Script,
    client_of,
    event,
    models,
    refused,
    streamed,
)


def ask(*answers: Answer, within: float = 5.0) -> Any:
    return asyncio.run(client_of(Script(*answers)).complete(REQUEST, within))


def test_a_whole_answer_comes_with_its_ending_and_its_counts() -> None:
    answer = ask(streamed("The quay."))
    assert (answer.text, answer.finish_reason) == ("The quay.", "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)


@pytest.mark.parametrize("count", [-1, 2**31, 1.5, True, "7", None, [7], {}])
def test_what_is_no_number_of_tokens_counts_as_none_told(count: Any) -> None:
    told = {"prompt_tokens": count, "completion_tokens": 3}
    for usage, counted in ((told, (0, 3)), (count, (0, 0))):
        answer = ask(httpx.Response(200, stream=Pieces(event("x", "stop", usage=usage), DONE)))
        assert (answer.text, (answer.prompt_tokens, answer.completion_tokens)) == ("x", counted)


def test_the_request_is_what_the_route_wants() -> None:
    script = Script(streamed("x"))
    asyncio.run(client_of(script, key="secret").complete(REQUEST, 5))
    [body] = script.asked
    assert body["model"] == "m"
    assert body["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
        {"type": "text", "text": "What does it say?"},
    ]
    assert (body["temperature"], body["max_tokens"], body["repetition_penalty"]) == (0.0, 100, 1.0)
    assert body["stream"] is True
    assert body["repetition_detection"]["min_count"] >= 8
    assert script.headers[0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize("field", ["repetition_detection", "stream_options", "repetition_penalty"])
def test_a_field_that_the_server_does_not_know_is_left_out_from_then_on(field: str) -> None:
    script = Script(refused(400, f"extra fields not permitted: {field}"), streamed("x"))
    client = client_of(script)

    async def twice() -> None:
        await client.complete(REQUEST, 5)
        script.answers = [streamed("y")]
        await client.complete(REQUEST, 5)

    asyncio.run(twice())
    assert [field in body for body in script.asked] == [True, False, False]


@pytest.mark.parametrize(
    "message",
    ["response_format is not supported", "The provided JSON schema contains features not supported by xgrammar"],
)
def test_a_form_that_the_server_cannot_keep_to_is_left_out(message: str) -> None:
    script = Script(refused(400, message), streamed("{}"))
    request = replace(REQUEST, response_format={"type": "json_object"})
    asyncio.run(client_of(script).complete(request, 5))
    assert ["response_format" in body for body in script.asked] == [True, False]


@pytest.mark.parametrize("reason", ["length", "repetition", "content_filter"])
def test_an_answer_that_did_not_end_by_itself_says_so(reason: str) -> None:
    assert ask(streamed("cut", reason)).finish_reason == reason


def test_a_loop_is_left_and_its_stream_closed() -> None:
    body = Pieces(*[event("the gate was closed again and ") for _ in range(500)], event("", "stop"), DONE)
    answer = ask(httpx.Response(200, stream=body))
    assert answer.finish_reason == "repetition"
    assert len(answer.text) < 100
    assert body.given < 100
    assert body.closed


BROKEN: dict[str, Answer] = {
    "half a stream": httpx.Response(200, stream=Pieces(event("half"))),
    "a reset in the middle": httpx.Response(200, stream=Pieces(event("half"), httpx.ReadError("reset"))),
    "no JSON": httpx.Response(200, stream=Pieces(b"data: {half\n\n", DONE)),
    "an error in the middle": httpx.Response(
        200, stream=Pieces(event("a"), b'data: {"error": {"message": "oom"}}\n\n')
    ),
    "a server that is being stopped": streamed("half", "abort"),
    "an error of the server": refused(500, "Internal Server Error"),
    "a gateway's time-out": refused(504),
    "silence": httpx.ReadTimeout("slow"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_answers_that_break_off_are_broken(name: str) -> None:
    with pytest.raises(Broken):
        ask(BROKEN[name])


def test_an_answer_that_takes_too_long_is_broken() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    client = client_of(Script(streamed("x")))
    client._http = httpx.AsyncClient(transport=httpx.MockTransport(slow), base_url="http://engine.example/v1/")
    with pytest.raises(Broken, match="took longer"):
        asyncio.run(client.complete(REQUEST, 0.05))


@pytest.mark.parametrize("answer", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), refused(502)])
def test_nobody_there_is_unreachable(answer: Answer) -> None:
    with pytest.raises(Unreachable):
        ask(answer)


def test_busy_servers_say_when_to_come_back() -> None:
    with pytest.raises(Busy) as busy:
        ask(refused(429, "slow down", **{"Retry-After": "7"}))
    assert busy.value.retry_after == 7
    with pytest.raises(Busy) as busy:
        ask(refused(503, "queue is full"))
    assert busy.value.retry_after is None


def test_a_model_that_is_still_loading_is_told_from_a_busy_one() -> None:
    with pytest.raises(Loading):
        ask(refused(503, "The model is loading"))


def test_one_that_is_being_stopped_is_told_from_one_that_cannot_answer() -> None:
    with pytest.raises(Loading, match="after shutdown"):
        ask(refused(500, "cannot schedule new futures after shutdown"))


def test_one_that_says_that_it_is_ill_is_told_from_one_that_cannot_answer_this() -> None:
    """A vLLM whose engine has ended refuses all, some seconds long."""
    dead = refused(500, "EngineCore encountered an issue")
    with pytest.raises(Loading, match="EngineCore"):
        asyncio.run(client_of(Script(dead, health=[503])).complete(REQUEST, 5))
    for health in (200, 404):  # 404: it does not know the question
        with pytest.raises(Broken):
            asyncio.run(client_of(Script(dead, health=[health])).complete(REQUEST, 5))


def test_an_answer_that_was_begun_counts_as_broken_however_the_server_is() -> None:
    """A request that ends the engine each time must not be sent for ever."""
    broken = httpx.Response(200, stream=Pieces(event("a"), b'data: {"error": {"message": "dead"}}\n\n'))
    with pytest.raises(Broken):
        asyncio.run(client_of(Script(broken, health=[503])).complete(REQUEST, 5))


def test_a_page_too_long_for_the_context_says_by_how_much() -> None:
    message = (
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
        "(3000 in the messages, 2000 in the completion). Please reduce the length of the messages or completion."
    )
    with pytest.raises(TooLong) as trouble:
        ask(refused(400, message))
    assert (trouble.value.context, trouble.value.prompt) == (4096, 3000)


@pytest.mark.parametrize(("status", "final"), [(401, True), (403, True), (404, True), (400, False), (422, False)])
def test_refusals_say_whether_anything_else_would_be_accepted(status: int, final: bool) -> None:
    with pytest.raises(Refused) as refusal:
        ask(refused(status, "no"))
    assert refusal.value.is_final is final


def test_no_page_is_quoted_in_an_error() -> None:
    with pytest.raises(Refused) as refusal:
        ask(refused(400, "bad url data:image/jpeg;base64," + "QUJD" * 500))
    assert "QUJD" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def describe(answer: Answer, model: str = "") -> Served:
    return asyncio.run(client_of(Script(answer), model).describe())


def test_the_only_model_is_taken_and_others_have_to_be_named() -> None:
    assert describe(models(ocr=15000)) == Served("ocr", 15000)
    assert describe(models(a=1, b=2), "b") == Served("b", 2)
    with pytest.raises(Refused, match="several models"):
        describe(models(a=1, b=2))
    with pytest.raises(Refused, match="does not serve 'c'"):
        describe(models(a=1), "c")


def test_what_is_no_engine_is_refused_and_what_serves_nothing_yet_is_loading() -> None:
    with pytest.raises(Refused, match="OpenAI"):
        describe(httpx.Response(200, text="<html>"))
    with pytest.raises(Loading):
        describe(httpx.Response(200, json={"data": []}))


def test_a_server_that_does_not_tell_what_it_counts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200, text="late")

    monkeypatch.setattr(client, "_COUNTING", 0.05)
    engine = client.ChatClient(Endpoint.parse("http://engine/v1"), "", "", httpx.MockTransport(hanging))
    assert asyncio.run(engine.metrics()) == ""

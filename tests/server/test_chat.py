"""Requests to OpenAI's routes: what is taken, what is refused and how, and what goes on to the engine."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.caps import Caps
from muniment.server.chat import ChatCall, CompletionCall, check_chat, check_completion, ignored_fields
from muniment.server.errors import ApiError
from muniment.server.fields import CHAT, COMPLETION
from muniment.server.images import SentImage
from muniment.server.strictjson import parse_object
from tests.server.strategies import IMAGE, MARKER, as_bytes, bodies

CAPS = Caps()
PNG = b"\x89PNG\r\n\x1a\n"
USER = {
    "role": "user",
    "content": [{"type": "image_url", "image_url": {"url": IMAGE}}, {"type": "text", "text": "Read"}],
}
BODY: dict[str, Any] = {"model": "m", "messages": [USER]}
PROMPT: dict[str, Any] = {"model": "m", "prompt": "Once"}


def with_content(*parts: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}]}


def with_image(url: Any) -> dict[str, Any]:
    return with_content({"type": "image_url", "image_url": {"url": url}})


def refused(body: Any, caps: Caps = CAPS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check_chat(body, caps)
    assert (caught.value.status, caught.value.type) == (400, "invalid_request_error")
    return caught.value


def going_on(call: ChatCall | CompletionCall, context: int = 0) -> dict[str, Any]:
    """What goes on to the engine."""
    body: dict[str, Any] = parse_object(call.forward("served", "salt", context))
    return body


# what is taken


def test_images_and_texts_are_found_in_their_order() -> None:
    call = check_chat({"model": "m", "messages": [{"role": "system", "content": "Be brief"}, USER]}, CAPS)
    assert (call.model, call.texts, call.images) == ("m", ("Be brief", "Read"), (SentImage(PNG, "image/png"),))
    assert (call.stream, call.include_usage) == (False, False)


def test_an_image_may_be_given_by_its_url_alone() -> None:
    assert check_chat(with_content({"type": "image_url", "image_url": IMAGE}), CAPS).images[0].data == PNG


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "bmp", "tiff", "heic"])
def test_every_kind_of_image_that_muniment_reads_is_taken(kind: str) -> None:
    for url in (f"data:image/{kind};base64,AAAA", f"DATA:Image/{kind.upper()};Base64,AAAA"):
        assert check_chat(with_image(url), CAPS).images == (SentImage(b"\0\0\0", f"image/{kind}"),)


def test_jpg_is_taken_for_jpeg() -> None:
    assert check_chat(with_image("data:image/jpg;base64,AAAA"), CAPS).images[0].mime == "image/jpeg"


@given(st.binary(min_size=1, max_size=99))
def test_an_images_bytes_arrive_and_go_on_unchanged(data: bytes) -> None:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    call = check_chat(with_image(url), CAPS)
    assert call.images[0].data == data
    assert going_on(call)["messages"][0]["content"][0]["image_url"]["url"] == url


def test_an_answer_may_be_sent_back_as_it_came() -> None:
    answer: dict[str, Any] = {
        "role": "assistant",
        "content": "A page",
        "refusal": None,
        "tool_calls": [],
        "reasoning_content": None,
    }
    call = check_chat({"model": "m", "messages": [USER, answer, {"role": "user", "content": "And?"}]}, CAPS)
    assert going_on(call)["messages"][1] == {"role": "assistant", "content": "A page"}


def test_null_says_nothing() -> None:
    nothing = dict.fromkeys(CHAT - {"model", "messages"})
    call = check_chat({**BODY, **nothing}, CAPS)
    assert call == check_chat(BODY, CAPS)
    assert going_on(call).keys() == {"model", "cache_salt", "messages", "stream"}


# what goes on

EVERYTHING: dict[str, Any] = {
    **BODY,
    "temperature": 0,
    "top_p": 0.5,
    "max_tokens": 100,
    "stream": True,
    "stream_options": {"include_usage": True},
    "stop": "END",
    "seed": -7,
    "n": 1,
    "presence_penalty": -2,
    "frequency_penalty": 2,
    "repetition_penalty": 1.1,
    "repetition_detection": {"max_pattern_size": 20, "min_pattern_size": 1, "min_count": 8},
    "response_format": {"type": "json_schema", "json_schema": {"name": "page", "schema": {"type": "object"}}},
    "logprobs": True,
    "top_logprobs": 3,
    "user": "somebody",
}


def test_the_body_for_the_engine_holds_what_was_checked_under_our_model_and_salt() -> None:
    body = going_on(check_chat(EVERYTHING, CAPS))
    assert body == {
        **{name: value for name, value in EVERYTHING.items() if name not in ("n", "user")},
        "model": "served",
        "cache_salt": "salt",
        "stop": ["END"],
    }


def test_nothing_of_the_clients_objects_is_in_the_body_for_the_engine() -> None:
    sent = parse_object(as_bytes(EVERYTHING))
    call = check_chat(sent, CAPS)
    before = going_on(call)
    sent["response_format"]["json_schema"]["schema"]["type"] = "array"
    sent["messages"][0]["content"].clear()
    assert going_on(call) == before
    assert before == going_on(check_chat(EVERYTHING, CAPS))


def test_a_text_alone_goes_on_as_a_string() -> None:
    call = check_chat(with_content({"type": "text", "text": "Hello"}), CAPS)
    assert going_on(call)["messages"] == [{"role": "user", "content": "Hello"}]


def test_a_developers_message_goes_on_as_the_systems() -> None:
    call = check_chat({"model": "m", "messages": [{"role": "developer", "content": "Brief"}, USER]}, CAPS)
    assert going_on(call)["messages"][0] == {"role": "system", "content": "Brief"}


@pytest.mark.parametrize(
    ("asked", "context", "sent"),
    [
        ({}, 0, None),
        ({}, 8_000, 8_000),
        ({}, 100_000, 32_768),
        ({"max_tokens": 5}, 0, 5),
        ({"max_completion_tokens": 5}, 8_000, 5),
        ({"max_completion_tokens": 9, "max_tokens": 7}, 0, 7),
        ({"max_tokens": 50_000}, 0, 32_768),
        ({"max_tokens": 50_000}, 8_000, 8_000),
        ({"max_tokens": 50_000}, 100_000, 32_768),
    ],
)
def test_the_length_of_an_answer_is_kept_within_the_cap_and_the_context(
    asked: dict[str, int], context: int, sent: int | None
) -> None:
    body = going_on(check_chat({**BODY, **asked}, CAPS), context)
    assert body.get("max_tokens") == sent
    assert "max_completion_tokens" not in body


# what is refused


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/a.png", "https://127.0.0.1/", "file:///etc/passwd", "ftp://a/b", "//host/a.png", "a.png"),
        *("", " data:image/png;base64,AAAA", "attachment:1", "javascript:0"),
    ],
)
def test_nothing_is_fetched(url: str) -> None:
    error = refused(with_image(url))
    assert "Muniment fetches nothing" in error.message
    assert "as a data URL" in error.message
    assert error.param == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize(
    "url",
    [
        *("data:text/html;base64,AAAA", "data:image/svg+xml;base64,AAAA", "data:application/pdf;base64,AAAA"),
        *("data:image/png,AAAA", "data:;base64,AAAA", "data:image/png;charset=utf-8;base64,AAAA", "data:image/pngx"),
        "data:image/png;base64;base64,AAAA",
    ],
)
def test_other_data_is_refused(url: str) -> None:
    assert "has to begin data:KIND;base64, with one of image/png" in refused(with_image(url)).message


@pytest.mark.parametrize(
    "payload", ["A", "AAA", "AAAA=", "AA==AAAA", "====", "AA-_", "AA\nAA", "AAAA ", "AA%3D", "é", "AA\0A"]
)
def test_broken_base64_is_refused(payload: str) -> None:
    assert "is broken" in refused(with_image(f"data:image/png;base64,{payload}")).message


def test_an_image_of_nothing_is_refused() -> None:
    assert "holds no data" in refused(with_image("data:image/png;base64,")).message


@pytest.mark.parametrize(
    "name",
    [
        *("mm_processor_kwargs", "media_io_kwargs", "prompt_embeds", "image_embeds", "my_embeds", "chat_template"),
        *("chat_template_kwargs", "guided_json", "guided_regex", "guided_decoding_backend", "structured_outputs"),
        *("logits_processors", "priority", "cache_salt", "kv_transfer_params", "vllm_xargs", "documents", "tools"),
        *("functions", "add_generation_prompt", "echo", "audio", "video", "metadata", "store"),
    ],
)
@pytest.mark.parametrize("value", [None, {}, "x", 0])
def test_what_steers_the_engines_insides_is_refused_by_name_and_with_a_reason(name: str, value: Any) -> None:
    for error in (refused({**BODY, name: value}), refused_completion({**PROMPT, name: value})):
        assert error.message.startswith(f"The field {name!r} is not taken: ")
        assert (error.param, error.code) == (name, "unsupported_parameter")


def test_an_unknown_field_is_named_with_those_that_are_known() -> None:
    error = refused({**BODY, "temprature": 1})
    assert error.message.startswith("The field 'temprature' is not known; here belong frequency_penalty, ")
    assert "temperature" in error.message
    assert (error.param, error.code) == ("temprature", "unknown_parameter")


def test_a_key_that_looks_like_no_fields_name_is_not_quoted() -> None:
    error = refused({**BODY, MARKER: 1})
    assert error.message.startswith("A field is not known")
    assert error.param is None


S = [{"type": "text", "text": "x"}]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 1}, "model"),
        ({"model": "m" * 300}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [USER, {"content": "x"}]}, "messages[1].role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": {}}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [*S, {"type": "video_url"}]}]}, "messages[0].content[1].type"),
        ({"messages": [{"role": "user", "content": [{"type": "input_image"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{**S[0], "uuid": "1"}]}]}, "messages[0].content[0].uuid"),
        ({"messages": [{"role": "user", "content": "x", "name": 1}]}, "messages[0].name"),
        ({"messages": [{"role": "user", "content": "x", "weight": 1}]}, "messages[0].weight"),
        ({"messages": [{"role": "assistant", "content": "x", "tool_calls": [1]}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "system", "content": USER["content"]}]}, "messages[0].content"),
        (with_content({"type": "image_url"}), "messages[0].content[0].image_url"),
        (with_image(None), "messages[0].content[0].image_url.url"),
        (
            with_content({"type": "image_url", "image_url": {"url": IMAGE, "detail": "best"}}),
            "messages[0].content[0].image_url.detail",
        ),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "0"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": 10**30}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"stream": 1}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": []}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"stream": True, "stream_options": {"continuous": True}}, "stream_options.continuous"),
        ({"stop": ""}, "stop"),
        ({"stop": 1}, "stop"),
        ({"stop": ["a", 1]}, "stop[1]"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"n": 0}, "n"),
        ({"n": 2}, "n"),
        ({"user": 1}, "user"),
        ({"logprobs": 3}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "structural_tag"}}, "response_format.type"),
        ({"response_format": {"type": "json_object", "json_schema": {}}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"repetition_detection": {"max_pattern_size": 1}}, "repetition_detection.min_count"),
        ({"repetition_detection": {"min_pattern_size": 1}}, "repetition_detection.min_pattern_size"),
        ({"repetition_detection": {"max_pattern_size": 10**9}}, "repetition_detection.max_pattern_size"),
    ],
)
def test_a_wrong_value_is_refused_under_its_fields_full_name(change: dict[str, Any], param: str) -> None:
    assert refused({**BODY, **change}).param == param


def json_schema(**fields: Any) -> dict[str, Any]:
    return {**BODY, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, **fields}}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a b"),
        ("name", None),
        ("schema", None),
        ("schema", []),
        ("schema", {"description": "x" * 100_000}),
        ("schema", {"properties": {"a": [{"$ref": "https://example.org/a.json"}]}}),
        ("schema", {"$ref": "other.json#/a"}),
        ("strict", "yes"),
        ("description", 1),
    ],
)
def test_a_schema_of_the_wrong_form_is_refused(field: str, value: Any) -> None:
    assert refused(json_schema(**{field: value})).param == f"response_format.json_schema.{field}"


def test_a_schema_may_refer_to_itself_and_have_a_property_of_any_name() -> None:
    schema = {"$defs": {"a": {"type": "string"}}, "properties": {"$ref": {"$ref": "#/$defs/a"}}}
    body = going_on(check_chat(json_schema(schema=schema, strict=True, description="x"), CAPS))
    assert body["response_format"]["json_schema"] == {"name": "a", "schema": schema, "strict": True, "description": "x"}


@pytest.mark.parametrize(
    ("caps", "body", "code"),
    [
        (Caps(images=1), with_content(*[{"type": "image_url", "image_url": IMAGE}] * 2), "too_many_images"),
        (Caps(messages=1), {"model": "m", "messages": [USER, USER]}, "too_many_messages"),
        (Caps(text_characters=5), with_content(*S * 6), "too_much_text"),
    ],
)
def test_caps_hold(caps: Caps, body: dict[str, Any], code: str) -> None:
    assert check_chat(body, CAPS).messages
    assert refused(body, caps).code == code


def test_the_cap_on_answers_is_the_caps_own() -> None:
    assert check_chat({**BODY, "n": 2}, Caps(n=2)).given == ("messages", "model", "n")
    assert "'n' has to be 1" in refused({**BODY, "n": 2}).message


def test_nothing_of_a_document_is_in_the_representation_of_what_was_checked() -> None:
    url = f"data:image/png;base64,{base64.b64encode(MARKER.encode()).decode()}"
    body = with_content({"type": "text", "text": MARKER}, {"type": "image_url", "image_url": url})
    call = check_chat({**body, "stop": MARKER}, CAPS)
    assert (call.texts, call.images[0].data) == ((MARKER,), MARKER.encode())
    for shown in (call, call.messages, call.messages[0], call.images, call.sampling):
        assert MARKER not in repr(shown)
    assert MARKER not in repr(check_completion({"model": MARKER, "prompt": MARKER}, CAPS))


# completions


def refused_completion(body: Any, caps: Caps = CAPS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check_completion(body, caps)
    return caught.value


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_a_completion_goes_on_with_its_prompt(prompt: Any) -> None:
    call = check_completion({"model": "m", "prompt": prompt, "logprobs": 2, "max_tokens": 10**6}, CAPS)
    assert going_on(call) == {
        "model": "served",
        "cache_salt": "salt",
        "prompt": "Once",
        "stream": False,
        "logprobs": 2,
        "max_tokens": 32_768,
    }


def test_a_completion_of_no_said_length_has_the_engines_default() -> None:
    assert "max_tokens" not in going_on(check_completion(PROMPT, CAPS), 8_000)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1]]}, "prompt"),
        ({"prompt": "x" * 400_001}, "prompt"),
        ({"messages": []}, "messages"),
        ({"max_completion_tokens": 5}, "max_completion_tokens"),
        ({"logprobs": True}, "logprobs"),
        ({"n": 2}, "n"),
        ({"model": None}, "model"),
    ],
)
def test_a_wrong_value_of_a_completion_is_refused_under_its_name(change: dict[str, Any], param: str) -> None:
    assert refused_completion({**PROMPT, **change}).param == param


# the embedded engine


def test_what_an_engine_without_a_language_model_ignores_is_told() -> None:
    assert ignored_fields(check_chat({**BODY, "temperature": 0, "max_completion_tokens": 5, "seed": None}, CAPS)) == (
        "messages[].content[].text",
        "max_completion_tokens",
        "temperature",
    )
    assert ignored_fields(check_chat({**with_image(IMAGE), "stream": True, "n": 1, "user": "x"}, CAPS)) == ()


# whatever comes

FORWARDED = {"model", "cache_salt", "messages", "prompt", "stream", "stream_options", "max_tokens"} | (
    (CHAT | COMPLETION) - {"n", "user", "max_completion_tokens"}
)


Check = Callable[[Mapping[str, Any], Caps], ChatCall | CompletionCall]
CHECKS: tuple[Check, ...] = (check_chat, check_completion)


def outcome(check: Check, body: dict[str, Any]) -> Any:
    try:
        return check(body, CAPS)
    except ApiError as error:
        return error


@given(bodies)
def test_any_body_is_taken_or_refused_and_only_known_fields_go_on(body: dict[str, Any]) -> None:
    for call in (outcome(check, parse_object(as_bytes(body))) for check in CHECKS):
        if isinstance(call, ApiError):
            continue
        sent = going_on(call, 4_096)
        assert sent.keys() <= FORWARDED
        assert (sent["model"], sent["cache_salt"]) == ("served", "salt")
        assert 1 <= sent.get("max_tokens", 1) <= 4_096
        parts = [part for message in sent.get("messages", []) for part in message["content"] if isinstance(part, dict)]
        images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        assert all(url.startswith("data:image/png;base64,") for url in images)


@given(bodies)
def test_no_value_is_quoted(body: dict[str, Any]) -> None:
    for found in (outcome(check, body) for check in CHECKS):
        assert MARKER not in repr(found)
        assert not isinstance(found, ApiError) or MARKER not in str(found.body())


@given(st.sampled_from(sorted(CHAT | COMPLETION)), st.sampled_from([MARKER, [MARKER], {MARKER: 1}, {"type": MARKER}]))
def test_no_value_of_a_wrong_type_is_quoted(name: str, value: Any) -> None:
    for found in (outcome(check_chat, {**BODY, name: value}), outcome(check_completion, {**PROMPT, name: value})):
        assert MARKER not in repr(found)
        assert not isinstance(found, ApiError) or MARKER not in str(found.body())

"""What a chat may not ask for, and how that is said."""

from typing import Any

import pytest

from muniment.server.caps import Caps
from muniment.server.chat import check_chat, check_completion, ignored_fields
from muniment.server.fields import CHAT, COMPLETION, NULL_IN_CHAT, NULL_IN_COMPLETION
from tests.server.chat_bodies import (
    BODY,
    CAPS,
    PROMPT,
    USER,
    going_on,
    json_schema,
    refused,
    refused_completion,
    with_content,
    with_image,
)
from tests.server.strategies import IMAGE, MARKER

S = [{"type": "text", "text": "x"}]


@pytest.mark.parametrize(
    "name",
    [
        *("mm_processor_kwargs", "media_io_kwargs", "prompt_embeds", "image_embeds", "my_embeds", "chat_template"),
        *("chat_template_kwargs", "guided_json", "guided_regex", "guided_decoding_backend", "structured_outputs"),
        *("logits_processors", "priority", "cache_salt", "kv_transfer_params", "vllm_xargs", "documents", "tools"),
        *("functions", "add_generation_prompt", "echo", "audio", "video", "metadata", "store"),
    ],
)
@pytest.mark.parametrize("value", [{}, "x", 0, []])
def test_what_steers_the_engines_insides_is_refused_by_name_and_with_a_reason(name: str, value: Any) -> None:
    for error in (refused({**BODY, name: value}), refused_completion({**PROMPT, name: value})):
        assert error.message.startswith(f"The field {name!r} is not taken: ")
        assert (error.param, error.code) == (name, "unsupported_parameter")


@pytest.mark.parametrize("name", [*NULL_IN_CHAT, *sorted(CHAT - {"model", "messages"}), "guided_json", "my_embeds"])
def test_a_field_that_is_null_is_not_there(name: str) -> None:
    assert check_chat({**BODY, name: None}, CAPS) == check_chat(BODY, CAPS)


@pytest.mark.parametrize("name", [*NULL_IN_COMPLETION, *sorted(COMPLETION - {"model", "prompt"}), "guided_json"])
def test_nor_is_it_in_a_completion(name: str) -> None:
    assert check_completion({**PROMPT, name: None}, CAPS) == check_completion(PROMPT, CAPS)


def test_what_is_needed_or_unknown_is_refused_as_null() -> None:
    for name, code in {"model": "missing_required_parameter", "messages": "invalid_type"}.items():
        assert (refused({**BODY, name: None}).param, refused({**BODY, name: None}).code) == (name, code)
    assert refused_completion({**PROMPT, "prompt": None}).param == "prompt"
    assert refused({**BODY, "temprature": None}).code == "unknown_parameter"


def test_that_nothing_is_kept_may_be_said_and_what_is_said_of_calls_means_nothing() -> None:
    sent = going_on(check_chat(BODY, CAPS))
    for more in ({"store": False}, {"parallel_tool_calls": True}, {"parallel_tool_calls": False}):
        call = check_chat({**BODY, **more}, CAPS)
        assert going_on(call) == sent
        assert ignored_fields(call) == ignored_fields(check_chat(BODY, CAPS))
    assert check_completion({**PROMPT, "store": False}, CAPS) == check_completion(PROMPT, CAPS)
    assert refused({**BODY, "store": True}).code == "unsupported_parameter"
    assert refused({**BODY, "parallel_tool_calls": 1}).code == "invalid_type"
    assert refused_completion({**PROMPT, "parallel_tool_calls": True}).code == "unsupported_parameter"


def test_an_unknown_field_is_named_with_those_that_are_known() -> None:
    error = refused({**BODY, "temprature": 1})
    assert error.message.startswith("The field 'temprature' is not known; here belong frequency_penalty, ")
    assert "temperature" in error.message
    assert (error.param, error.code) == ("temprature", "unknown_parameter")


def test_a_key_that_looks_like_no_fields_name_is_not_quoted() -> None:
    error = refused({**BODY, MARKER: 1})
    assert error.message.startswith("A field is not known")
    assert error.param is None


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
        (with_content({**S[0], "cache_control": {}}), "messages[0].content[0].cache_control"),
        (with_content({**S[0], "cach_control": None}), "messages[0].content[0].cach_control"),
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

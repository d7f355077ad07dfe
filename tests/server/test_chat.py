"""Requests to OpenAI's chat: what is taken, and what goes on to the engine."""

from typing import Any

import pytest

from muniment.server.caps import Caps
from muniment.server.chat import check_chat, ignored_fields
from muniment.server.fields import CHAT, NULL_IN_PARTS
from muniment.server.images import SentImage
from muniment.server.strictjson import parse_object
from tests.server.chat_bodies import BODY, CAPS, PNG, USER, going_on, json_schema, with_content, with_image
from tests.server.strategies import IMAGE, as_bytes


def test_images_and_texts_are_found_in_their_order() -> None:
    call = check_chat({"model": "m", "messages": [{"role": "system", "content": "Be brief"}, USER]}, CAPS)
    assert (call.model, call.texts, call.images) == ("m", ("Be brief", "Read"), (SentImage(PNG, "image/png"),))
    assert (call.stream, call.include_usage) == (False, False)


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


@pytest.mark.parametrize("name", NULL_IN_PARTS)
def test_nor_does_it_in_a_part_of_a_message(name: str) -> None:
    (image, text) = USER["content"]
    body = with_content({**dict.fromkeys([name]), **image}, {**dict.fromkeys([name]), **text})
    assert check_chat(body, CAPS).messages == check_chat(BODY, CAPS).messages


def test_nor_in_what_says_when_an_answer_is_a_loop() -> None:
    numbers = ("max_pattern_size", "min_pattern_size", "min_count")
    none = check_chat({**BODY, "repetition_detection": dict.fromkeys(numbers)}, CAPS)
    assert none.sampling == check_chat({**BODY, "repetition_detection": {}}, CAPS).sampling


def test_a_picture_that_is_null_is_none() -> None:
    parts = [{"type": "text", "text": "x", "image_url": None}] * 2
    assert check_chat(with_content(*parts), Caps(images=1)).images == ()


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
        **{name: value for name, value in EVERYTHING.items() if name not in ("n", "user", "stream_options")},
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


def test_a_schema_may_refer_to_itself_and_have_a_property_of_any_name() -> None:
    schema = {"$defs": {"a": {"type": "string"}}, "properties": {"$ref": {"$ref": "#/$defs/a"}}}
    body = going_on(check_chat(json_schema(schema=schema, strict=True, description="x"), CAPS))
    assert body["response_format"]["json_schema"] == {"name": "a", "schema": schema, "strict": True, "description": "x"}


def test_what_an_engine_without_a_language_model_ignores_is_told() -> None:
    assert ignored_fields(check_chat({**BODY, "temperature": 0, "max_completion_tokens": 5, "seed": None}, CAPS)) == (
        "messages[].content[].text",
        "max_completion_tokens",
        "temperature",
    )
    assert ignored_fields(check_chat({**with_image(IMAGE), "stream": True, "n": 1, "user": "x"}, CAPS)) == ()

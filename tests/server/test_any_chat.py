"""Whatever comes to OpenAI's routes is taken or refused, and is quoted nowhere."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muniment.server.caps import Caps
from muniment.server.chat import ChatCall, CompletionCall, check_chat, check_completion
from muniment.server.errors import ApiError
from muniment.server.fields import CHAT, COMPLETION
from muniment.server.strictjson import parse_object
from tests.server.chat_bodies import BODY, CAPS, PROMPT, going_on, with_content
from tests.server.strategies import MARKER, as_bytes, bodies


def test_nothing_of_a_document_is_in_the_representation_of_what_was_checked() -> None:
    url = f"data:image/png;base64,{base64.b64encode(MARKER.encode()).decode()}"
    body = with_content({"type": "text", "text": MARKER}, {"type": "image_url", "image_url": url})
    call = check_chat({**body, "stop": MARKER}, CAPS)
    assert (call.texts, call.images[0].data) == ((MARKER,), MARKER.encode())
    for shown in (call, call.messages, call.messages[0], call.images, call.sampling):
        assert MARKER not in repr(shown)
    assert MARKER not in repr(check_completion({"model": MARKER, "prompt": MARKER}, CAPS))


FORWARDED = {"model", "cache_salt", "messages", "prompt", "stream", "stream_options", "max_tokens"} | (
    (CHAT | COMPLETION) - {"n", "user", "store", "parallel_tool_calls", "max_completion_tokens"}
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

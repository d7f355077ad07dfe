"""Bodies of requests to OpenAI's routes, and their refusals."""

from typing import Any

import pytest

from muniment.server.caps import Caps
from muniment.server.chat import ChatCall, CompletionCall, check_chat, check_completion
from muniment.server.errors import ApiError
from muniment.server.strictjson import parse_object
from tests.server.strategies import IMAGE

CAPS = Caps()
PNG = b"\x89PNG\r\n\x1a\n"
USER: dict[str, Any] = {
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


def refused_completion(body: Any, caps: Caps = CAPS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check_completion(body, caps)
    return caught.value


def json_schema(**fields: Any) -> dict[str, Any]:
    return {**BODY, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, **fields}}}


def going_on(call: ChatCall | CompletionCall, context: int = 0) -> dict[str, Any]:
    """What goes on to the engine."""
    body: dict[str, Any] = parse_object(call.forward("served", "salt", context))
    return body

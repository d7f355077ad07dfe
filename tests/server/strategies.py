"""Bodies as strategies: any JSON, and what looks like a request."""

import json
from typing import Any

from hypothesis import strategies as st

MARKER = "Q7marker" * 8
"""Stands in the place of a document's content: no message may quote it."""

IMAGE = "data:image/png;base64,iVBORw0KGgo="

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.just(MARKER)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
urls = st.sampled_from(
    [IMAGE, f"https://example.org/{MARKER}", f"data:image/png;base64,{MARKER}!", f"file:///{MARKER}"]
)
words = st.sampled_from(
    ["user", "system", "assistant", "text", "image_url", "auto", "json_schema", "json_object", "video_url", "m"]
)
names = st.sampled_from(
    [
        *("model", "messages", "role", "content", "type", "text", "image_url", "url", "detail", "name", "n", "stop"),
        *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stream", "stream_options", "include_usage"),
        *("seed", "response_format", "json_schema", "schema", "$ref", "logprobs", "top_logprobs", "user", "prompt"),
        *("repetition_detection", "max_pattern_size", "min_count", "mm_processor_kwargs", "guided_json", "tools"),
    ]
)
values = st.recursive(
    scalars | texts | urls | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | texts, inner, max_size=4),
    max_leaves=20,
)

_parts = st.fixed_dictionaries({"type": st.just("text"), "text": texts | values}) | st.fixed_dictionaries(
    {"type": st.just("image_url"), "image_url": urls | st.fixed_dictionaries({"url": urls | values})}
)
_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "system", "assistant", "developer", "tool"])},
    optional={"content": texts | st.lists(_parts | values, max_size=3), "name": texts | values},
)
_settings: dict[Any, st.SearchStrategy[Any]] = {
    "temperature": st.floats(0, 2) | values,
    "top_p": st.floats(0.1, 1) | values,
    "seed": st.integers(-5, 5) | values,
    "stop": texts | st.lists(texts, max_size=5) | values,
    "stream": st.booleans() | values,
    "stream_options": st.just({"include_usage": True}) | values,
    "max_tokens": st.integers(-1, 10**6) | values,
    "n": st.integers(0, 2) | values,
    "response_format": st.just({"type": "json_object"}) | values,
    "user": texts | values,
}
chat_bodies = st.fixed_dictionaries(
    {"model": st.just("m") | values, "messages": st.lists(_messages, max_size=3) | values}, optional=_settings
)
completion_bodies = st.fixed_dictionaries(
    {"model": st.just("m") | values, "prompt": texts | st.lists(texts, max_size=2) | values}, optional=_settings
)
bodies = st.dictionaries(names | texts, values, max_size=5) | chat_bodies | completion_bodies


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()

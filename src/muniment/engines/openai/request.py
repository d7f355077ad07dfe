"""What is asked of a model: one user turn with page images and a text, as the chat completions route wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muniment.engines.image import EncodedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question about one or more page images.

    Attributes:
        images: before the text, as the models want it.
        max_tokens: most tokens of the answer.
        response_format: a JSON schema for the answer, in the route's own form; None for free text.
        turn: of requests that wait, those of a lower turn go first: a page that is asked for again has waited before.
    """

    prompt: str
    images: tuple[EncodedImage, ...]
    temperature: float
    max_tokens: int
    repetition_penalty: float
    system: str = ""
    response_format: Mapping[str, Any] | None = None
    turn: int = 0


OPTIONAL_FIELDS: Mapping[str, Any] = {
    "repetition_detection": {"max_pattern_size": 20, "min_pattern_size": 1, "min_count": 8},
    "stream_options": {"include_usage": True},
}
"""Sent until a server says that it does not know them; ``repetition_penalty`` likewise."""


def body_of(request: ChatRequest, model: str, unknown: frozenset[str]) -> dict[str, Any]:
    """The request's JSON body, without the fields in ``unknown``."""
    content = [
        {"type": "image_url", "image_url": {"url": f"data:{image.mime};base64,{image.base64}"}}
        for image in request.images
    ]
    turns: list[dict[str, Any]] = [{"role": "user", "content": [*content, {"type": "text", "text": request.prompt}]}]
    if request.system:
        turns.insert(0, {"role": "system", "content": request.system})
    body: dict[str, Any] = {
        "model": model,
        "messages": turns,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "stream": True,
        "repetition_penalty": request.repetition_penalty,
        **OPTIONAL_FIELDS,
    }
    if request.response_format is not None:
        body["response_format"] = dict(request.response_format)
    return {field: value for field, value in body.items() if field not in unknown}

"""Questions in the words of OpenAI's clients."""

import base64
from typing import Any


def url(data: bytes, mime: str = "image/png") -> str:
    """``data`` as a data URL."""
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def question(model: str, *parts: str, **more: Any) -> dict[str, Any]:
    """The body of a chat request whose one message has ``parts``: data URLs of images, and texts."""
    return {"model": model, "messages": [{"role": "user", "content": [_part(part) for part in parts]}], **more}


def _part(part: str) -> dict[str, Any]:
    is_image = part.startswith("data:")
    return {"type": "image_url", "image_url": {"url": part}} if is_image else {"type": "text", "text": part}

"""The messages of a chat request: texts and images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from muniment.server.caps import Caps
from muniment.server.checks import an_object, field_of, one_of, refusal, unknown_field
from muniment.server.fields import NULL_IN_PARTS
from muniment.server.images import SentImage, read_image
from muniment.server.jsonbytes import as_json, listed

_ROLES = one_of(("system", "developer", "user", "assistant"))
_DETAIL = one_of(("auto", "low", "high"))
_MESSAGE = ("role", "content", "name")
_EMPTY = ("refusal", "annotations", "audio", "function_call", "tool_calls", "reasoning", "reasoning_content")
"""Fields of an answer that clients send back with it as it came; they may be there with nothing in them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn.

    Attributes:
        role: "system", "user" or "assistant".
        parts: texts and images, in their order.
    """

    role: str
    parts: tuple[str | SentImage, ...] = field(repr=False)

    def forward(self) -> Iterator[bytes]:
        """The message for an engine, as JSON in pieces.

        A text alone is sent as one: templates of text models know nothing else.
        """
        match self.parts:
            case (str(text),):
                yield as_json({"role": self.role, "content": text})
                return
        yield b'{"role":%b,"content":' % as_json(self.role)
        yield from listed(map(_part_forward, self.parts))
        yield b"}"


def _part_forward(part: str | SentImage) -> Iterator[bytes]:
    if isinstance(part, str):
        yield as_json({"type": "text", "text": part})
        return
    yield b'{"type":"image_url","image_url":{"url":"'
    yield from part.url()
    yield b'"}}'


def check_messages(value: Any, caps: Caps) -> tuple[Message, ...]:
    """The messages in a body's ``messages``.

    Raises:
        ApiError: they are none, too many or too long; or hold something else than texts and images.
    """
    if not isinstance(value, list) or not value:
        raise refusal("'messages' has to be an array of at least one message", "messages", "invalid_type")
    if len(value) > caps.messages:
        raise refusal(f"There are too many messages: at most {caps.messages}", "messages", "too_many_messages")
    _check_image_count(value, caps)
    messages = tuple(_message(message, f"messages[{index}]") for index, message in enumerate(value))
    characters = sum(len(part) for message in messages for part in message.parts if isinstance(part, str))
    check_characters(characters, "messages", caps)
    return messages


def check_characters(characters: int, param: str, caps: Caps) -> None:
    """A request's texts are not too long together."""
    most = caps.text_characters
    if characters > most:
        raise refusal(f"There is too much text: at most {most:,} characters together", param, "too_much_text")


def _check_image_count(messages: list[Any], caps: Caps) -> None:
    """Before any is decoded."""
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    if sum(isinstance(part, dict) and part.get("image_url") is not None for part in parts) > caps.images:
        message = f"There are too many images: at most {caps.images} a request; send the pages in several"
        raise refusal(message, "messages", "too_many_images")


def _message(value: Any, where: str) -> Message:
    found = _message_fields(value, where)
    role = _ROLES(found.get("role"), field_of(where, "role"))
    if found.get("name") is not None and not isinstance(found["name"], str):
        raise refusal(f"'{where}.name' has to be a string", field_of(where, "name"), "invalid_type")
    parts = _parts(found.get("content"), field_of(where, "content"))
    if role != "user" and any(isinstance(part, SentImage) for part in parts):
        raise refusal("Images belong into messages of the role 'user'", field_of(where, "content"))
    return Message("system" if role == "developer" else role, parts)


def _message_fields(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refusal(f"{where!r} has to be an object", where, "invalid_type")
    unknown = {name for name in value.keys() - set(_MESSAGE) if name not in _EMPTY or value[name] not in (None, [])}
    for name in _EMPTY:
        if name in unknown:
            param = field_of(where, name)
            raise refusal(f"{param!r} is not taken: send texts and images", param, "unsupported_parameter")
    if unknown:
        raise unknown_field(unknown, where, _MESSAGE)
    return value


def _parts(content: Any, where: str) -> tuple[str | SentImage, ...]:
    if isinstance(content, str):
        return (content,)
    if not isinstance(content, list) or not content:
        raise refusal(f"{where!r} has to be a string or an array of parts", where, "invalid_type")
    return tuple(_part(part, f"{where}[{index}]") for index, part in enumerate(content))


def _part(part: Any, where: str) -> str | SentImage:
    if not isinstance(part, dict):
        raise refusal(f"{where!r} has to be an object", where, "invalid_type")
    match part.get("type"):
        case "text":
            return _text(an_object(part, where, ("type", "text"), NULL_IN_PARTS), field_of(where, "text"))
        case "image_url":
            return _image(an_object(part, where, ("type", "image_url"), NULL_IN_PARTS), field_of(where, "image_url"))
    kind = field_of(where, "type")
    raise refusal(f"{kind!r} has to be 'text' or 'image_url': the models read texts and images", kind)


def _text(part: Mapping[str, Any], param: str) -> str:
    text = part.get("text")
    if not isinstance(text, str):
        raise refusal(f"{param!r} has to be a string", param, "invalid_type")
    return text


def _image(part: Mapping[str, Any], param: str) -> SentImage:
    """From an object with the URL, as OpenAI's and LlamaIndex's clients send it, or the URL itself, as Mistral's do."""
    image = part.get("image_url")
    if isinstance(image, str):
        return read_image(image, param)
    found = an_object(image, param, ("url", "detail"))
    if found.get("detail") is not None:
        _DETAIL(found["detail"], field_of(param, "detail"))
    return read_image(found.get("url"), field_of(param, "url"))

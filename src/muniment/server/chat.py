"""Requests to OpenAI's routes: checked field by field, and made anew for the engine from what was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muniment.server.caps import Caps
from muniment.server.checks import refusal, string
from muniment.server.fields import CHAT, COMPLETION, check_fields
from muniment.server.images import SentImage
from muniment.server.jsonbytes import as_json, listed, with_field
from muniment.server.messages import Message, check_characters, check_messages
from muniment.server.sampling import CHAT_SETTINGS, COMPLETION_SETTINGS, Sampling, check_sampling

_LONGEST_MODEL = 256
_NOT_IGNORED = frozenset({"model", "messages", "stream", "stream_options", "n", "user", "store", "parallel_tool_calls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A checked request to /v1/chat/completions.

    Attributes:
        model: the name asked for; whether there is such a one is not known yet.
        given: the names of the fields that the request holds, sorted.
    """

    model: str = field(repr=False)
    messages: tuple[Message, ...] = field(repr=False)
    sampling: Sampling
    given: tuple[str, ...]

    @property
    def stream(self) -> bool:
        """Whether the answer is wanted piece by piece."""
        return self.sampling.stream

    @property
    def include_usage(self) -> bool:
        """Whether the last piece is to tell the tokens."""
        return self.sampling.include_usage

    @property
    def images(self) -> tuple[SentImage, ...]:
        """The images of all messages, in their order."""
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, SentImage))

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all messages, in their order."""
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, str))

    def forward(self, model: str, cache_salt: str, context: int = 0) -> bytes:
        """The body to send to an engine.

        Args:
            model: the engine's name for the model.
            cache_salt: keeps the engine's caches of different keys apart.
            context: tokens that question and answer may have there together; 0 if unknown. An engine may refuse to
                be asked for more. If it is unknown and the request says nothing, the engine's own limit holds.
        """
        asked = self.sampling.max_tokens or (self.sampling.most_tokens if context else None)
        fields = {
            "model": model,
            "cache_salt": cache_salt,
            **self.sampling.forward(),
            **_token_limit(asked, self.sampling.most_tokens, context),
        }
        return with_field(fields, "messages", listed(message.forward() for message in self.messages))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionCall:
    """A checked request to /v1/completions: a text to go on with, and no images.

    Attributes:
        model: the name asked for; whether there is such a one is not known yet.
    """

    model: str = field(repr=False)
    prompt: str = field(repr=False)
    sampling: Sampling

    @property
    def stream(self) -> bool:
        """Whether the answer is wanted piece by piece."""
        return self.sampling.stream

    @property
    def include_usage(self) -> bool:
        """Whether the last piece is to tell the tokens."""
        return self.sampling.include_usage

    def forward(self, model: str, cache_salt: str, context: int = 0) -> bytes:
        """The body to send to an engine, as :meth:`ChatCall.forward`; with nothing said, answers are 16 tokens long."""
        body = {"model": model, "cache_salt": cache_salt, "prompt": self.prompt, **self.sampling.forward()}
        return as_json(body | _token_limit(self.sampling.max_tokens, self.sampling.most_tokens, context))


def _token_limit(asked: int | None, most: int, context: int) -> dict[str, int]:
    return {} if asked is None else {"max_tokens": min(asked, most, context or most)}


def check_chat(body: Mapping[str, Any], caps: Caps) -> ChatCall:
    """A request to /v1/chat/completions.

    Args:
        body: as :func:`muniment.server.strictjson.parse_object` gives it.

    Raises:
        ApiError: a field is not taken, missing, of the wrong type, or out of its range or a cap.
    """
    check_fields(body, CHAT)
    model = _model(body)
    sampling = check_sampling(body, caps, CHAT_SETTINGS)
    if sampling.settings.get("top_logprobs") and not sampling.settings.get("logprobs"):
        raise refusal("'top_logprobs' needs 'logprobs' to be true", "top_logprobs")
    given = tuple(sorted(name for name, value in body.items() if value is not None))
    return ChatCall(model=model, messages=check_messages(body.get("messages"), caps), sampling=sampling, given=given)


def check_completion(body: Mapping[str, Any], caps: Caps) -> CompletionCall:
    """A request to /v1/completions. As :func:`check_chat`."""
    check_fields(body, COMPLETION)
    return CompletionCall(
        model=_model(body),
        prompt=_prompt(body.get("prompt"), caps),
        sampling=check_sampling(body, caps, COMPLETION_SETTINGS),
    )


def _model(body: Mapping[str, Any]) -> str:
    if body.get("model") is None:
        raise refusal("'model' is missing: name one of GET /v1/models", "model", "missing_required_parameter")
    return string(body["model"], "model", _LONGEST_MODEL)


def _prompt(value: Any, caps: Caps) -> str:
    match value:
        case str(text) | [str(text)]:
            check_characters(len(text), "prompt", caps)
            return text
    raise refusal("'prompt' has to be a string, or an array of one", "prompt", "invalid_type")


def ignored_fields(call: ChatCall) -> tuple[str, ...]:
    """What of the request an engine without a language model has no use for, by the names of the fields."""
    texts = ("messages[].content[].text",) if call.texts else ()
    return (*texts, *(name for name in call.given if name not in _NOT_IGNORED))

"""One request to a vision-language model about one picture, and whether its answer is any good."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from muniment.engines.image import EncodedImage
from muniment.engines.openai import Broken, ChatRequest, Completion, Deadly, Refused, Served, TooLong
from muniment.engines.profiles import Profile
from muniment.reading.data import Tokens
from muniment.text import Flag

NO_TOKENS = Tokens()
_PATCH = 28
"""Pixels of a side that one image token stands for, in Qwen2.5-VL."""
_LETTERS_A_TOKEN = 3
_TEMPLATE_TOKENS = 64
_LEAST_TOKENS = 256
"""An answer that may be no longer than this is not worth asking for."""


class Asker(Protocol):
    """Whoever answers requests; see :class:`muniment.engines.openai.Replicas`."""

    async def complete(self, request: ChatRequest, within: float) -> Completion: ...


@dataclass(frozen=True, slots=True)
class VisionModel:
    """A model that is served, and how it is asked.

    Attributes:
        within: seconds one answer may take.
        turn: the page's, for its requests.
    """

    asker: Asker
    served: Served
    profile: Profile
    within: float
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a picture.

    Attributes:
        prompt: what the model is told.
        response_format: the form of its answer, as the chat completions route takes it; None for free text.
    """

    prompt: str
    response_format: Mapping[str, Any] | None = None


class NoGoodError(Exception):
    """An attempt gave nothing that can be used.

    Attributes:
        flag: what to remark.
        is_last: the page must not be sent again.
        tokens: that it took all the same.
    """

    def __init__(
        self, why: str, flag: Flag | None = None, *, is_last: bool = False, tokens: Tokens = NO_TOKENS
    ) -> None:
        super().__init__(why)
        self.flag = flag
        self.is_last = is_last
        self.tokens = tokens


async def ask(model: VisionModel, image: EncodedImage, wish: Wish, temperature: float) -> tuple[str, Tokens]:
    """What the model answers, if it came to its end by itself, and what that took.

    Raises:
        NoGoodError: it did not, or there is no answer.
        EngineError: no page can be read.
    """
    request = _request(model, image, wish, temperature)
    try:
        completion = await _complete(model, request)
    except Deadly as trouble:
        raise NoGoodError(str(trouble), is_last=True) from None
    except (Broken, Refused) as trouble:
        raise NoGoodError(str(trouble)) from None
    tokens = Tokens(completion.prompt_tokens, completion.completion_tokens)
    match completion.finish_reason:
        case "stop" if completion.text.strip():
            return completion.text, tokens
        case "stop":
            raise NoGoodError("the model wrote nothing", tokens=tokens)
        case "length":
            why = f"the answer was cut off after {request.max_tokens} tokens"
            raise NoGoodError(why, Flag.TRUNCATED, tokens=tokens)
        case "repetition":
            raise NoGoodError("the answer ran into a loop", Flag.REPETITION, tokens=tokens)
        case other:
            raise NoGoodError(f"the answer ended by {other!r}", tokens=tokens)


async def _complete(model: VisionModel, request: ChatRequest) -> Completion:
    """An answer; asked for once more with less room if the server says how much it has."""
    try:
        return await model.asker.complete(request, model.within)
    except TooLong as trouble:
        room = trouble.context - trouble.prompt - 1 if trouble.context and trouble.prompt else 0
        if not _LEAST_TOKENS <= room < request.max_tokens:
            raise NoGoodError(str(trouble), Flag.TRUNCATED) from None
    try:
        return await model.asker.complete(replace(request, max_tokens=room), model.within)
    except TooLong as trouble:
        raise NoGoodError(str(trouble), Flag.TRUNCATED) from None


def _request(model: VisionModel, image: EncodedImage, wish: Wish, temperature: float) -> ChatRequest:
    return ChatRequest(
        prompt=wish.prompt,
        images=(image,),
        temperature=temperature,
        max_tokens=room_for_answer(model, image, wish),
        repetition_penalty=model.profile.repetition_penalty,
        system=model.profile.system,
        response_format=wish.response_format,
        turn=model.turn,
    )


def room_for_answer(model: VisionModel, image: EncodedImage, wish: Wish) -> int:
    """Most tokens of an answer: what the served context leaves beside the page, and no more than the profile wants.

    Where that seems to be next to nothing, something is asked for all the same: the server counts better.
    """
    if not model.served.context:
        return model.profile.max_tokens
    page = -(-image.width // _PATCH) * -(-image.height // _PATCH)
    asked = (len(wish.prompt) + len(model.profile.system)) // _LETTERS_A_TOKEN + _TEMPLATE_TOKENS
    return min(model.profile.max_tokens, max(_LEAST_TOKENS, model.served.context - page - asked))

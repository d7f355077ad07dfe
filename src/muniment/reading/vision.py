"""The care around one page that a vision-language model reads: attempts, bands, and what is left when all fail."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

from muniment.engines.image import EncodedImage
from muniment.engines.openai import Broken, ChatRequest, Completion, Refused, Served, TooLong
from muniment.engines.profiles import Profile
from muniment.errors import PageError
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.wire import PageRead, Pictured
from muniment.text import Flag
from muniment.text.bands import join_bands
from muniment.text.markup import parse_markup

BANDS = 2
"""Into how many parts a page is cut that the model does not get through as a whole."""
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
    """

    asker: Asker
    served: Served
    profile: Profile
    within: float


class NoGoodError(Exception):
    """An attempt gave nothing that can be used; ``str()`` says why, ``flag`` what to remark."""

    def __init__(self, why: str, flag: Flag | None = None) -> None:
        super().__init__(why)
        self.flag = flag


async def read_page(
    picture: Pictured,
    model: VisionModel,
    cut: Callable[[int], Awaitable[PageRead | Pictured]],
    fall_back: Callable[[], Awaitable[PageReading]],
) -> PageReading:
    """The page in ``picture`` as the model reads it.

    Args:
        cut: gives the page in so many bands.
        fall_back: reads it another way.

    Raises:
        EngineError: no page can be read.
    """
    if not picture.images:
        return replace(picture.page, attempts=(Attempt(model.served.model, "blank"),))
    attempts: list[Attempt] = []
    remarks: set[Flag] = set()
    for temperature in model.profile.temperatures:
        method = f"temperature {temperature:g}"
        try:
            text = await _ask(model, picture.images[0], temperature)
        except NoGoodError as problem:
            attempts.append(Attempt(model.served.model, method, str(problem)))
            remarks |= {problem.flag} if problem.flag else set()
        else:
            return _reading(picture.page, text, (*attempts, Attempt(model.served.model, method)), remarks)
    method = f"{BANDS} bands"
    try:
        text = await _read_bands(model, await cut(BANDS))
    except (NoGoodError, PageError) as problem:
        attempts.append(Attempt(model.served.model, method, str(problem)))
    else:
        return _reading(picture.page, text, (*attempts, Attempt(model.served.model, method)), remarks)
    return as_fallback(await fall_back(), attempts, remarks)


async def _read_bands(model: VisionModel, picture: PageRead | Pictured) -> str:
    """The text of a page in bands, each asked for in turn at every temperature."""
    if not isinstance(picture, Pictured) or not picture.images:
        raise NoGoodError("the page could not be cut")
    texts = await asyncio.gather(*(_ask_patiently(model, image) for image in picture.images))
    joined = texts[0]
    for text in texts[1:]:
        joined = join_bands(joined, text)
    return joined


async def _ask_patiently(model: VisionModel, image: EncodedImage) -> str:
    for temperature in model.profile.temperatures[:-1]:
        try:
            return await _ask(model, image, temperature)
        except NoGoodError:
            continue
    return await _ask(model, image, model.profile.temperatures[-1])


async def _ask(model: VisionModel, image: EncodedImage, temperature: float) -> str:
    """What the model reads in ``image``; valid only if it came to its end by itself. Raises NoGoodError."""
    room = room_for_answer(model, image)
    try:
        completion = await _complete(model, _request(model, image, temperature, room))
    except (Broken, Refused) as trouble:
        raise NoGoodError(str(trouble)) from None
    match completion.finish_reason:
        case "stop" if completion.text.strip():
            return completion.text
        case "stop":
            raise NoGoodError("the model wrote nothing")
        case "length":
            raise NoGoodError(f"the answer was cut off after {room} tokens", Flag.TRUNCATED)
        case "repetition":
            raise NoGoodError("the answer ran into a loop", Flag.REPETITION)
        case other:
            raise NoGoodError(f"the answer ended by {other!r}")


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


def _request(model: VisionModel, image: EncodedImage, temperature: float, room: int) -> ChatRequest:
    profile = model.profile
    return ChatRequest(
        prompt=profile.prompt,
        images=(image,),
        temperature=temperature,
        max_tokens=room,
        repetition_penalty=profile.repetition_penalty,
        system=profile.system,
    )


def room_for_answer(model: VisionModel, image: EncodedImage) -> int:
    """Most tokens of an answer: what the served context leaves beside the page, and no more than the profile wants."""
    if not model.served.context:
        return model.profile.max_tokens
    page = -(-image.width // _PATCH) * -(-image.height // _PATCH)
    asked = (len(model.profile.prompt) + len(model.profile.system)) // _LETTERS_A_TOKEN + _TEMPLATE_TOKENS
    return max(1, min(model.profile.max_tokens, model.served.context - page - asked))


def _reading(page: PageReading, text: str, attempts: tuple[Attempt, ...], remarks: set[Flag]) -> PageReading:
    return replace(page, blocks=parse_markup(text), attempts=attempts, flags=tuple(sorted({*page.flags, *remarks})))


def as_fallback(page: PageReading, attempts: Sequence[Attempt], remarks: Set[Flag] = frozenset()) -> PageReading:
    """The page as read another way, marked as such; a page that failed there too stays failed."""
    if page.status is PageStatus.FAILED:
        return replace(page, attempts=(*attempts, *page.attempts), flags=tuple(sorted({*page.flags, *remarks})))
    flags = {*page.flags, *remarks, Flag.FALLBACK}
    return replace(page, status=PageStatus.FALLBACK, attempts=(*attempts, *page.attempts), flags=tuple(sorted(flags)))

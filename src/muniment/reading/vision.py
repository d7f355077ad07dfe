"""The care around one page that a vision-language model reads: attempts, bands, and what is left when all fail."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from typing import TypeVar

from muniment.engines.image import EncodedImage
from muniment.errors import PageError
from muniment.reading.asking import NO_TOKENS, NoGoodError, VisionModel, Wish, ask
from muniment.reading.data import Attempt, PageReading, PageStatus, Tokens
from muniment.reading.wire import PageRead, Pictured
from muniment.text import Flag
from muniment.text.bands import join_bands
from muniment.text.markup import parse_markup

Result = TypeVar("Result")

BANDS = 2
"""Into how many parts a page is cut that the model does not get through as a whole."""

Cut = Callable[[int], Awaitable[PageRead | Pictured]]
"""Gives a page in so many bands."""


async def read_page(
    picture: Pictured, model: VisionModel, cut: Cut, fall_back: Callable[[], Awaitable[PageReading]]
) -> PageReading:
    """The page in ``picture`` as the model reads it.

    Args:
        fall_back: reads it another way.

    Raises:
        EngineError: no page can be read.
    """
    record = _Record(model.served.model)
    if not picture.images:
        return replace(picture.page, attempts=(*record.attempts, Attempt(record.engine, "blank")))
    try:
        text = await _whole_or_in_bands(picture.images[0], model, cut, record)
    except NoGoodError:
        return as_fallback(await fall_back(), record.attempts, record.remarks)
    return replace(
        picture.page,
        blocks=parse_markup(text),
        attempts=tuple(record.attempts),
        flags=tuple(sorted({*picture.page.flags, *record.remarks})),
    )


class _Record:
    """What was tried with a page."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.attempts: list[Attempt] = []
        self.remarks: set[Flag] = set()

    async def of(self, method: str, attempt: Awaitable[tuple[Result, Tokens]]) -> Result:
        """What an attempt gives, and remember it, and what it took, either way. Raises NoGoodError."""
        try:
            result, tokens = await attempt
        except NoGoodError as problem:
            self.attempts.append(Attempt(self.engine, method, str(problem), problem.tokens))
            self.remarks |= {problem.flag} if problem.flag else set()
            raise
        self.attempts.append(Attempt(self.engine, method, tokens=tokens))
        return result


async def _whole_or_in_bands(image: EncodedImage, model: VisionModel, cut: Cut, record: _Record) -> str:
    """The text of the page as a whole, or else of its bands put together. Raises NoGoodError."""
    wish = Wish(model.profile.prompt)
    try:
        return await _ask_patiently(image, model, wish, record, "")
    except NoGoodError as problem:
        if problem.is_last:
            raise
    bands = await record.of(f"{BANDS} bands", _bands(cut))
    asking = [
        asyncio.create_task(_ask_patiently(band, model, wish, record, f"band {number} of {BANDS}, "))
        for number, band in enumerate(bands, 1)
    ]
    try:
        texts = await asyncio.gather(*asking)
    finally:
        for task in asking:  # when one has failed, nobody needs the others, and nothing is to go on generating
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    joined = texts[0]
    for text in texts[1:]:
        joined = join_bands(joined, text)
    return joined


async def _ask_patiently(image: EncodedImage, model: VisionModel, wish: Wish, record: _Record, what: str) -> str:
    """What the model reads in ``image`` at the first temperature that does it. Raises NoGoodError."""
    *others, last = model.profile.temperatures
    for temperature in others:
        try:
            return await record.of(f"{what}temperature {temperature:g}", ask(model, image, wish, temperature))
        except NoGoodError as problem:
            if problem.is_last:
                raise
    return await record.of(f"{what}temperature {last:g}", ask(model, image, wish, last))


async def _bands(cut: Cut) -> tuple[tuple[EncodedImage, ...], Tokens]:
    """The page in parts, which takes no tokens. Raises NoGoodError."""
    try:
        picture = await cut(BANDS)
    except PageError as error:
        raise NoGoodError(str(error)) from None
    if not isinstance(picture, Pictured) or not picture.images:
        raise NoGoodError("the page could not be cut")
    return picture.images, NO_TOKENS


def as_fallback(page: PageReading, attempts: Sequence[Attempt], remarks: Set[Flag] = frozenset()) -> PageReading:
    """The page as read another way, marked as such; a page that failed there too stays failed."""
    if page.status is PageStatus.FAILED:
        return replace(page, attempts=(*attempts, *page.attempts), flags=tuple(sorted({*page.flags, *remarks})))
    flags = {*page.flags, *remarks, Flag.FALLBACK}
    return replace(page, status=PageStatus.FALLBACK, attempts=(*attempts, *page.attempts), flags=tuple(sorted(flags)))

"""The care around one page that a vision-language model reads: attempts, bands, and what is left when all fail."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from functools import partial

from muniment.engines.image import EncodedImage
from muniment.errors import PageError
from muniment.reading.asking import NoGoodError, VisionModel, Wish, ask
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.wire import PageRead, Pictured
from muniment.text import Flag
from muniment.text.bands import join_bands
from muniment.text.markup import parse_markup

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
    if not picture.images:
        return replace(picture.page, attempts=(Attempt(model.served.model, "blank"),))
    attempts: list[Attempt] = []
    remarks: set[Flag] = set()
    for method, read in _ways(picture.images[0], model, cut):
        try:
            text = await read()
        except (NoGoodError, PageError) as problem:
            attempts.append(Attempt(model.served.model, method, str(problem)))
            if isinstance(problem, NoGoodError):
                remarks |= {problem.flag} if problem.flag else set()
                if problem.is_last:
                    break
        else:
            return _reading(picture.page, text, (*attempts, Attempt(model.served.model, method)), remarks)
    return as_fallback(await fall_back(), attempts, remarks)


def _ways(image: EncodedImage, model: VisionModel, cut: Cut) -> list[tuple[str, Callable[[], Awaitable[str]]]]:
    """What is tried in turn, each with its name: the whole page at rising temperatures, then its bands."""
    wish = Wish(model.profile.prompt)
    whole = [
        (f"temperature {temperature:g}", partial(ask, model, image, wish, temperature))
        for temperature in model.profile.temperatures
    ]
    return [*whole, (f"{BANDS} bands", partial(_read_bands, model, wish, cut))]


async def _read_bands(model: VisionModel, wish: Wish, cut: Cut) -> str:
    """The text of a page in bands, each asked for in turn at every temperature."""
    picture = await cut(BANDS)
    if not isinstance(picture, Pictured) or not picture.images:
        raise NoGoodError("the page could not be cut")
    texts = await asyncio.gather(*(_ask_patiently(model, image, wish) for image in picture.images))
    joined = texts[0]
    for text in texts[1:]:
        joined = join_bands(joined, text)
    return joined


async def _ask_patiently(model: VisionModel, image: EncodedImage, wish: Wish) -> str:
    for temperature in model.profile.temperatures[:-1]:
        try:
            return await ask(model, image, wish, temperature)
        except NoGoodError as problem:
            if problem.is_last:
                raise
    return await ask(model, image, wish, model.profile.temperatures[-1])


def _reading(page: PageReading, text: str, attempts: tuple[Attempt, ...], remarks: set[Flag]) -> PageReading:
    return replace(page, blocks=parse_markup(text), attempts=attempts, flags=tuple(sorted({*page.flags, *remarks})))


def as_fallback(page: PageReading, attempts: Sequence[Attempt], remarks: Set[Flag] = frozenset()) -> PageReading:
    """The page as read another way, marked as such; a page that failed there too stays failed."""
    if page.status is PageStatus.FAILED:
        return replace(page, attempts=(*attempts, *page.attempts), flags=tuple(sorted({*page.flags, *remarks})))
    flags = {*page.flags, *remarks, Flag.FALLBACK}
    return replace(page, status=PageStatus.FALLBACK, attempts=(*attempts, *page.attempts), flags=tuple(sorted(flags)))

"""Documents that are read while their client waits."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from muniment.reading import PageReading, PageStatus
from muniment.reading.source import OpenDocument
from muniment.server.call import Call
from muniment.server.models import Model
from muniment.server.service import Service

_PAGES_AHEAD = 64
"""Of one document, beyond the one that is told next."""


async def pages_of(
    call: Call, service: Service, model: Model, document: OpenDocument, numbers: Sequence[int]
) -> AsyncGenerator[PageReading, None]:
    """Pages in order, each as soon as it is read, several being read meanwhile. Those that are go into the account.

    Raises:
        ApiError: too many wait already, or documents may not be read any more.
        EngineError: no page can be read.
    """

    async def read(number: int) -> PageReading:
        async with service.turn(model, call.owner):
            page = await model.read(document, number)
        service.metrics.page(model.name, page)
        call.account.pages += page.status is not PageStatus.FAILED
        call.account.prompt_tokens += page.tokens.prompt
        call.account.completion_tokens += page.tokens.completion
        return page

    left = deque(numbers)
    reading: deque[asyncio.Task[PageReading]] = deque()
    try:
        while left or reading:
            while left and len(reading) < _PAGES_AHEAD:
                reading.append(asyncio.create_task(read(left.popleft())))
            yield await reading[0]
            reading.popleft()
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

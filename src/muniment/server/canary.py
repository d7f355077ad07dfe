"""A page that is read again and again, so that "ready" means that pages are read."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from muniment.errors import MunimentError
from muniment.reading import PageReading, PageStatus
from muniment.reading.source import bytes_in_memory
from muniment.server.models import Model, Models
from muniment.server.problems import described
from muniment.text import Flag

FRESH = 60.0
"""Seconds for which a canary that was read counts."""
_EVERY = 30.0
_WORDS = ("canary", "muniment")


@dataclass(frozen=True, slots=True)
class Sighting:
    """How the canary was last read by a model.

    Attributes:
        problem: why it was not; "" if it was.
        seconds: that it took.
    """

    model: str
    at: datetime
    seconds: float
    problem: str

    @property
    def is_good(self) -> bool:
        """Whether it was read, and lately."""
        return not self.problem and (datetime.now(UTC) - self.at).total_seconds() <= FRESH


class Canary:
    """Has every model read one small page now and then.

    Args:
        tell: told when a model stops reading it, or never begins to, and when it reads again.
    """

    def __init__(self, models: Models, tell: Callable[[str], None]) -> None:
        self._models = models
        self._tell = tell
        self._page = files("muniment.server").joinpath("canary.png").read_bytes()
        self.sightings: dict[str, Sighting] = {}

    async def keep_watch(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.gather(*(self._look(model) for model in self._models.all()))
            await asyncio.sleep(_EVERY)

    async def _look(self, model: Model) -> None:
        began = time.monotonic()
        try:
            document = await self._models.open(bytes_in_memory(self._page), "canary")
            try:
                problem = _problem_of(await model.read(document, 1))
            finally:
                document.close()
        except MunimentError as error:
            problem = str(error)
        except Exception as error:  # a watch that ended over it would tell nothing any more
            problem = f"Something went wrong: {described(error)}"
        before = self.sightings[model.name].problem if model.name in self.sightings else ""
        if problem and not before:
            self._tell(f"The model {model.name} does not read: {problem}")
        elif before and not problem:
            self._tell(f"The model {model.name} reads again.")
        seconds = time.monotonic() - began
        self.sightings[model.name] = Sighting(model.name, datetime.now(UTC), seconds, problem)


def _problem_of(page: PageReading) -> str:
    """What is wrong with the canary as it was read.

    A small test model writes other words than those on the page; that it came to an end by itself is what counts for
    models, and the embedded engine has to find the words.
    """
    if page.status is not PageStatus.READ or Flag.FALLBACK in page.flags:
        return page.problem or page.attempts[0].problem
    if page.attempts[-1].engine == "embedded":
        text = " ".join(line.text for line in page.lines).lower()
        return "" if all(word in text for word in _WORDS) else "the canary's words were not found"
    return "" if page.blocks else "the canary came out empty"

"""A page that is read again and again, so that "ready" means that pages are read."""

import asyncio
import math
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
_WITHIN = 25.0
"""Seconds that one look may take; with those between looks, less than a canary that was read counts for."""
_WORDS = ("canary", "muniment")


@dataclass(frozen=True, slots=True)
class Sighting:
    """How the canary was last read by a model.

    Attributes:
        at: when it was last tried.
        seconds: that it took.
        problem: why it was not read; "" if it was.
        read_at: when it last was read; None if it never was.
    """

    model: str
    at: datetime
    seconds: float
    problem: str
    read_at: datetime | None

    @property
    def is_good(self) -> bool:
        """Whether it was read, and lately."""
        return not self.problem and self._age <= FRESH

    @property
    def trouble(self) -> str:
        """What stands against the model; "" if nothing does."""
        return self.problem or ("" if self.is_good else f"it was last read {self._age:.0f} s ago")

    @property
    def _age(self) -> float:
        return (datetime.now(UTC) - self.at).total_seconds()


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

    def ages(self) -> dict[str, float]:
        """For how many seconds each model that is there has not read the page; without end if it never has."""
        now = datetime.now(UTC)
        seen = {model.name: self.sightings.get(model.name) for model in self._models.all()}
        return {
            name: math.inf if one is None or one.read_at is None else max(0.0, (now - one.read_at).total_seconds())
            for name, one in seen.items()
        }

    async def keep_watch(self) -> None:
        """Go on until cancelled. Models are looked at each by itself, so that a slow one holds up no other."""
        async with asyncio.TaskGroup() as group:
            async for model in self._models.as_they_come():
                group.create_task(self._watch(model))

    async def _watch(self, model: Model) -> None:
        while True:
            began = time.monotonic()
            await self._look(model)
            await asyncio.sleep(began + _EVERY - time.monotonic())

    async def _look(self, model: Model) -> None:
        began = time.monotonic()
        before = self.sightings.get(model.name)
        try:
            async with asyncio.timeout(_WITHIN):
                problem = await self._read(model)
        except TimeoutError:
            if before is not None and before.is_good:  # it has much to do, and what it read counts for its minute
                return
            problem = _late(before)
        except MunimentError as error:
            problem = str(error)
        except Exception as error:  # a watch that ended over it would tell nothing any more
            problem = f"Something went wrong: {described(error)}"
        if problem and (before is None or not before.problem):
            self._tell(f"The model {model.name} does not read: {problem}")
        elif before is not None and before.problem and not problem:
            self._tell(f"The model {model.name} reads again.")
        now = datetime.now(UTC)
        read_at = (before.read_at if before is not None else None) if problem else now
        self.sightings[model.name] = Sighting(model.name, now, time.monotonic() - began, problem, read_at)

    async def _read(self, model: Model) -> str:
        """Why the model does not read the page; "" if it does. Raises MunimentError."""
        document = await self._models.open(bytes_in_memory(self._page), "canary")
        try:
            return _problem_of(await model.read(document, 1))
        finally:
            document.close()


def _late(before: Sighting | None) -> str:
    if before is None or before.read_at is None:
        return f"it was not read within {_WITHIN:g} s, and never before"
    since = (datetime.now(UTC) - before.read_at).total_seconds()
    return f"it was not read within {_WITHIN:g} s, and last {since:.0f} s ago"


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

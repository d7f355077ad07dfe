"""Engines that are on their way: each is brought by itself, and tried again when that fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from muniment.errors import MunimentError, UsageError
from muniment.reading.options import LOCAL
from muniment.server.problems import described

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before an engine is tried again: doubled each time, up to the second."""
_LONGEST_BEFORE_START = 300.0
"""The same of one that has to be started, which keeps the machine busy each time."""


class Coming:
    """Engines that are not there yet, in the order in which they were named. For one event loop.

    Args:
        tell: told why an engine cannot be used, once for each reason, and then when it can be.
    """

    def __init__(self, engines: Sequence[str], tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._missing = dict(enumerate(engines))
        self._problems: dict[int, str] = {}
        self._given_up: set[int] = set()

    async def bring(self, how: Callable[[int, str], Awaitable[None]]) -> None:
        """Bring all of them, at once; an engine that cannot be used together with others is given up.

        Args:
            how: brings the engine at a place, however long that takes. Raises what stands in its way.
        """
        async with asyncio.TaskGroup() as group:
            for place in self._missing:
                group.create_task(self._bring(place, how))

    async def _bring(self, place: int, how: Callable[[int, str], Awaitable[None]]) -> None:
        engine = self._missing[place]
        pause, longest = _FIRST_PAUSE, _LONGEST_BEFORE_START if engine.startswith(LOCAL) else _LONGEST_PAUSE
        while True:
            try:
                await how(place, engine)
            except UsageError as error:  # which no time mends
                self._given_up.add(place)
                self._note(place, str(error))
                return
            except MunimentError as error:
                self._note(place, str(error))
            except Exception as error:  # an engine that nobody brings any more would be missed for good
                self._note(place, f"The engine {engine} could not be started: {described(error)}")
            else:
                del self._missing[place]
                if self._problems.pop(place, ""):
                    self._tell(f"The engine {engine} is there now.")
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    def _note(self, place: int, problem: str) -> None:
        if self._problems.get(place) != problem:
            self._problems[place] = problem
            self._tell(problem)

    def is_before(self, place: int) -> bool:
        """Whether one may still come that stands before ``place``."""
        return any(missing < place for missing in self._awaited)

    @property
    def goes_on(self) -> bool:
        """Whether one may still come."""
        return bool(self._awaited)

    @property
    def _awaited(self) -> set[int]:
        return self._missing.keys() - self._given_up

    @property
    def is_over(self) -> bool:
        """Whether all are there."""
        return not self._missing

    @property
    def problem(self) -> str:
        """Why some are not there; "" if all are."""
        awaited = [engine for place, engine in self._missing.items() if place not in self._problems]
        waits = [f"The engine {engine} is not there yet." for engine in awaited]
        return " ".join([*self._problems.values(), *waits])

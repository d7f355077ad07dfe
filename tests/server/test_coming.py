"""Engines are brought again and again until they are there, after longer and longer pauses."""

import asyncio
from itertools import pairwise

import pytest

from muniment.errors import EngineError, UsageError
from muniment.server.coming import Coming
from tests.server.virtual_time import run


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("http://a/v1", [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]),
        ("vllm:/a", [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
    ],
)
def test_what_fails_is_tried_again_after_growing_pauses_and_told_once_for_each_reason(
    engine: str, expected: list[int]
) -> None:
    told: list[str] = []
    tried: list[float] = []

    async def bring(_place: int, _engine: str) -> None:
        tried.append(asyncio.get_running_loop().time())
        match len(tried):
            case 1 | 2:
                raise EngineError("it is full")
            case 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11:
                raise OSError("the message may hold anything")

    coming = Coming([engine], told.append)
    run(coming.bring(bring))
    pauses = [after - before for before, after in pairwise(tried)]
    assert [round(pause) for pause in pauses] == expected
    first, second, last = told
    assert first == "it is full"
    assert second.startswith(f"The engine {engine} could not be started: OSError in test_coming.py:")
    assert last == f"The engine {engine} is there now."
    assert (coming.is_over, coming.problem) == (True, "")


def test_what_no_time_mends_is_given_up_and_the_others_come() -> None:
    told: list[str] = []

    async def bring(place: int, _engine: str) -> None:
        await asyncio.sleep(1)
        if place == 1:
            raise UsageError("it makes no sense")

    coming = Coming(["a", "b", "c"], told.append)
    assert coming.problem == ". ".join(f"The engine {name} is not there yet" for name in "abc") + "."
    run(coming.bring(bring))
    assert told == ["it makes no sense"]
    assert (coming.is_over, coming.problem) == (False, "it makes no sense")


def test_what_was_given_up_is_not_waited_for() -> None:
    async def bring(place: int, _engine: str) -> None:
        if place == 1:
            raise UsageError("it makes no sense")

    def waited_for() -> list[bool]:
        return [coming.goes_on, *(coming.is_before(place) for place in range(3))]

    coming = Coming(["a", "b", "c"], lambda _: None)
    assert waited_for() == [True, False, True, True]
    run(coming.bring(bring))
    assert waited_for() == [False, False, False, False]

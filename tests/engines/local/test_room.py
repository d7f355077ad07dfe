"""A room for many, or for one alone."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.local.room import Room


@settings(deadline=None, max_examples=50)
@given(st.lists(st.booleans(), max_size=12), st.integers(0, 1000))
def test_whoever_is_alone_is_alone_and_everybody_gets_in(wishes: list[bool], seed: int) -> None:
    chance = random.Random(seed)
    inside: list[bool] = []
    done: list[bool] = []

    async def visit(room: Room, alone: bool) -> None:
        await asyncio.sleep(chance.random() / 1000)
        async with room.alone() if alone else room.shared():
            inside.append(alone)
            assert len(inside) == 1 or not any(inside)
            await asyncio.sleep(chance.random() / 1000)
            assert len(inside) == 1 or not any(inside)
            inside.remove(alone)
        done.append(alone)

    async def work() -> None:
        room = Room()
        async with asyncio.timeout(10):
            await asyncio.gather(*(visit(room, alone) for alone in wishes))

    asyncio.run(work())
    assert sorted(done) == sorted(wishes)


@pytest.mark.parametrize("alone", [True, False])
def test_a_wait_that_is_given_up_leaves_nothing_behind(alone: bool) -> None:
    entered: list[str] = []

    async def wait(room: Room) -> None:
        async with room.alone() if alone else room.shared():
            pytest.fail("somebody else is alone in there")

    async def work() -> None:
        room = Room()
        async with room.alone():
            waiting = asyncio.create_task(wait(room))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(10), room.shared(), room.shared():
            entered.append("shared")
        async with asyncio.timeout(10), room.alone():
            entered.append("alone")

    asyncio.run(work())
    assert entered == ["shared", "alone"]

"""Bodies that come slowly are waited for, and those that only pretend to come are not."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.types import Message

from muniment.server import call
from muniment.server.call import Call
from muniment.server.errors import ApiError
from tests.server import virtual_time

STALL, SLOWEST = call._STALL, call._SLOWEST
MEBIBYTE = 2**20


def received(pieces: Sequence[tuple[float, int]]) -> tuple[int, float]:
    """How many bytes came of a body, whose pieces each come after some seconds, and when it ended.

    Raises ApiError.
    """
    left = list(pieces)

    async def receive() -> Message:
        pause, size = left.pop(0)
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": bytes(size), "more_body": bool(left)}

    async def work() -> tuple[int, float]:
        scope: dict[str, Any] = {"type": "http", "method": "PUT", "headers": []}
        count = 0
        async for chunk in Call(scope, receive, "id", None, 2**40).chunks():
            count += len(chunk)
        return count, asyncio.get_running_loop().time()

    return virtual_time.run(work())


def given_up(pieces: Sequence[tuple[float, int]]) -> bool:
    """Whether a body with such pieces is given up."""
    try:
        count, _ = received(pieces)
    except ApiError as error:
        return error.code == "body_too_slow"
    return count != sum(size for _, size in pieces)


@pytest.mark.parametrize("pause", [0.5, 5.0, 29.0])
def test_a_byte_now_and_then_is_given_up(pause: float) -> None:
    assert given_up([(pause, 1)] * 100)


def test_one_that_stops_is_given_up_however_much_has_come() -> None:
    assert given_up([(0.0, 64 * MEBIBYTE), (STALL + 1, 1)])
    assert not given_up([(0.0, 64 * MEBIBYTE), (STALL - 1, 1)])


def test_a_page_over_a_poor_line_comes_through() -> None:
    line = 32_000  # bytes a second, as of a quarter of a megabit
    count, seconds = received([(0.5, line // 2)] * (2 * 4 * MEBIBYTE // line))
    assert count > 3.9 * MEBIBYTE
    assert seconds > STALL, "it takes longer than a pause may"


def test_a_slow_start_is_no_end() -> None:
    assert not given_up([(STALL - 1, 1), (0.5, MEBIBYTE), (20.0, MEBIBYTE)])


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(0, 2 * MEBIBYTE)), min_size=1, max_size=12))
def test_what_is_given_up_is_what_pauses_or_falls_behind(pieces: list[tuple[float, int]]) -> None:
    waited, count, late = 0.0, 0, False
    for pause, size in pieces:
        waited += pause
        room = min(STALL - pause, STALL + count / SLOWEST - waited)
        assume(abs(room) > 1e-6)
        if late := room < 0:
            break
        count += size
    assert given_up(pieces) == late

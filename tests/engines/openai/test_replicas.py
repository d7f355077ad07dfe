"""Several servers share the work, and one that is gone is done without."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from muniment.engines.openai import Broken, Replicas
from muniment.errors import EngineError
from tests.engines.openai.scripted import REQUEST, Answer, Script, client_of, models, refused, streamed


def ask(*scripts: Script, patience: float = 5.0, times: int = 1) -> list[Any]:
    async def work() -> list[Any]:
        replicas = Replicas([client_of(script) for script in scripts], 64, patience)
        return await asyncio.gather(*(replicas.complete(REQUEST, 5) for _ in range(times)))

    return asyncio.run(work())


def test_the_least_busy_is_asked_first() -> None:
    scripts = Script(lambda: streamed("a")), Script(lambda: streamed("b"))
    ask(*scripts, times=20)
    assert [len(script.asked) for script in scripts] == [10, 10]


def test_a_server_that_comes_later_shares_the_work_and_no_more_are_under_way_than_before() -> None:
    scripts = Script(lambda: streamed("a")), Script(lambda: streamed("b"))

    async def work() -> tuple[int, int]:
        first, second = map(client_of, scripts)
        replicas = Replicas([first], 10, 5.0)
        alone = replicas.limit
        replicas.add(second)
        await asyncio.gather(*(replicas.complete(REQUEST, 5) for _ in range(20)))
        return alone, replicas.limit

    assert asyncio.run(work()) == (10, 10)
    assert [len(script.asked) for script in scripts] == [10, 10]


@pytest.mark.parametrize("trouble", [httpx.ConnectError("gone"), refused(503, "full"), refused(503, "loading")])
def test_when_one_cannot_another_answers(trouble: Answer) -> None:
    first, second = Script(trouble), Script(lambda: streamed("b"))
    assert {answer.text for answer in ask(first, second, times=4)} == {"b"}


def test_a_server_that_comes_back_is_asked_again() -> None:
    script = Script(httpx.ConnectError("down"), refused(429, "", **{"Retry-After": "0"}), streamed("back"))
    assert [answer.text for answer in ask(script)] == ["back"]


def test_broken_answers_are_asked_for_again_a_few_times() -> None:
    assert [answer.text for answer in ask(Script(refused(500), refused(500), streamed("third")))] == ["third"]
    script = Script(refused(500))
    with pytest.raises(Broken):
        ask(script)
    assert len(script.asked) == 3


def test_one_that_is_being_stopped_has_time_to_be_gone_before_it_counts_against_a_request() -> None:
    """It breaks off what it is sent until nobody listens any more; then it is waited for."""

    async def work() -> float:
        began = time.monotonic()
        script = Script(refused(500), refused(500), httpx.ConnectError("gone"), streamed("back"))
        await Replicas([client_of(script)], 64, 60).complete(REQUEST, 5)
        return time.monotonic() - began

    assert asyncio.run(work()) >= 1.5


def test_one_that_ends_what_it_has_begun_is_waited_for_however_often_it_refuses() -> None:
    stopping = refused(500, "cannot schedule new futures after shutdown")
    script = Script(*[stopping] * 4, httpx.ConnectError("gone"), streamed("back"))

    async def work() -> str:
        replicas = Replicas([client_of(script)], 64, 60)
        replicas._replicas[0].pause = 0.001
        return (await replicas.complete(REQUEST, 5)).text

    assert asyncio.run(work()) == "back"


def test_an_engine_that_is_gone_for_too_long_ends_the_run_with_advice() -> None:
    with pytest.raises(EngineError, match=r"engine\.example.*that the address is right"):
        ask(Script(httpx.ConnectError("gone")), patience=0.0)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "a key that it accepts with --api-key"), (403, "--api-key"), (404, "the address")]
)
def test_what_no_request_can_mend_ends_the_run_at_once_with_advice(status: int, advice: str) -> None:
    script = Script(refused(status, "No"))
    with pytest.raises(EngineError, match=rf"{status}: No\. .*{advice}"):
        ask(script)
    assert len(script.asked) == 1


def test_what_is_served_is_asked_until_somebody_says() -> None:
    async def work() -> Any:
        script = Script(httpx.ConnectError("starting"), models(m=4096))
        return await Replicas([client_of(script)], 4, 5).describe()

    assert asyncio.run(work()).context == 4096


def test_broken_answers_do_not_make_it_send_less_at_once() -> None:
    async def work() -> int:
        answers = [lambda: refused(500), lambda: streamed("a"), lambda: streamed("b")]
        script = Script(*answers * 100, lambda: streamed("c"))
        replicas = Replicas([client_of(script)], 64, 5)
        await asyncio.gather(*(replicas.complete(REQUEST, 5) for _ in range(150)), return_exceptions=True)
        return replicas._replicas[0].limiter.limit

    assert asyncio.run(work()) == 64


def test_a_request_that_alone_is_turned_away_again_and_again_is_given_up() -> None:
    async def work() -> None:
        turned_away = Script(lambda: refused(503, "full"))
        replicas = Replicas([client_of(turned_away)], 64, 0.1)
        waiting = asyncio.create_task(replicas.complete(REQUEST, 5))
        for _ in range(20):
            await asyncio.sleep(0.1)
            replicas._answered, replicas._silent_since = replicas._answered + 1, None  # others are answered meanwhile
        with pytest.raises(Broken, match="others were answered"):
            await waiting

    asyncio.run(work())

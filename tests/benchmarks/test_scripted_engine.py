"""The scripted engine answers as its script says, and the client takes it for what it is."""

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks.fault_script import Answer, FaultScript
from benchmarks.marks import Mark
from benchmarks.scripted_engine import Engine
from muniment.engines.openai import Broken, Busy, Completion, EngineTrouble
from tests.benchmarks.asking import asked


class Always(FaultScript):
    """The same answer, whatever comes."""

    def answer(self, picture: bytes, time: int, mark: Mark | None) -> Answer:  # noqa: ARG002
        return Answer(list(Answer)[self.seed])


async def asked_of(engine: Engine, socket: Path) -> Completion | EngineTrouble:
    async with await asyncio.start_unix_server(engine.serve, socket, limit=1 << 20):
        try:
            return await asked(f"unix:{socket}", "scripted")
        finally:
            await asyncio.sleep(0.05 + engine.seconds)  # for the engine to see that the client is gone


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer.GOOD, "stop"),
        (Answer.CUT_OFF, "length"),
        (Answer.LOOPING, "repetition"),
        (Answer.ERROR, Broken),
        (Answer.SILENT, Broken),
        (Answer.BROKEN, Broken),
        (Answer.BUSY, Busy),
        (Answer.BUSY_FOR, Busy),
    ],
)
def test_each_answer_is_what_its_name_says(answer: Answer, found: str | type[EngineTrouble], tmp_path: Path) -> None:
    engine = Engine(1, 0.0, Always(list(Answer).index(answer)))
    result = asyncio.run(asked_of(engine, tmp_path / "api.sock"))
    assert result.finish_reason == found if isinstance(result, Completion) else type(result) is found
    log = json.loads(engine.log())
    assert log["asked"] == [[None, None, False, answer, True]]
    assert log["left"] == ({answer: 1} if answer in (Answer.SILENT, Answer.LOOPING) else {})


def test_a_retry_after_is_named_by_one_kind_of_busy_answer_only(tmp_path: Path) -> None:
    waits = []
    for answer in (Answer.BUSY, Answer.BUSY_FOR):
        result = asyncio.run(asked_of(Engine(1, 0.0, Always(list(Answer).index(answer))), tmp_path / answer.name))
        assert isinstance(result, Busy)
        waits.append(result.retry_after)
    assert waits == [None, 1.0]


def test_an_answer_is_known_to_come_when_the_client_is_gone(tmp_path: Path) -> None:
    engine = Engine(1, 0.8, Always(list(Answer).index(Answer.CUT_OFF)))
    assert isinstance(asyncio.run(asked_of(engine, tmp_path / "api.sock")), Broken)
    assert json.loads(engine.log())["asked"] == [[None, None, False, Answer.CUT_OFF, False]]


def test_without_a_script_every_answer_is_good_and_counted(tmp_path: Path) -> None:
    engine = Engine(1, 0.0)
    result = asyncio.run(asked_of(engine, tmp_path / "api.sock"))
    assert isinstance(result, Completion)
    assert result.text == "A page of text."
    assert json.loads(engine.busy())["requests"] == 1

"""A vLLM of our own as a model to ask: started when needed, started again when it ends, and no request lost by that."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from muniment.engines.local import LocalClient, ServerSettings, client, server
from muniment.engines.openai import Broken, Completion, Deadly, Unreachable
from muniment.errors import EngineError
from tests.documents.test_sandbox import is_alive, namespaces_allowed
from tests.engines.openai.scripted import REQUEST

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces"),
]

Result = TypeVar("Result")


@pytest.fixture
def settings(tmp_path: Path, model: Path, standin: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerSettings]:
    """A stand-in for vLLM. pytest's own temporary folders have paths too long for sockets."""
    with TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        monkeypatch.setattr(server, "GRACE", 0.3)
        yield ServerSettings(model=model, python=standin, cache=tmp_path / "cache")
        assert not list(Path(folder).iterdir()), "nothing is left of any of its lives"


def use(
    settings: ServerSettings,
    work: Callable[[LocalClient], Awaitable[Result]],
    told: list[str] | None = None,
) -> Result:
    async def with_client() -> Result:
        local = LocalClient(settings, tell=(told if told is not None else []).append)
        try:
            return await work(local)
        finally:
            await local.aclose()

    return asyncio.run(with_client())


async def ask(local: LocalClient, prompt: str) -> Completion | Exception:
    try:
        return await local.complete(replace(REQUEST, prompt=prompt), 10)
    except Deadly as error:
        return error


def test_it_is_started_when_first_asked_once_for_all_who_ask(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> None:
        served, *answers = await asyncio.gather(local.describe(), *(ask(local, f"page {n}") for n in range(5)))
        assert (served.model, served.context) == (settings.model.name, 4096)  # type: ignore[union-attr]
        assert [answer.text for answer in answers] == [f"page {n}" for n in range(5)]  # type: ignore[union-attr]

    use(settings, work)


def test_one_that_was_never_asked_is_never_started(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> None:
        assert local.label == f"vllm:{settings.model}"

    use(settings, work)


def test_when_it_ends_another_answers_everything(settings: ServerSettings) -> None:
    told: list[str] = []

    async def work(local: LocalClient) -> list[Completion | Exception]:
        return await asyncio.gather(*(ask(local, prompt) for prompt in ["a", "b", "end once", "c"]))

    answers = use(settings, work, told)
    assert [answer.text for answer in answers] == ["a", "b", "end once", "c"]  # type: ignore[union-attr]
    assert told[0] == "vLLM was ended by signal 9 (SIGKILL); the pages that it was at are sent again."
    assert told[1].startswith("vLLM was started again, in ")
    assert len(told) == 2


def test_a_page_that_ends_it_again_and_again_costs_no_other_page(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> list[Completion | Exception]:
        return await asyncio.gather(*(ask(local, prompt) for prompt in ["a", "end", "b", "c"]))

    a, end, b, c = use(settings, work)
    assert [answer.text for answer in (a, b, c)] == ["a", "b", "c"]  # type: ignore[union-attr]
    assert isinstance(end, Deadly)
    assert "SIGKILL" in str(end)


def test_one_that_only_ever_ends_is_given_up(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MOST_ENDINGS", 2)

    async def work(local: LocalClient) -> None:
        await ask(local, "end")
        await ask(local, "a")

    with pytest.raises(EngineError, match=r"ended by signal 9 \(SIGKILL\) again and again, without reading"):
        use(settings, work)


def test_one_that_cannot_be_started_says_why(settings: ServerSettings) -> None:
    broken = replace(settings, arguments=("--behave", "die"))
    with pytest.raises(EngineError, match="CUDA out of memory"):
        use(broken, lambda local: local.describe())


def test_closing_ends_one_that_is_still_starting(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> int:
        asked = asyncio.create_task(local.describe())
        while local._server is None or not local._server._group:
            await asyncio.sleep(0.02)
        group = local._server._group
        assert is_alive(group)
        asked.cancel()
        return group

    assert not is_alive(use(replace(settings, arguments=("--behave", "never")), work))


def test_a_broken_answer_of_one_that_runs_is_just_that(
    settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_END_WITHIN", 0.0)
    told: list[str] = []

    async def work(local: LocalClient) -> None:
        with pytest.raises(Broken):
            await local.complete(replace(REQUEST, prompt="a"), 0.05)
        assert (await local.complete(replace(REQUEST, prompt="a"), 5)).text == "a"

    use(settings, work, told)
    assert told == []


def test_one_that_every_page_ends_is_given_up(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MOST_BLAMED", 2)

    async def work(local: LocalClient) -> None:
        for _ in range(2):
            assert isinstance(await ask(local, "end"), Deadly)
        await ask(local, "a")

    with pytest.raises(EngineError, match="again and again"):
        use(settings, work)


def test_several_pages_that_end_it_are_all_found(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> list[Completion | Exception]:
        return await asyncio.gather(*(ask(local, prompt) for prompt in ["end", "end", "end", "a"]))

    *ends, a = use(settings, work)
    assert all(isinstance(end, Deadly) for end in ends)
    assert isinstance(a, Completion)


def test_ends_with_answers_between_them_do_not_add_up(
    settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_MOST_ENDINGS", 3)

    async def work(local: LocalClient) -> list[str]:
        texts = []
        for _ in range(4):
            (Path(settings.model) / "ended").unlink(missing_ok=True)
            texts.append((await local.complete(replace(REQUEST, prompt="end once"), 10)).text)
        return texts

    assert use(settings, work) == ["end once"] * 4


def test_a_page_is_not_blamed_for_what_others_do(settings: ServerSettings) -> None:
    """A slow page that is there at three ends, none of them its own, is answered."""
    slow = "slow " * 10

    async def work(local: LocalClient) -> list[Completion | Exception]:
        asked = [asyncio.create_task(ask(local, slow))]
        for _ in range(3):
            await asyncio.sleep(0.3)
            asked.append(asyncio.create_task(ask(local, "end")))
        return await asyncio.gather(*asked)

    first, *others = use(settings, work)
    assert isinstance(first, Completion), first
    assert all(isinstance(other, Deadly) for other in others)


def test_one_that_ends_before_it_says_what_it_serves_is_started_again(settings: ServerSettings) -> None:
    told: list[str] = []

    async def work(local: LocalClient) -> str:
        life = await local._running()
        life.server.stop()
        with pytest.raises(Unreachable):
            await local.describe()
        return (await local.describe()).model

    assert use(settings, work, told) == settings.model.name
    assert len(told) == 2


def test_whoever_stops_waiting_for_a_start_does_not_stop_it(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> str:
        impatient, patient = asyncio.create_task(local.describe()), asyncio.create_task(local.describe())
        await asyncio.sleep(0.1)
        impatient.cancel()
        return (await patient).model

    assert use(settings, work) == settings.model.name


def test_a_version_with_known_holes_is_told(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "known_hole", lambda version: f"{version} has holes")
    told: list[str] = []
    use(settings, lambda local: local.describe(), told)
    assert told == ["unknown has holes"]


def test_closing_before_the_start_has_begun_starts_nothing(settings: ServerSettings) -> None:
    async def work(local: LocalClient) -> LocalClient:
        local._life = asyncio.create_task(local._start())
        return local

    assert use(settings, work)._server is None

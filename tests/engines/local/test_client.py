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
from muniment.engines.openai import Broken, Completion, Deadly
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
    assert told[0] == "vLLM was ended by signal 9 (SIGKILL); it is started again, and no page is lost."
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

    with pytest.raises(EngineError, match=r"ended by signal 9 \(SIGKILL\), and was started 2 times without reading"):
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

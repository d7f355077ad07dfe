"""Engines are used as they come, whatever becomes of the others, and let go when the service ends before they do."""

import asyncio
import errno
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from muniment.engines.local import server
from muniment.engines.openai import ChatClient, ModelServer
from muniment.reading import ReadOptions
from muniment.reading.model_servers import servers_for
from muniment.server import coming
from muniment.server import models as models_module
from muniment.server.errors import ApiError
from muniment.server.models import Models
from tests.documents.test_sandbox import namespaces_allowed
from tests.engines.local.making import make_model, make_standin
from tests.reading.engine_server import engine_server
from tests.server.serving import PATIENCE, unreachable


@contextmanager
def nothing_there(port: int) -> Iterator[list[str]]:
    """A server that has nothing at any path; the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield asked
        http.shutdown()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines are tried again at once."""
    monkeypatch.setattr(coming, "_FIRST_PAUSE", 0.01)


def names(models: Models) -> list[str]:
    return [model.name for model in models.all()]


@asynccontextmanager
async def starting(*engines: str, tell: Callable[[str], None] = pytest.fail, **more: Any) -> AsyncIterator[Models]:
    """The models of some engines, which are being started."""
    models = Models(ReadOptions(engines=engines, jobs=1, **more), tell)
    start = asyncio.create_task(models.start())
    try:
        yield models
    finally:
        start.cancel()
        with suppress(asyncio.CancelledError):
            await start
        await models.aclose()


def tell_nobody(_: str) -> None:
    """Where it is of no interest that an engine is waited for."""


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not look():
            await asyncio.sleep(0.01)


def found(models: Models, name: str | None) -> str:
    """The name of the model that a client gets, or why it gets none."""
    try:
        return models.find(name).name
    except ApiError as refusal:
        return str(refusal.code)


@pytest.mark.usefixtures("soon")
def test_an_engine_that_is_not_there_holds_up_no_other_and_is_told_once() -> None:
    told: list[str] = []
    with engine_server() as gone:
        port = int(gone.server_address[1])

    async def work() -> None:
        async with starting("embedded", gone.address, early.address, tell=told.append) as models:
            assert models.problem.startswith("The engine embedded is not there yet.")
            await until(lambda: told and names(models) == ["embedded", "early"])
            assert models.problem == unreachable(gone.address)
            assert not models.is_complete
            asked = [found(models, name) for name in (None, "early", "scripted", "another")]
            assert asked == ["embedded", "early", "model_loading", "model_loading"]
            with engine_server(port=port):
                await until(lambda: models.is_complete)
            assert names(models) == ["embedded", "scripted", "early"]
            assert [found(models, name) for name in ("scripted", "another")] == ["scripted", "model_not_found"]
            assert models.problem == ""

    with engine_server() as early:
        early.model = "early"
        asyncio.run(work())
    assert told == [unreachable(gone.address), f"The engine {gone.address} is there now."]


@pytest.mark.usefixtures("soon")
def test_an_engine_that_serves_another_model_than_the_wanted_one_is_told_and_asked_again() -> None:
    told: list[str] = []

    async def work() -> None:
        async with starting(engine.address, tell=told.append, model="wanted") as models:
            await until(lambda: told)
            assert [models.problem] == told
            assert not models.is_complete
            assert found(models, "wanted") == "model_loading"
            engine.model = "wanted"
            await until(lambda: models.is_complete)
            assert names(models) == ["wanted"]

    with engine_server() as engine:
        asyncio.run(work())
    assert told == [
        f"The engine at {engine.address} does not serve 'wanted' but scripted. Look at the name after --model.",
        f"The engine {engine.address} is there now.",
    ]


@pytest.mark.usefixtures("soon")
def test_the_default_model_is_the_first_engines_whoever_answers_first() -> None:
    with engine_server() as late:
        port = int(late.server_address[1])

    async def work() -> None:
        async with starting(late.address, early.address, tell=tell_nobody) as models:
            await until(lambda: names(models) == ["early"])
            assert found(models, None) == "model_loading"
            with engine_server(port=port):
                await until(lambda: found(models, None) == "scripted")

    with engine_server() as early:
        early.model = "early"
        asyncio.run(work())


@pytest.mark.usefixtures("soon")
def test_an_address_of_a_model_that_is_there_already_shares_its_work() -> None:
    with engine_server() as late:
        port = int(late.server_address[1])

    async def work() -> None:
        async with starting(late.address, early.address, tell=tell_nobody, requests=8) as models:
            await until(lambda: names(models) == ["scripted"])
            (model,) = models.all()
            with engine_server(port=port):
                await until(lambda: models.is_complete)
                assert models.all() == (model,)
                assert model.slots == 8
                assert set(await model.metrics()) == {late.address, early.address}

    with engine_server() as early:
        asyncio.run(work())


@pytest.mark.usefixtures("soon")
def test_models_are_told_as_they_come() -> None:
    with engine_server() as late:
        port = int(late.server_address[1])

    async def work() -> None:
        async with (
            starting("embedded", late.address, tell=tell_nobody) as models,
            aclosing(models.as_they_come()) as told,
        ):
            assert (await anext(told)).name == "embedded"
            with engine_server(port=port):
                async with asyncio.timeout(PATIENCE):
                    assert (await anext(told)).name == "scripted"

    asyncio.run(work())


@pytest.mark.usefixtures("soon")
def test_an_engine_that_refuses_is_told_once_and_asked_again() -> None:
    told: list[str] = []
    with engine_server() as gone:
        port = int(gone.server_address[1])

    async def work() -> None:
        with ExitStack() as there:
            asked = there.enter_context(nothing_there(port))
            async with starting(gone.address, tell=told.append) as models:
                await until(lambda: len(asked) > 2)
                assert [models.problem] == told
                assert gone.address in models.problem
                there.close()
                await until(lambda: models.problem == unreachable(gone.address))
                with engine_server(port=port):
                    await until(lambda: models.is_complete)
                assert names(models) == ["scripted"]

    asyncio.run(work())
    assert told[1:] == [unreachable(gone.address), f"The engine {gone.address} is there now."]


@pytest.mark.usefixtures("soon")
def test_a_fault_that_nobody_expected_costs_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when all files that a process may have open are, for a moment, between two models of an address."""
    faults = chain([False, True, True], repeat(False))
    told: list[str] = []

    def servers(*given: Any) -> tuple[ModelServer, ...]:
        if next(faults):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return servers_for(*given)

    async def served(_: ChatClient) -> dict[str, int]:
        return {"first": 8192, "second": 4096}

    async def work() -> None:
        async with starting("http://127.0.0.1:1/v1", tell=told.append) as models:
            await until(lambda: models.is_complete)
            assert [(model.name, model.context) for model in models.all()] == [("first", 8192), ("second", 4096)]

    monkeypatch.setattr(models_module, "servers_for", servers)
    monkeypatch.setattr(ChatClient, "models", served)
    asyncio.run(work())
    problem, end = told
    assert end == "The engine http://127.0.0.1:1/v1 is there now."
    assert problem.startswith("The engine http://127.0.0.1:1/v1 could not be started: OSError in test_models.py")


def test_two_engines_that_serve_a_model_in_different_ways_are_told_and_the_first_serves() -> None:
    told: list[str] = []

    async def work() -> None:
        async with starting("embedded", engine.address, tell=told.append) as models:
            await until(lambda: told)
            assert names(models) == ["embedded"]
            assert found(models, None) == "embedded"
            assert [models.problem] == told
            assert not models.is_complete
            assert found(models, "another") == "model_not_found", "no more models come"

    with engine_server() as engine:
        engine.model = "embedded"
        asyncio.run(work())
    assert told == ["Two engines serve a model 'embedded' in different ways. Leave out one of them."]


def test_an_engine_that_was_given_up_is_nobodys_default() -> None:
    """A path is wanted after "vllm:", and no time brings one."""
    told: list[str] = []

    async def work() -> None:
        async with starting("vllm:", engine.address, tell=told.append) as models:
            await until(lambda: told and names(models))
            assert (found(models, None), found(models, "vllm")) == ("scripted", "model_not_found")
        async with starting("vllm:", tell=told.append) as models:
            await until(lambda: len(told) > 1)
            assert (found(models, None), found(models, "vllm")) == ("model_not_found", "model_not_found")

    with engine_server() as engine:
        asyncio.run(work())


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
@pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces")
def test_a_vllm_that_is_still_starting_is_ended_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ReadOptions(
        engines=(f"vllm:{make_model(tmp_path / 'small-model')}",),
        vllm_python=make_standin(tmp_path),
        vllm_arguments=("--behave", "never"),
        jobs=1,
    )
    monkeypatch.setattr(server, "GRACE", 0.3)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def left_early(folder: Path) -> list[Path]:
        """What is left there when the start was broken off."""
        models = Models(options, pytest.fail)
        start = asyncio.create_task(models.start())
        deadline = time.monotonic() + 60
        while not list(folder.iterdir()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert list(folder.iterdir())
        start.cancel()
        with suppress(asyncio.CancelledError):
            await start
        await models.aclose()
        return list(folder.iterdir())

    with TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        assert asyncio.run(left_early(Path(folder))) == []

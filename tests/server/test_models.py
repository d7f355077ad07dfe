"""Engines are asked what they serve when the service starts, and let go when it ends before they say."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from muniment.engines.local import server
from muniment.errors import EngineError
from muniment.reading import ReadOptions
from muniment.server.models import Models
from tests.documents.test_sandbox import namespaces_allowed
from tests.engines.local.making import make_model, make_standin
from tests.reading.engine_server import engine_server
from tests.server.serving import PATIENCE


@contextmanager
def nothing_there() -> Iterator[str]:
    """The address of a server that has nothing at any path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
        http.shutdown()


def start(*engines: str) -> list[str]:
    """The names of the models, once all engines have said what they serve."""

    async def started() -> list[str]:
        models = Models(ReadOptions(engines=engines, jobs=1), pytest.fail)
        try:
            async with asyncio.timeout(PATIENCE):
                await models.start()
            return [model.name for model in models.all()]
        finally:
            await models.aclose()

    return asyncio.run(started())


def test_an_engine_that_cannot_be_used_is_told_though_another_is_not_there_yet() -> None:
    with engine_server() as gone:
        address = gone.address
    with nothing_there() as useless, pytest.raises(EngineError, match=useless):
        start(address, useless)


def test_models_stand_in_the_order_of_their_engines_whoever_answers_first() -> None:
    with engine_server() as late:
        port = int(late.server_address[1])
    with engine_server() as early, ExitStack() as stack:
        early.model = "early"
        coming = threading.Timer(0.5, lambda: stack.enter_context(engine_server(port=port)))
        coming.start()
        assert start(f"http://127.0.0.1:{port}/v1", early.address, "embedded") == ["embedded", "scripted", "early"]
        coming.join()


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
        starting = asyncio.create_task(models.start())
        deadline = time.monotonic() + 60
        while not list(folder.iterdir()) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert list(folder.iterdir())
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        await models.aclose()
        return list(folder.iterdir())

    with TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        assert asyncio.run(left_early(Path(folder))) == []

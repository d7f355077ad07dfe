"""The engine is killed under the service and started again: jobs lose no page."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from muniment.engines.local import SealedServer, ServerSettings
from muniment.engines.openai import Endpoint
from tests.acceptance.serving import PATIENCE, Serving, serving
from tests.acceptance.slips import Slips, scan
from tests.acceptance.test_command import workers_of
from tests.acceptance.test_sealed_vllm import name_of, processes_of
from tests.reading_model import PROFILE
from tests.server.serving import until

pytestmark = pytest.mark.acceptance

PAGES = 24
GONE = 30.0
"""Seconds without an engine, in which the service tries several times."""
FEW_AT_ONCE = ("--profile", str(PROFILE), "--jobs", "2")
RESTART = 2 * PATIENCE
"""Seconds in which a slow machine has started vLLM again and read the rest."""


@contextmanager
def job(service: Serving, slips: Slips) -> Iterator["Job"]:
    """A long one, of which a few pages were read."""
    with httpx.Client(base_url=service.url, timeout=PATIENCE, trust_env=False) as client:
        document = scan(*[slips.note, slips.boxes] * (PAGES // 2))
        found = Job(client, client.post("/v1/documents", content=document).json()["id"])
        until(lambda: found.told()["pages"]["done"] >= 3 or None, PATIENCE)
        yield found


class Job:
    """What the service says of it."""

    def __init__(self, client: httpx.Client, job_id: str) -> None:
        self.id = job_id
        self._client = client

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get(f"/v1/documents/{self.id}").json()
        return found

    def check_whole(self, service: Serving) -> None:
        """It comes to its end; every page was read by the model itself, once, and says what stands there."""
        told = until(lambda: told if (told := self.told())["state"] == "done" else None, RESTART)
        assert (told["pages"]["done"], told["pages"]["failed"], told["pages"]["fallback"]) == (PAGES, [], [])
        lines = (service.data / "jobs" / self.id / "pages.jsonl").read_text().splitlines()
        assert sorted(json.loads(line)["number"] for line in lines) == list(range(1, PAGES + 1))
        result = self._client.get(f"/v1/documents/{self.id}/result", params={"format": "json"}).json()
        for page in result["pages"]:
            words = "Drying of paper" if page["number"] % 2 else "Close my account"
            assert words in json.dumps(page), page["number"]


def test_one_that_runs_elsewhere_is_waited_for(
    reading_settings: ServerSettings, reading_vllm: SealedServer, slips: Slips, tmp_path: Path
) -> None:
    socket = tmp_path / "api.sock"

    def stands_for(vllm: SealedServer) -> None:
        """It answers at the one address that the service knows."""
        new = tmp_path / "new"
        new.symlink_to(Endpoint.parse(vllm.address).socket)
        new.replace(socket)

    with SealedServer(reading_settings) as first:
        stands_for(first)
        with serving(tmp_path, "--engine", f"unix:{socket}", *FEW_AT_ONCE) as service, job(service, slips) as begun:
            for process in processes_of(first):
                os.kill(process, signal.SIGKILL)
            first.stop()
            time.sleep(GONE)
            told = begun.told()
            assert told["pages"]["done"] < PAGES
            assert (told["pages"]["failed"], told["pages"]["fallback"]) == ([], [])
            stands_for(reading_vllm)
            begun.check_whole(service)


def test_one_of_its_own_is_started_again(
    reading_settings: ServerSettings, cache_home: Path, slips: Slips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    engine = ("--engine", f"vllm:{reading_settings.model}", "--vllm-python", reading_settings.python)
    with (
        serving(tmp_path, *engine, "--vllm-arg=--enforce-eager", *FEW_AT_ONCE) as service,
        job(service, slips) as begun,
    ):
        os.kill(engine_of(service.process.pid), signal.SIGKILL)
        begun.check_whole(service)
        log = service.log.read_text()
    assert "the pages that it was at are sent again" in log
    assert "vLLM was started again" in log


def engine_of(process: int) -> int:
    """The process that does vLLM's work, somewhere below another."""
    below = [process]
    for parent in below:
        below += workers_of(parent)
    (engine,) = [found for found in below if name_of(found) == "VLLM::EngineCor"]
    return engine

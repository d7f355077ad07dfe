"""The service as users run it: a real process with the real engine, killed at a bad moment."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import builders
from tests.acceptance.test_command import scan, workers_of
from tests.processes import hear_signals
from tests.server.serving import until

pytestmark = pytest.mark.acceptance

PAGES = 12
READING = 240.0
"""Seconds in which a slow machine has read them."""


@contextmanager
def service(data: Path, port: int) -> Iterator[tuple["subprocess.Popen[bytes]", httpx.Client]]:
    """``muniment serve``, once it answers; gone when the block ends."""
    line = [sys.executable, "-m", "muniment", "serve", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(
        line,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    ) as process:
        try:
            until(lambda: listens(port) or process.poll() is not None or None)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
                yield process, client
        finally:
            process.kill()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
        return found


def read(client: httpx.Client, job: str, count: int) -> dict[str, Any]:
    """A job, once so many of its pages were read."""

    def look() -> dict[str, Any] | None:
        told: dict[str, Any] = client.get(f"/v1/documents/{job}").json()
        return told if told["pages"]["done"] >= count else None

    return until(look, READING)


def test_a_job_goes_on_after_a_kill_and_no_page_is_read_twice_or_lost(tmp_path: Path, port: int) -> None:
    data = tmp_path / "data"
    document = builders.scanned_pdf(*map(scan, range(1, PAGES + 1)))
    once = {"idempotency-key": "once"}
    with service(data, port) as (process, client):
        handed_in = client.post("/v1/documents", content=document, headers=once)
        assert handed_in.status_code == 202
        job = handed_in.json()["id"]
        before = read(client, job, 3)["pages"]["done"]
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert before < PAGES
    assert workers
    until(lambda: None if any(Path(f"/proc/{pid}").exists() for pid in workers) else True)
    with service(data, port) as (process, client):
        again = client.post("/v1/documents", content=document, headers=once)
        assert (again.status_code, again.json()["id"]) == (200, job)
        told = read(client, job, PAGES)
        assert (told["pages"]["done"], told["pages"]["failed"], told["pages"]["fallback"]) == (PAGES, [], [])
        until(lambda: client.get(f"/v1/documents/{job}").json()["state"] == "done" or None)
        result = client.get(f"/v1/documents/{job}/result", params={"format": "json"}).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [page["number"] for page in result["pages"]] == list(range(1, PAGES + 1))
    for page in result["pages"]:
        assert f"of page {page['number']}, scanned" in json.dumps(page)
    lines = (data / "jobs" / job / "pages.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["number"] for line in lines) == list(range(1, PAGES + 1))
    audited = [json.loads(line)["route"] for line in (data / "audit.jsonl").read_text().splitlines()]
    assert audited.count("/v1/documents") == 2


def test_what_was_being_handed_in_when_it_was_killed_leaves_nothing(tmp_path: Path, port: int) -> None:
    data = tmp_path / "data"
    with service(data, port) as (process, _), socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf a letter")
        until(lambda: list((data / "jobs").glob("*/document")) or None)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert list((data / "jobs").iterdir())
    with service(data, port):
        assert list((data / "jobs").iterdir()) == []

"""What clients send is nowhere but where it is meant to be, and not there either once it is erased."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.drawing import Fonts
from muniment.engines.local import SealedServer
from muniment.engines.openai import Endpoint
from tests.acceptance import marked
from tests.acceptance.marked import MARKER, MISTAKES, NAME, PDF, Sender, headers_with, holds, mistakes, ocr
from tests.acceptance.serving import PATIENCE, Serving, new_key, options_for, serving
from tests.server.asking import url as data_url

pytestmark = pytest.mark.acceptance

LIFETIME_HOURS = "0.0025"
"""Nine seconds."""


@dataclass(frozen=True)
class Talk:
    """A service that tells everything it has to tell, and a client of it.

    Attributes:
        folders: for temporary files, and what an engine writes into.
    """

    service: Serving
    sender: Sender
    folders: tuple[Path, ...]

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self.sender.send(method, path, **request)

    def found_in(self) -> list[str]:
        """The files that hold the marker, in their bytes or their names, beside those of open documents."""
        folders = (self.service.data, self.service.log, *self.folders)
        files = [path for folder in folders for path in (folder, *folder.rglob("*"))]
        return sorted(
            path.name for path in files if MARKER in path.name or (path.is_file() and holds(path.read_bytes()))
        )


@contextmanager
def talking(folder: Path, patch: pytest.MonkeyPatch, *options: str) -> Iterator[Talk]:
    temporary = folder / "temporary"
    temporary.mkdir()
    patch.setenv("TMPDIR", str(temporary))
    patch.setenv("MUNIMENT_DEBUG", "1")  # workers' standard error is shown
    key = new_key(folder / "data", "somebody")
    with (
        serving(folder, *options, debug=True) as service,
        httpx.Client(base_url=service.url, headers=headers_with(key)) as client,
    ):
        yield Talk(service, Sender(client, service.model), (temporary,))


@pytest.fixture(scope="module", params=["embedded", "vllm"])
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One that tests share: each leaves nothing there of what it sends."""
    folder = tmp_path_factory.mktemp("talk")
    if request.param == "embedded":
        with pytest.MonkeyPatch.context() as patch, talking(folder, patch) as found:
            yield found
        return
    vllm: SealedServer = request.getfixturevalue("reading_vllm")
    its_folders = (Path(Endpoint.parse(vllm.address).socket).parent, request.getfixturevalue("vllm_cache"))
    assert all(map(Path.is_dir, its_folders))
    with pytest.MonkeyPatch.context() as patch, talking(folder, patch, *options_for(vllm)) as found:
        yield replace(found, folders=found.folders + its_folders)


@pytest.fixture(scope="module")
def picture(fonts: Fonts) -> bytes:
    return marked.marked_picture(fonts)


@pytest.fixture
def short_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """One with a service that keeps nothing for long."""
    with talking(tmp_path, monkeypatch, "--lifetime", LIFETIME_HOURS) as found:
        yield found


def test_nothing_that_is_sent_is_in_a_log_a_metric_or_the_audit_nor_anywhere_once_it_is_erased(
    talk: Talk, picture: bytes
) -> None:
    job, file = marked.through_every_route(talk.sender, picture)
    marked.provoke_every_error(talk.sender, job)
    # The control: the search finds what is there, where it is meant to be.
    assert MARKER in "".join(talk.sender.answers)
    assert {"content", "document", "pages.jsonl"} <= set(talk.found_in())
    told = talk.sender.client.get("/metrics").text
    audit = (talk.service.data / "audit.jsonl").read_text()
    log = talk.service.log.read_text()
    assert "muniment_requests_total" in told
    assert len([json.loads(line) for line in audit.splitlines()]) >= len(MISTAKES)
    assert "DEBUG" in log
    secret = talk.sender.client.headers["Authorization"].removeprefix("Bearer ")
    for text in (told, audit, log):
        assert MARKER.lower() not in text.lower()
        assert secret not in text

    assert talk.send("DELETE", f"/v1/documents/{job}").is_success
    assert talk.send("DELETE", f"/v1/files/{file}").is_success
    assert talk.found_in() == []


def test_nothing_that_is_sent_is_left_when_its_lifetime_is_over(short_talk: Talk) -> None:
    short_talk.send("POST", "/v1/documents", files={"file": (NAME, PDF)}, headers={"Idempotency-Key": MARKER})
    short_talk.send("POST", "/v1/files", files={"file": (NAME, PDF)})
    assert {"content", "document"} <= set(short_talk.found_in())
    deadline = time.monotonic() + PATIENCE
    while short_talk.found_in() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert short_talk.found_in() == []
    assert (
        short_talk.send("GET", "/v1/documents").json()["data"]
        == short_talk.send("GET", "/v1/files").json()["data"]
        == []
    )


def test_no_answer_to_a_mistake_repeats_what_was_sent(talk: Talk) -> None:
    for what, (method, path, request) in mistakes(talk.service.model).items():
        body = talk.send(method, path, **request).text
        # The name that a client gave its document stands in messages to that client, and nowhere else.
        assert MARKER not in body.replace(NAME, ""), what


def test_neither_the_service_nor_its_workers_leave_a_core(talk: Talk) -> None:
    talk.send("POST", "/v1/ocr", json=ocr(data_url(PDF, "application/pdf")))
    pid = talk.service.process.pid
    children = [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
    assert children
    for process in (pid, *children):
        (limit,) = [line for line in Path(f"/proc/{process}/limits").read_text().splitlines() if "core file" in line]
        assert limit.split()[4:6] == ["0", "0"], limit

"""A deployment that takes documents only while evidence shows that its seal holds."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from muniment.seal.claims import Verdict
from muniment.seal.evidence.keys import signing_key
from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.serving import EXAMPLES
from tests.server.sealing import verified
from tests.server.serving import until

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def enforced(machine: Machine) -> Iterator[Deployed]:
    with machine.deployed("enforced", "--engine", "embedded", "--seal", "enforce") as found:
        yield found


@pytest.fixture
def foreign(enforced: Deployed) -> Iterator[str]:
    """A network that is not the deployment's."""
    name = f"{enforced.project}-foreign"
    enforced.machine.ask("network", "create", "--internal", name)
    yield name
    enforced.machine.ask("network", "rm", name)


@pytest.fixture
def umask() -> Iterator[None]:
    """As careful people have it: what they write is for themselves."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def folder_of(deployed: Deployed) -> Path:
    return deployed.machine.state / "muniment" / "deployments" / deployed.project


def verify(deployed: Deployed, *verdicts: Verdict) -> None:
    """A report of what is not so, as the verifier on this machine would hand it over."""
    folder = folder_of(deployed)
    verified(folder / "evidence", *verdicts, key=signing_key(folder), deployment=deployed.project)


def is_told(client: httpx.Client, verdict: Verdict) -> None:
    """Wait until the server knows."""
    until(lambda: client.get("/ready").json()["seal"]["verdict"] == verdict or None)


def handed_in(client: httpx.Client) -> httpx.Response:
    data = (EXAMPLES / "report-scanned.pdf").read_bytes()
    return client.post("/v1/documents", files={"file": ("report.pdf", data)})


@pytest.mark.usefixtures("umask")
def test_documents_are_taken_while_the_seal_holds_and_wait_while_it_does_not(enforced: Deployed, foreign: str) -> None:
    machine, server = enforced.machine, enforced.container("server")
    with enforced.client() as client:
        refused = handed_in(client)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "seal_unproven")
        done = enforced.muniment("verify", "--report", str(folder_of(enforced) / "evidence"))
        assert done.returncode == 0, done.stdout + done.stderr
        is_told(client, Verdict.HOLDS)
        assert client.get("/ready").status_code == 200
        job = handed_in(client).json()["id"]
        machine.ask("network", "disconnect", "none", server)
        machine.ask("network", "connect", foreign, server)
        is_told(client, Verdict.BROKEN)
        refused = handed_in(client)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "seal_broken")
        assert "The server has no network but its loopback" in refused.json()["error"]["message"]
        status = enforced.muniment("status", "--json")
        assert (status.returncode, json.loads(status.stdout)["seal"]) == (6, "broken")
        machine.ask("network", "disconnect", foreign, server)
        is_told(client, Verdict.HOLDS)
        assert "event: finished" in client.get(f"/v1/documents/{job}/events").text
        assert client.get(f"/v1/documents/{job}").json()["pages"]["done"] == 4
        verify(enforced, Verdict.BROKEN)
        is_told(client, Verdict.BROKEN)
        assert handed_in(client).status_code == 503

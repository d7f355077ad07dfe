"""A deployment without an engine of its own: what users do with it from the first up to the last down."""

import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.serving import EXAMPLES, PATIENCE, free_port

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[3]
LETTER = "Harbour"


@pytest.fixture(scope="module")
def embedded(machine: Machine) -> Iterator[Deployed]:
    with machine.deployed("embedded", "--engine", "embedded") as found:
        yield found


def read(client: httpx.Client) -> str:
    """The letter's text."""
    answer = client.put(
        "/process", content=(EXAMPLES / "letter.jpg").read_bytes(), headers={"X-Filename": "letter.jpg"}
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    text: str = answer.json()[0]["page_content"]
    return text


def test_it_reads_with_two_containers(embedded: Deployed) -> None:
    with embedded.client() as client:
        assert LETTER in read(client)
    told = json.loads(embedded.muniment("status", "--json").stdout)
    assert [one["service"] for one in told["services"]] == ["gateway", "server"]


def test_workers_are_shut_off_with_their_container(embedded: Deployed) -> None:
    with embedded.client() as client:
        assert client.get("/ready").json()["sandboxed"] is True


def test_a_port_that_is_taken_is_told_before_anything_starts(embedded: Deployed) -> None:
    port = str(embedded.port)
    done = embedded.machine.muniment("up", "--name", "muniment-test-late", "--engine", "embedded", "--port", port)
    assert done.returncode == 6
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "--port" in done.stderr


def test_documents_outlive_down_and_up(embedded: Deployed) -> None:
    with embedded.client() as client:
        data = (EXAMPLES / "report-scanned.pdf").read_bytes()
        job = client.post("/v1/documents", files={"file": ("report.pdf", data)}).json()["id"]
        assert embedded.muniment("down").returncode == 0
        up = embedded.muniment("up", "--engine", "embedded", "--port", str(embedded.port))
        assert up.returncode == 0, up.stderr
        assert "event: finished" in client.get(f"/v1/documents/{job}/events").text
        assert client.get(f"/v1/documents/{job}").json()["pages"]["done"] == 4


def test_logs_show_each_service(embedded: Deployed) -> None:
    told = embedded.muniment("logs", "gateway").stdout
    assert '"route"' in told
    assert "letter" not in told


def test_other_machines_come_with_a_key_and_tls_only(embedded: Deployed) -> None:
    """The last one here: from now on the deployment wants a key."""
    port = str(embedded.port)
    open_to_all = ("up", "--engine", "embedded", "--port", port, "--address", "0.0.0.0")
    refused = embedded.muniment(*open_to_all)
    assert refused.returncode == 2
    assert "muniment deployed key add" in refused.stderr
    key = embedded.muniment("deployed", "key", "add", "somebody").stdout.strip()
    up = embedded.muniment(*open_to_all)
    assert up.returncode == 0, up.stderr
    certificate = embedded.machine.state / "muniment/deployments" / embedded.project / "tls/certificate.pem"
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(
        base_url=f"https://localhost:{port}", verify=trusting, timeout=PATIENCE, trust_env=False
    ) as client:
        assert client.get("/v1/models").status_code == httpx.codes.UNAUTHORIZED
        client.headers["Authorization"] = f"Bearer {key}"
        assert LETTER in read(client)


def test_compose_alone_does_the_same(machine: Machine) -> None:
    port = free_port()
    file = ROOT / "deploy" / "compose" / "embedded.yaml"
    compose = ["-p", "muniment-test-alone", "-f", str(file), "--project-directory", str(ROOT)]
    try:
        up = machine.run(*machine.compose, *compose, "up", "--detach", MUNIMENT_PORT=str(port))
        assert up.returncode == 0, up.stderr
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            wait_until_ready(client)
            assert LETTER in read(client)
    finally:
        down = machine.run(*machine.compose, *compose, "down", "--volumes")
    assert down.returncode == 0, down.stderr


def wait_until_ready(client: httpx.Client) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE)):
        try:
            if client.get("/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        pause.wait(1)
    pytest.fail("it never came up")

"""A real Prometheus, with the deployment's settings, watching a real service."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest
import yaml

from muniment.deploy import certificates
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring import setup
from muniment.deploy.settings import Plan
from tests.acceptance.serving import PATIENCE, Serving, new_key, serving
from tests.builders import text_pdf
from tests.deploy.gateway.running import before
from tests.deploy.gateway.running import folder as gateway_folder
from tests.deploy.plans import plan
from tests.deploy.test_monitoring import VLLM
from tests.required import program
from tests.server.serving import served, until, with_plain_workers

pytestmark = pytest.mark.acceptance

BOARD = json.loads(files("muniment.deploy.monitoring").joinpath("dashboard.json").read_text())
QUERIES = {
    f"{panel['title']} ({target['refId']})": target["expr"]
    .replace("$deployment", "deeds")
    .replace("$__rate_interval", "1m")
    for panel in BOARD["panels"]
    for target in panel.get("targets", [])
}


@dataclass(frozen=True)
class Watch:
    """A Prometheus at work."""

    client: httpx.Client

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What it answers to a query."""
        answer = self.client.get("/api/v1/query", params={"query": query})
        assert answer.status_code == httpx.codes.OK, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def number(self, query: str) -> float | None:
        """The one number of an answer; None while there is none."""
        found = self.ask(query)
        return float(found[0]["value"][1]) if len(found) == 1 else None

    def until(self, query: str, wanted: float) -> None:
        """Wait until a query's one number is this."""
        until(lambda: self.number(query) == wanted or None, PATIENCE)


@contextmanager
def watching(folder: DeploymentFolder, target: str, settings: Plan) -> Iterator[Watch]:
    """Prometheus with what `muniment up` writes into ``folder``, but that it asks ``target``, and more often."""
    setup.write(folder, settings)
    place = folder.path / "monitoring" / "prometheus"
    told = yaml.safe_load((place / "prometheus.yaml").read_text())
    told["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    told["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (place / "prometheus.yaml").write_text(yaml.safe_dump(told))
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        program("prometheus"),
        f"--config.file={place / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder.path / 'numbers'}",
        f"--web.listen-address={address}",
    ]
    with (
        (folder.path / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
        httpx.Client(base_url=f"http://{address}", timeout=PATIENCE, trust_env=False) as client,
    ):
        try:
            until(lambda: listens(client) or process.poll() is not None or None, PATIENCE)
            yield Watch(client)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def listens(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeploymentFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", "a password of the test's")
    return DeploymentFolder("deeds")


def test_it_is_refused_until_it_has_a_key_and_then_the_dashboards_queries_have_answers(
    tmp_path: Path, folder: DeploymentFolder
) -> None:
    settings = plan(monitoring=True)
    with serving(tmp_path) as service, watching(folder, httpx.URL(service.url).netloc.decode(), settings) as watch:
        watch.until("up", 1)  # while no key was made
        key = new_key(service.data, "monitoring")
        watch.until("up", 0)
        setup.keep_key(folder, key)
        watch.until("up", 1)

        letter = text_pdf("A letter.", "Its second page.")
        client = httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE)
        with client:
            assert client.put("/process", content=letter).is_success
            assert client.get("/v1/documents/doc_no").status_code == httpx.codes.NOT_FOUND
            watch.until('muniment_page_readings_total{deployment="deeds", status="read"}', 2)
            assert client.put("/process", content=letter).is_success
            watch.until('muniment_page_readings_total{deployment="deeds", status="read"}', 4)

        answers = {name: watch.ask(query) for name, query in QUERIES.items()}
        for name in ("Service (A)", "Reads (A)", "Audit (A)"):
            assert [float(one["value"][1]) for one in answers[name]] == [1], name
        (age,) = answers["Seconds since the canary was read (A)"]
        assert age["metric"]["model"] == "embedded"
        assert 0 <= float(age["value"][1]) < 90
        read = {one["metric"]["status"]: float(one["value"][1]) for one in answers["Pages a second (A)"]}
        assert read["read"] > read["failed"] == 0
        assert float(answers["Disk left (A)"][0]["value"][1]) > 0
        assert any(one["metric"]["route"] == "/process" for one in answers["Requests a second (A)"])
        firing = {
            one["metric"]["alertname"] for one in answers["Alerts (A)"] if one["metric"]["alertstate"] == "firing"
        }
        assert firing <= {"MunimentNetworkSeen", "MunimentNotSandboxed"}  # which are true of a service in no container


def test_it_trusts_the_gateways_own_certificate_and_no_other(
    folder: DeploymentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_plain_workers(monkeypatch)
    certificates.see_to(folder, ())
    settings = plan(monitoring=True, tls=str(folder.tls))
    with gateway_folder() as place, served(tmp_path / "data") as service:
        shutil.copytree(folder.tls, place / "tls")
        with before(service, tls=place / "tls") as gateway:
            target = f"127.0.0.1:{gateway.port}"
            with watching(folder, target, settings) as watch:
                watch.until("up", 1)
            shutil.rmtree(folder.tls)
            certificates.see_to(folder, ())
            with watching(folder, target, settings) as watch:
                watch.until("up", 0)


def test_a_real_vllm_tells_what_dashboard_and_alerts_ask_for(vllm_service: Serving) -> None:
    told = httpx.get(f"{vllm_service.url}/metrics", timeout=PATIENCE).text
    assert set(re.findall(r"^(vllm:\w+)", told, re.MULTILINE)) >= VLLM

"""Prometheus and Grafana beside a deployment: what they may reach, what they read, and what they ask for."""

import json
import re
import stat
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from muniment.deploy import certificates
from muniment.deploy.compose import compose_file, document
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring import setup
from muniment.deploy.settings import Topology
from muniment.errors import DeployError
from tests.deploy.plans import plan
from tests.required import program
from tests.server.sealing import seal
from tests.server.serving import served, with_plain_workers, without_canary

SHIPPED = files("muniment.deploy.monitoring")
PASSWORD = "a password of the test's"
VLLM = {  # as vLLM documents them; that a real one tells them is an acceptance test's
    *("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"),
    *("vllm:time_to_first_token_seconds_bucket", "vllm:num_preemptions_total"),
    *("vllm:prompt_tokens_total", "vllm:generation_tokens_total"),
}
OF_PROMETHEUS = {"up", "ALERTS"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeploymentFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", PASSWORD)
    return DeploymentFolder("deeds")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all samples that a running service may tell."""
    with pytest.MonkeyPatch.context() as patch:
        with_plain_workers(patch)
        without_canary(patch)
        claimed = seal(tmp_path_factory.mktemp("evidence"))
        with served(tmp_path_factory.mktemp("data"), seal=claimed) as service:
            text = service.client.get("/metrics").text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    histograms = [name for name, kind in kinds.items() if kind == "histogram"]
    return set(kinds) | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


def promtool(*arguments: str) -> str:
    """What promtool says; it has to be content."""
    tool = str(Path(program("prometheus")).with_name("promtool"))
    done = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def expressions() -> list[str]:
    """What the dashboard and the alerts ask Prometheus."""
    board = json.loads(SHIPPED.joinpath("dashboard.json").read_text())
    rules = yaml.safe_load(SHIPPED.joinpath("alerts.yaml").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return asked + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def metrics_in(expression: str) -> set[str]:
    """The names of metrics that it has."""
    without_labels = re.sub(r"\{[^}]*\}|\b(?:by|on) \([^)]*\)", "", expression)
    return set(re.findall(r"\b(?:muniment_\w+|vllm:\w+|up\b|ALERTS\b)", without_labels))


class TestContainers:
    def test_without_monitoring_there_is_none_of_it(self) -> None:
        assert set(document(plan())["services"]) == {"gateway", "server"}
        assert plan().services == ("gateway", "server")
        assert "watching" not in compose_file(plan())

    @pytest.mark.parametrize("topology", list(Topology))
    def test_they_are_on_a_network_without_a_way_out_with_the_gateway_and_nothing_else(
        self, topology: Topology
    ) -> None:
        made = document(plan(topology=topology, monitoring=True))
        assert made["networks"]["watching"] == {"internal": True}
        on_it = {name for name, one in made["services"].items() if "watching" in one.get("networks", [])}
        assert on_it == {"gateway", "prometheus", "grafana"}
        assert made["services"]["prometheus"]["networks"] == ["watching"]
        without = document(plan(topology=topology))["services"]["server"]
        assert made["services"]["server"] == {**without, "command": made["services"]["server"]["command"]}

    def test_the_service_answers_to_the_name_that_prometheus_calls_the_gateway_by(self) -> None:
        (scrape,) = setup.prometheus_settings(plan(monitoring=True))["scrape_configs"]
        name = scrape["static_configs"][0]["targets"][0].partition(":")[0]
        services = document(plan(monitoring=True))["services"]
        assert services["gateway"]["networks"]["watching"] == {"aliases": [name]}
        assert services["server"]["command"][-2:] == ["--name", name]
        assert name.endswith(".localhost"), "no page from elsewhere can have it"

    def test_only_grafana_is_published_and_on_this_machine_alone(self) -> None:
        services = document(plan(address="0.0.0.0", monitoring=True))["services"]
        assert services["grafana"]["ports"] == ["127.0.0.1:3000:3000"]
        assert "ports" not in services["prometheus"]

    @pytest.mark.parametrize("service", ["prometheus", "grafana"])
    def test_they_have_no_privileges_and_a_pinned_version(self, service: str) -> None:
        one = document(plan(monitoring=True))["services"][service]
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert int(one["user"].partition(":")[0]) > 0
        assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+", one["image"])
        assert [volume["read_only"] for volume in one["volumes"] if volume["type"] == "bind"] == [True]

    def test_grafana_reports_nothing_and_looks_for_nothing(self) -> None:
        settings = document(plan(monitoring=True))["services"]["grafana"]["environment"]
        off = {name for name, value in settings.items() if value == "false"}
        assert off >= {
            *("GF_ANALYTICS_REPORTING_ENABLED", "GF_ANALYTICS_CHECK_FOR_UPDATES"),
            *("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "GF_NEWS_NEWS_FEED_ENABLED", "GF_AUTH_ANONYMOUS_ENABLED"),
            *("GF_PLUGINS_PLUGIN_ADMIN_ENABLED", "GF_SNAPSHOTS_EXTERNAL_ENABLED", "GF_USERS_ALLOW_SIGN_UP"),
        }
        on = {name for name, value in settings.items() if value == "true"}
        assert on == {
            *("GF_SECURITY_DISABLE_GRAVATAR", "GF_PLUGINS_PREINSTALL_DISABLED"),
            "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED",
        }

    def test_what_they_mount_is_what_is_written(self, folder: DeploymentFolder) -> None:
        setup.write(folder, plan(monitoring=True))
        services = document(plan(monitoring=True))["services"]
        for service in ("prometheus", "grafana"):
            (bound,) = [volume for volume in services[service]["volumes"] if volume["type"] == "bind"]
            assert (folder.path / bound["source"]).is_dir()
            inside = [
                part for part in json.dumps(services[service]).replace('"', "=").split("=") if "/etc/muniment/" in part
            ]
            assert inside
            for path in inside:
                assert (folder.path / bound["source"] / path.removeprefix("/etc/muniment/")).exists(), path


class TestFiles:
    def test_the_folder_is_its_owners_alone_and_the_containers_can_read_what_is_theirs(
        self, folder: DeploymentFolder
    ) -> None:
        setup.write(folder, plan(monitoring=True))
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        for path in (folder.path / "monitoring").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path

    def test_the_password_is_grafanas_alone_and_in_no_compose_file(self, folder: DeploymentFolder) -> None:
        setup.write(folder, plan(monitoring=True))
        holding = [path for path in folder.path.rglob("*") if path.is_file() and PASSWORD in path.read_text()]
        assert holding == [folder.path / "monitoring" / "grafana" / "password"]
        assert PASSWORD not in compose_file(plan(monitoring=True))

    def test_without_a_password_grafana_is_not_brought_up_unless_it_has_one(
        self, folder: DeploymentFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MUNIMENT_GRAFANA_PASSWORD")
        with pytest.raises(DeployError, match="MUNIMENT_GRAFANA_PASSWORD"):
            setup.write(folder, plan(monitoring=True))
        monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", PASSWORD)
        setup.write(folder, plan(monitoring=True))
        monkeypatch.delenv("MUNIMENT_GRAFANA_PASSWORD")
        setup.write(folder, plan(monitoring=True))

    def test_a_key_stays_until_there_is_another(self, folder: DeploymentFolder) -> None:
        setup.write(folder, plan(monitoring=True))
        assert not setup.has_key(folder)
        setup.keep_key(folder, "mun_secret")
        setup.write(folder, plan(monitoring=True))
        assert setup.has_key(folder)
        assert (folder.path / "monitoring" / "prometheus" / "key").read_text() == "mun_secret"

    def test_it_is_all_gone_with_the_deployment(self, folder: DeploymentFolder) -> None:
        setup.write(folder, plan(monitoring=True))
        folder.remove()
        assert not folder.path.exists()


class TestPrometheus:
    def test_it_takes_its_settings(self, folder: DeploymentFolder) -> None:
        setup.write(folder, plan(monitoring=True))
        said = promtool("check", "config", str(folder.path / "monitoring" / "prometheus" / "prometheus.yaml"))
        assert "rules found" in said

    def test_of_tls_it_has_the_certificate_and_not_its_key(self, folder: DeploymentFolder) -> None:
        certificates.see_to(folder, ("deeds.example",))
        secured = plan(monitoring=True, tls=str(folder.tls))
        setup.write(folder, secured)
        place = folder.path / "monitoring" / "prometheus"
        promtool("check", "config", str(place / "prometheus.yaml"))
        (scrape,) = setup.prometheus_settings(secured)["scrape_configs"]
        assert scrape["scheme"] == "https"
        assert scrape["tls_config"] == {"ca_file": "certificate.pem", "server_name": "localhost"}
        assert (place / "certificate.pem").read_text() == (folder.tls / "certificate.pem").read_text()
        assert not any("PRIVATE KEY" in path.read_text() for path in place.iterdir())

    def test_a_certificate_that_is_for_no_name_is_told(self, folder: DeploymentFolder) -> None:
        folder.make()
        folder.tls.mkdir()
        (folder.tls / "certificate.pem").write_text("none")
        with pytest.raises(DeployError, match=r"certificate\.pem"):
            setup.prometheus_settings(plan(monitoring=True, tls=str(folder.tls)))

    def test_its_labels_say_what_alerts_have_to_know_of_the_plan(self) -> None:
        (scrape,) = setup.prometheus_settings(plan(monitoring=True))["scrape_configs"]
        (target,) = scrape["static_configs"]
        assert target["targets"] == ["gateway.localhost:8001"]
        assert target["labels"] == {"deployment": "deeds", "topology": "airgap", "engines": "embedded"}


class TestAlerts:
    def test_each_fires_on_what_it_is_for_and_on_nothing_else(self, tmp_path: Path) -> None:
        for name, text in (
            ("alerts.yaml", SHIPPED.joinpath("alerts.yaml").read_text()),
            ("test.yaml", Path(__file__).with_name("alerts_test.yaml").read_text()),
        ):
            (tmp_path / name).write_text(text)
        assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yaml"))

    def test_none_is_left_out_of_the_test(self) -> None:
        rules = re.findall(r"alert: (\w+)", SHIPPED.joinpath("alerts.yaml").read_text())
        tested = set(re.findall(r'alertname="(\w+)"', Path(__file__).with_name("alerts_test.yaml").read_text()))
        assert set(rules) == tested

    def test_the_guide_says_what_to_do_about_each(self) -> None:
        rules = set(re.findall(r"alert: (\w+)", SHIPPED.joinpath("alerts.yaml").read_text()))
        guide = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()
        assert set(re.findall(r"^\| `(Muniment\w+)`", guide, re.MULTILINE)) == rules


class TestDashboard:
    def test_it_and_the_alerts_ask_for_what_the_service_tells(self, exposed: set[str]) -> None:
        asked = set().union(*map(metrics_in, expressions()))
        assert {name for name in asked if name.startswith("muniment_")} - exposed == set()
        assert {name for name in asked if not name.startswith("muniment_")} == VLLM | OF_PROMETHEUS

    def test_whatever_the_service_tells_it_or_an_alert_asks_for(self, exposed: set[str]) -> None:
        asked = set().union(*map(metrics_in, expressions()))
        of_histograms = {name.removesuffix("_bucket") for name in exposed if name.endswith("_bucket")}
        plain = {
            name
            for name in exposed - of_histograms
            if not any(name.startswith(histogram) for histogram in of_histograms) and not name.endswith("_created")
        }
        assert plain | {f"{name}_bucket" for name in of_histograms} == {
            name for name in asked if name.startswith("muniment_")
        }

    def test_its_panels_lie_beside_each_other_and_have_ids_of_their_own(self) -> None:
        board = json.loads(SHIPPED.joinpath("dashboard.json").read_text())
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        taken: dict[tuple[int, int], int] = {}
        for panel in board["panels"]:
            place: dict[str, Any] = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                assert x < 24
                for y in range(place["y"], place["y"] + place["h"]):
                    assert taken.setdefault((x, y), panel["id"]) == panel["id"]

    def test_it_shows_what_the_one_datasource_knows(self) -> None:
        (source,) = yaml.safe_load(SHIPPED.joinpath("datasource.yaml").read_text())["datasources"]
        board = json.loads(SHIPPED.joinpath("dashboard.json").read_text())
        uids = {panel["datasource"]["uid"] for panel in board["panels"] if "datasource" in panel}
        assert uids == {source["uid"]}
        assert httpx.URL(source["url"]).host in document(plan(monitoring=True))["services"]

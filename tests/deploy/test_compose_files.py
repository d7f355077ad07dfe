"""The compose files in the repository are what the commands render, and both of Compose's generations take them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.required import missing
from tools.make_compose import ROOT, generated

FILES = generated()
COMPOSE = [name for name in FILES if "services:" in FILES[name]]


@pytest.mark.parametrize("name", FILES)
def test_it_is_as_it_is_made(name: str) -> None:
    """Run ``make docs``."""
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name]


@pytest.mark.parametrize("name", COMPOSE)
def test_every_image_can_be_built_from_the_repository(name: str) -> None:
    services = yaml.safe_load(FILES[name])["services"]
    for service in (told for told in services.values() if told["image"].startswith("localhost/muniment/")):
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        (base,) = [value for key, value in service["build"]["args"].items() if key == "BASE"]
        assert ":" in base.partition(":-")[2], "pinned"


@pytest.mark.parametrize("name", COMPOSE)
def test_no_registry_is_asked_for_what_is_built(name: str) -> None:
    """Compose pulls before it builds: what has no registry in its name, from the public one."""
    for service in yaml.safe_load(FILES[name])["services"].values():
        assert ("build" in service) is service["image"].startswith("localhost/")


@pytest.mark.parametrize("name", COMPOSE)
def test_it_listens_on_this_machine_only(name: str) -> None:
    services = yaml.safe_load(FILES[name])["services"]
    published = {service: told["ports"] for service, told in services.items() if "ports" in told}
    assert published == {
        "gateway": ["127.0.0.1:${MUNIMENT_PORT:-8001}:8001"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


@pytest.mark.parametrize("name", COMPOSE)
def test_what_watches_runs_when_it_is_asked_for(name: str) -> None:
    services = yaml.safe_load(FILES[name])["services"]
    asked = {service for service, told in services.items() if told.get("profiles") == ["monitoring"]}
    assert asked == {"prometheus", "grafana"}
    secret = {"key", "password"}  # whoever wants it makes these
    for service in asked:
        sources = [Path(mount["source"]) for mount in services[service]["volumes"] if mount["type"] == "bind"]
        assert all((ROOT / source).is_file() for source in sources if source.name not in secret)


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_takes_it(name: str, compose: tuple[str, ...]) -> None:
    command = [*compose, "--project-directory", str(ROOT), "-f", str(ROOT / name), "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "build" in yaml.safe_load(done.stdout)["services"]["gateway"]


@pytest.fixture(scope="module")
def compose() -> tuple[str, ...]:
    """What Compose is called by; its Engine need not run."""
    for command in (("docker", "compose"), ("docker-compose",)):
        try:
            if subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            continue
    return missing("docker", "Docker Compose is not installed")

"""The way of a model: from a hub through the downloader's container into the store, and to an engine's gate."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.models import Store
from tests.acceptance.containers.deployed import Machine
from tests.acceptance.serving import free_port
from tests.reading_model import FOLDER

pytestmark = pytest.mark.acceptance

NAME = "small/reader"
PROJECT = "muniment-test-changed"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def hub(machine: Machine) -> Iterator[str]:
    """The id of a container on the downloader's network which is a hub by the name "hub"."""
    machine.ask("network", "create", "muniment-external")
    try:
        yield machine.ask(
            *("run", "--detach", "--network", "muniment-external", "--network-alias", "hub"),
            *(f"--volume={FOLDER}:/offered/{NAME}:ro", f"--volume={ROOT}:/src:ro", "--workdir", "/src"),
            *(machine.base, "python3", "-B", "-m", "tests.models.small_hub", "/offered"),
            *("--host", "0.0.0.0", "--port", "8000"),
        ).strip()
    finally:
        for container in machine.ask("ps", "--all", "--quiet", "--filter", "network=muniment-external").split():
            machine.docker_run("rm", "--force", container)
        machine.docker_run("network", "rm", "muniment-external")


def test_a_model_comes_by_the_only_container_with_a_way_out(machine: Machine, hub: str) -> None:
    done = machine.run(
        sys.executable, "-m", "muniment", "model", "pull", NAME, HF_ENDPOINT="http://hub:8000", NO_COLOR="1"
    )
    assert done.returncode == 0, done.stderr
    model = Store(machine.store).find(NAME)
    assert {entry.name for entry in model.manifest.files} >= {"config.json", "model.safetensors.index.json"}
    assert not any(path.suffix == ".toml" for path in model.path.iterdir())
    assert Store(machine.store).verify(NAME) == ()
    assert machine.ask("ps", "--all", "--quiet", "--filter", "network=muniment-external").split() == [hub[:12]]


def test_a_hub_that_is_not_there_is_told(machine: Machine, hub: str) -> None:
    done = machine.run(sys.executable, "-m", "muniment", "model", "pull", NAME, HF_ENDPOINT="http://nowhere:8000")
    assert done.returncode not in {0, 70}
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert hub


def test_no_engine_starts_on_a_model_that_was_changed(machine: Machine, hub: str) -> None:
    """The one that was fetched, with a blank more in one of its files."""
    assert hub
    changed = machine.store / NAME / "tokenizer_config.json"
    changed.write_bytes(changed.read_bytes() + b" ")
    port = str(free_port())
    up = machine.muniment("up", "--name", PROJECT, "--engine", "vllm-cpu", "--model", NAME, "--port", port)
    try:
        assert up.returncode == 6
        assert "engine-1 ends as soon as it has started (code 5)" in up.stderr
        assert "tokenizer_config.json" in up.stderr
    finally:
        assert machine.muniment("down", "--name", PROJECT, "--erase").returncode == 0

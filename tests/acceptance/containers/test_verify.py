"""The proof itself, on real containers: it holds on what is sealed, and finds what is broken where it is broken."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from muniment.deploy.files import DeploymentFolder
from muniment.deploy.proving import Controls, prove
from muniment.seal.claims import Verdict
from muniment.seal.docker import find_engine
from muniment.seal.probing import LABEL, Order, ProbeFailed, Seen
from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.serving import PATIENCE, free_port

pytestmark = pytest.mark.acceptance

CODES = {"holds": 0, "broken": 7, "unproven": 8}


@pytest.fixture(scope="module")
def embedded(machine: Machine) -> Iterator[Deployed]:
    with machine.deployed("verified", "--engine", "embedded") as found:
        yield found


def verdicts(deployed: Deployed) -> dict[str, str]:
    """What ``muniment verify`` says of each claim; again, while it says that it could not look in time."""
    for _ in range(5):
        done = deployed.muniment("verify", "--json")
        assert not left_over(deployed)
        assert done.returncode in CODES.values(), done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        assert CODES[told["verdict"]] == done.returncode
        found = {claim["id"]: claim["verdict"] for claim in told["claims"]}
        if "unproven" not in found.values():
            break
        doubts = [check for claim in told["claims"] for check in claim["checks"] if check["verdict"] == "unproven"]
        print(json.dumps(doubts, indent=2))  # noqa: T201 - shown where a test fails
    return found


def broken(deployed: Deployed) -> set[str]:
    return {claim for claim, verdict in verdicts(deployed).items() if verdict == "broken"}


def left_over(deployed: Deployed) -> list[str]:
    """The verifier's own containers, of those that others may run on this machine only this deployment's."""
    shown = deployed.machine.ask("ps", "--all", "--filter", f"label={LABEL}", "--format", f'{{{{.Label "{LABEL}"}}}}')
    return [token for token in shown.split() if token.startswith(f"{deployed.project}-")]


def test_a_sealed_deployment_holds(embedded: Deployed) -> None:
    found = verdicts(embedded)
    assert set(found.values()) == {"holds"}
    assert len(found) == 12


def test_a_network_that_is_joined_is_found(embedded: Deployed) -> None:
    server, network = embedded.container("server"), f"{embedded.project}_default"
    embedded.machine.ask("network", "disconnect", "none", server)
    embedded.machine.ask("network", "connect", network, server)
    try:
        found = broken(embedded)
    finally:
        embedded.machine.ask("network", "disconnect", network, server)
        embedded.machine.ask("network", "connect", "none", server)
    following = {"no-names", "no-telemetry", "no-neighbour"}
    assert found - following == {"no-internet", "no-host", "server-sealed", "as-planned"}
    assert set(verdicts(embedded).values()) == {"holds"}


def test_a_container_that_was_not_planned_is_found(embedded: Deployed) -> None:
    labels = {"com.docker.compose.project": embedded.project, "com.docker.compose.service": "spy"}
    marked = [f"--label={name}={value}" for name, value in {**labels, "com.docker.compose.oneoff": "False"}.items()]
    machine = embedded.machine
    hardened = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--user=65534:65534")
    bounded = ("--memory=64m", "--pids-limit=8", "--network=none")
    spy = machine.ask("run", "--detach", *marked, *hardened, *bounded, machine.base, "sleep", "600").strip()
    try:
        assert broken(embedded) == {"as-planned"}
    finally:
        machine.ask("rm", "--force", spy)


def test_what_containers_were_given_is_found(embedded: Deployed) -> None:
    """A port of the server's, a capability, and a root that can be written to, each at its own claim."""
    file = embedded.machine.state / "muniment/deployments" / embedded.project / "compose.yaml"
    told = yaml.safe_load(file.read_text())
    told["services"]["gateway"]["ports"].append(f"127.0.0.1:{free_port()}:9000")
    told["services"]["gateway"]["cap_add"] = ["NET_RAW"]
    told["services"]["gateway"]["read_only"] = False
    changed = file.with_name("changed.yaml")
    changed.write_text(yaml.safe_dump(told))
    compose = (*embedded.machine.compose, "-p", embedded.project, "-f")
    try:
        up = embedded.machine.run(*compose, str(changed), "up", "--detach", "--no-build")
        assert up.returncode == 0, up.stderr
        wait_until_it_reads(embedded)
        assert broken(embedded) == {"no-port", "no-privilege", "no-trace"}
    finally:
        embedded.machine.run(*compose, str(file), "up", "--detach", "--no-build")
        changed.unlink()
        wait_until_it_reads(embedded)


def wait_until_it_reads(deployed: Deployed) -> None:
    deadline = time.monotonic() + PATIENCE
    while deployed.muniment("status").returncode:
        assert time.monotonic() < deadline
        time.sleep(1)


class Nowhere:
    """A control from which nothing can be sent."""

    def send(self, order: Order) -> Seen:  # noqa: ARG002 - a place's signature
        raise ProbeFailed("sabotaged")


@pytest.mark.parametrize(
    ("controls", "unproven"),
    [
        (Controls(gateway=Nowhere()), {"no-host", "no-internet", "no-names", "no-neighbour", "server-sealed"}),
        (Controls(listening=False), {"no-host", "no-names", "server-sealed"}),
    ],
    ids=["no-control", "no-listener"],
)
def test_without_a_control_nothing_holds(
    embedded: Deployed, monkeypatch: pytest.MonkeyPatch, controls: Controls, unproven: set[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(embedded.machine.state))
    folder = DeploymentFolder(embedded.project)
    found = {finding.claim.id: finding.verdict for finding in prove(folder, find_engine(), controls)}
    assert Verdict.BROKEN not in found.values()
    assert {claim for claim, verdict in found.items() if verdict is Verdict.UNPROVEN} >= unproven


def test_breaking_it_off_leaves_nothing_behind(embedded: Deployed) -> None:
    command = [sys.executable, "-m", "muniment", "verify", "--name", embedded.project]
    environment = embedded.machine.environment
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        while not left_over(embedded):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert not left_over(embedded)

"""A deployment by its name: what its commands have Docker do, and what they leave alone."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from muniment.deploy.compose import document
from muniment.deploy.deployment import Deployment, certify, port_problem
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring.services import PROMETHEUS_IMAGE
from muniment.deploy.settings import Plan, Topology
from muniment.errors import DeployError, EvidenceError
from muniment.seal.docker import find_docker
from muniment.seal.evidence.keys import SECRET_NAME
from tests.deploy.fake_docker import IMAGE, FakeDocker, all_well, inspected
from tests.deploy.front import Front, front
from tests.deploy.making_certificates import signed, written
from tests.deploy.plans import PLAN
from tests.processes import AS_ANY_USER, python


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeploymentFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("muniment.deploy.readiness._LOOK_EVERY", 0.0)
    return DeploymentFolder("deeds")


@pytest.fixture
def deployment(fake: FakeDocker, folder: DeploymentFolder) -> Deployment:
    """Nothing of it is there yet; Compose does what it is told."""
    fake.says("compose -p deeds*", "")
    fake.says("volume rm*", "")
    return Deployment(find_docker(), folder)


@pytest.fixture
def gateway() -> Iterator[Front]:
    """What answers that a page was read."""
    with front(json.dumps({"status": "ready"})) as server:
        yield server


@pytest.fixture
def plan(gateway: Front) -> Plan:
    return replace(PLAN, project="deeds", port=gateway.port)


def composed(fake: FakeDocker, deployment: Deployment) -> list[str]:
    """What Compose was told, without what it is always told."""
    always = f"compose -p deeds -f {deployment.folder.compose} "
    return [call.removeprefix(always) for call in fake.calls if call.startswith(always)]


def test_up_keeps_the_plan_starts_it_and_waits(
    deployment: Deployment, fake: FakeDocker, plan: Plan, gateway: Front
) -> None:
    fake.runs(*all_well(gateway.port))
    told: list[str] = []
    assert deployment.up(plan, told.append).ready
    assert deployment.plan == plan
    assert composed(fake, deployment) == ["up --detach --remove-orphans --no-build"]
    assert told == ["Starting the containers"]
    assert gateway.asked == [("/ready", None)]
    assert deployment.folder.images() == dict.fromkeys(("gateway", "server", "engine-1"), IMAGE)


def test_what_the_server_mounts_is_there_before_it_starts(
    deployment: Deployment, fake: FakeDocker, plan: Plan, gateway: Front
) -> None:
    fake.runs(*all_well(gateway.port))
    deployment.up(plan, lambda _: None)
    server = document(plan)["services"]["server"]
    mounted = [volume["source"] for volume in server["volumes"] if volume["type"] == "bind"]
    assert mounted
    assert all((deployment.folder.path / source).exists() for source in mounted)


def test_a_key_that_others_can_read_brings_nothing_up(
    deployment: Deployment, fake: FakeDocker, plan: Plan, folder: DeploymentFolder
) -> None:
    folder.see_to_evidence()
    (folder.path / SECRET_NAME).chmod(0o644)
    with pytest.raises(EvidenceError, match="Others on this machine may read"):
        deployment.up(plan, lambda _: None)
    assert composed(fake, deployment) == []


def test_a_gateway_that_goes_on_takes_up_a_new_certificate(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    certify(folder, "127.0.0.1", None)
    fake.says(f"compose -p deeds -f {folder.compose} kill*", err="no container to kill", code=1)
    with front(json.dumps({"status": "ready"}), tls=folder.tls) as server:
        fake.runs(*all_well(server.port))
        deployment.up(replace(PLAN, project="deeds", port=server.port, tls=str(folder.tls)), lambda _: None)
    assert composed(fake, deployment)[-1] == "kill -s HUP gateway"


def test_one_that_does_not_come_up_is_told_with_its_last_words(
    deployment: Deployment, fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.readiness._MOST_RESTARTS", 0)
    fake.runs(*all_well()[:2], inspected("engine-1", state="restarting", code=3, restarts=1))
    fake.says("logs --tail 5 id-of-engine-1", "\nloading\n", err="config.json: is changed.\n")
    with front("{}") as nobody, pytest.raises(DeployError) as told:
        deployment.up(replace(PLAN, project="deeds", port=nobody.port), lambda _: None)
    assert "engine-1 ends as soon as it has started (code 3): loading / config.json: is changed." in told.value.what


def test_an_engine_that_docker_refuses_is_told(deployment: Deployment, fake: FakeDocker, plan: Plan) -> None:
    fake.says("compose -p deeds*", err='could not select device driver "nvidia" with capabilities: [[gpu]]', code=1)
    with pytest.raises(DeployError, match="Docker cannot give containers the GPU"):
        deployment.up(plan, lambda _: None)


def test_while_compose_refuses_the_plan_before_counts(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder, plan: Plan
) -> None:
    folder.save(plan)
    before = folder.compose.read_bytes()
    fake.says("compose -p deeds*", err="port is already allocated", code=1)
    with pytest.raises(DeployError, match="The port is taken"):
        deployment.up(replace(plan, port=9000, topology=Topology.INTERNAL), lambda _: None)
    assert folder.load() == plan
    assert folder.compose.read_bytes() == before


def test_what_compose_brought_up_is_kept_though_it_never_reads(
    deployment: Deployment, folder: DeploymentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.deployment._START_WITHIN", 0.0)
    with front("{}") as nobody, pytest.raises(DeployError, match="No page was read"):
        deployment.up(replace(PLAN, project="deeds", port=nobody.port), lambda _: None)
    assert folder.load().port == nobody.port


def test_a_first_one_that_compose_refuses_can_be_taken_down(
    deployment: Deployment, fake: FakeDocker, plan: Plan
) -> None:
    fake.says(f"compose -p deeds -f {deployment.folder.compose} up*", err="pull access denied", code=1)
    with pytest.raises(DeployError, match="pull access denied"):
        deployment.up(plan, lambda _: None)
    deployment.down(erase=False)
    assert composed(fake, deployment)[-1] == "down --remove-orphans"


def test_down_leaves_volumes_and_plan_and_erasing_takes_them(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    folder.save(PLAN)
    deployment.down(erase=False)
    assert composed(fake, deployment) == ["down --remove-orphans"]
    assert folder.load() == PLAN
    deployment.down(erase=True)
    assert composed(fake, deployment)[1:] == ["down --remove-orphans --volumes"]
    assert not folder.path.exists()


def test_erasing_takes_volumes_of_earlier_plans_too(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    folder.save(PLAN)
    fake.says("volume ls --quiet --filter label=com.docker.compose.project=deeds", "deeds_grafana-data\ndeeds_old\n")
    deployment.down(erase=False)
    assert not [call for call in fake.calls if call.startswith("volume")]
    deployment.down(erase=True)
    assert fake.calls[-1] == "volume rm deeds_grafana-data deeds_old"
    assert not folder.path.exists()


def test_a_volume_that_docker_did_not_remove_is_not_forgotten(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    folder.save(PLAN)
    fake.says("volume ls*", "deeds_old\n")
    fake.says("volume rm*", err="remove deeds_old: volume is in use", code=1)
    with pytest.raises(DeployError, match="volume is in use"):
        deployment.down(erase=True)
    assert folder.load() == PLAN


def test_what_docker_did_not_take_down_is_not_forgotten(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    folder.save(PLAN)
    fake.says("compose -p deeds*", err="volume is in use", code=1)
    with pytest.raises(DeployError, match="volume is in use"):
        deployment.down(erase=True)
    assert folder.load() == PLAN


def test_restart_restarts_what_it_is_told(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder, plan: Plan, gateway: Front
) -> None:
    folder.save(plan)
    fake.runs(*all_well(gateway.port))
    deployment.restart(["server", "gateway"], lambda _: None)
    assert composed(fake, deployment) == ["restart server gateway"]


@pytest.mark.parametrize(("there", "missing"), [(0, "gateway, server, engine-1"), (1, "server, engine-1")])
def test_what_is_down_is_not_restarted_but_brought_up(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder, plan: Plan, there: int, missing: str
) -> None:
    folder.save(plan)
    fake.runs(*all_well(plan.port)[:there])
    with pytest.raises(DeployError) as told:
        deployment.restart([], lambda _: None)
    assert told.value.what == f"The deployment does not run: there is no container of {missing}"
    assert told.value.hint == "Bring it up first: muniment up."
    assert not composed(fake, deployment)


def test_a_plan_of_another_version_can_be_looked_into_and_taken_down(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder
) -> None:
    folder.save(PLAN)
    fake.runs(*all_well())
    (folder.path / "plan.json").write_text('{"of_tomorrow": true}')
    assert deployment.logs([], follow=False, lines=7) == 0
    with pytest.raises(DeployError, match="not a plan of this version"):
        deployment.logs(["server"], follow=False, lines=7)
    deployment.down(erase=True)
    assert composed(fake, deployment) == ["logs --tail=7 --no-color", "down --remove-orphans --volumes"]
    assert not folder.path.exists()


def test_logs_are_composes(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    folder.save(PLAN)
    fake.runs(*all_well())
    fake.says("compose -p deeds*logs*", "server-1 | up\n", code=3)
    assert deployment.logs(["server"], follow=True, lines=7) == 3
    assert composed(fake, deployment) == ["logs --tail=7 --no-color --follow server"]
    assert capfd.readouterr().out == "server-1 | up\n"


def test_what_was_never_brought_up_has_nothing_to_act_on(deployment: Deployment, fake: FakeDocker) -> None:
    for act in (
        lambda: deployment.down(erase=True),
        lambda: deployment.restart([], lambda _: None),
        lambda: deployment.logs([], follow=False, lines=1),
    ):
        with pytest.raises(DeployError, match='There is no deployment named "deeds"'):
            act()
    assert not composed(fake, deployment)


def test_a_command_is_run_in_the_server(
    deployment: Deployment, fake: FakeDocker, capfd: pytest.CaptureFixture[str]
) -> None:
    fake.runs(*all_well())
    fake.says("exec id-of-server muniment key add reports", "mun_x\n", err="Made it.\n", code=2)
    assert deployment.execute(["key", "add", "reports"]) == 2
    assert capfd.readouterr() == ("mun_x\n", "Made it.\n")


@pytest.mark.parametrize("containers", [[], [inspected("server", state="exited")], [inspected("gateway")]])
def test_without_a_server_that_runs_no_command_is(
    deployment: Deployment, fake: FakeDocker, folder: DeploymentFolder, containers: list[dict[str, object]]
) -> None:
    folder.save(PLAN)
    fake.runs(*containers)
    with pytest.raises(DeployError, match="The deployment's server does not run"):
        deployment.execute(["key", "list"])


def test_without_a_volume_there_are_no_keys(deployment: Deployment, fake: FakeDocker) -> None:
    fake.says("volume ls*", "deeds_data-of-another\n")
    assert not deployment.has_keys(replace(PLAN, project="deeds"))
    assert not [call for call in fake.calls if call.startswith("run")]


@pytest.mark.parametrize(("told", "has"), [('[{"id": "key_1"}]', True), ("[]\n", False)])
def test_keys_are_asked_for_where_there_is_no_network(
    deployment: Deployment, fake: FakeDocker, told: str, has: bool
) -> None:
    fake.says("volume ls*", "deeds_data\n")
    fake.says("run*", told)
    assert deployment.has_keys(replace(PLAN, project="deeds")) is has
    assert "--network none --read-only" in fake.calls[-1]
    assert "--cap-drop ALL" in fake.calls[-1]
    assert fake.calls[-1].endswith("deeds_data:/var/lib/muniment localhost/muniment/server:1.2.3 key list --json")


@pytest.mark.parametrize("told", ["", "Traceback"])
def test_keys_that_cannot_be_listed_are_not_taken_for_none(deployment: Deployment, fake: FakeDocker, told: str) -> None:
    fake.says("volume ls*", "deeds_data\n")
    fake.says("run*", told)
    with pytest.raises(DeployError, match="The keys of the service cannot be listed"):
        deployment.has_keys(replace(PLAN, project="deeds"))


def test_its_images_are_seen_to_when_its_port_is_free(deployment: Deployment, fake: FakeDocker, plan: Plan) -> None:
    fake.says("build*", "")
    with pytest.raises(DeployError) as told:
        deployment.prepare(plan, lambda _: None)
    assert told.value.what == f"127.0.0.1:{plan.port} cannot be listened on: address already in use"
    assert "--port" in told.value.hint
    assert not [call for call in fake.calls if call.startswith("build")]


def test_at_an_address_of_another_machine_no_port_helps(deployment: Deployment, plan: Plan) -> None:
    with pytest.raises(DeployError) as told:
        deployment.prepare(replace(plan, address="192.0.2.1"), lambda _: None)
    assert "cannot assign requested address" in told.value.what
    assert told.value.hint == "Choose one of this machine's addresses with --address."


def test_images_of_others_are_fetched_while_their_seconds_are_told(
    deployment: Deployment, fake: FakeDocker, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_GRAFANA_PASSWORD", "x")
    monkeypatch.setattr("muniment.seal.docker._TELL_EVERY", 0.01)
    monkeypatch.setattr("muniment.deploy.deployment.port_problem", lambda *_: "")
    fake.says("build*", "")
    fake.says("pull*", hangs=True)
    told: list[str] = []

    def tell(step: str) -> None:
        told.append(step)
        if f" s: Fetching {PROMETHEUS_IMAGE}" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deployment.prepare(replace(plan, monitoring=True), tell)
    assert told[-2] == told[-1].partition(" s: ")[2] == f"Fetching {PROMETHEUS_IMAGE}"


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_its_own_is_free_for_it(
    deployment: Deployment, fake: FakeDocker, plan: Plan, address: str
) -> None:
    fake.runs(*all_well(plan.port))
    fake.says("build*", "")
    deployment.prepare(replace(plan, address=address), lambda _: None)
    tags = [call.split(" --tag ")[1].split()[0] for call in fake.calls if call.startswith("build")]
    assert tags == [
        "localhost/muniment/gateway:1.2.3",
        "localhost/muniment/server:1.2.3",
        "localhost/muniment/engine:1.2.3",
    ]


def test_a_port_is_not_its_own_because_it_ends_like_one(deployment: Deployment, fake: FakeDocker) -> None:
    fake.runs(*all_well(18001))
    assert deployment.holds(18001)
    assert not deployment.holds(8001)


@pytest.mark.parametrize(
    ("taken", "address", "problem"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "::1", True),
        ("127.0.0.1", "::", False),
    ],
)
def test_a_port_is_taken_at_its_address(taken: str, address: str, problem: bool) -> None:
    family = socket.AF_INET6 if ":" in taken else socket.AF_INET
    with socket.create_server((taken, 0), family=family) as server:
        port = server.getsockname()[1]
        told = port_problem(address, port)
    shown = f"[{address}]" if ":" in address else address
    assert told == (f"{shown}:{port} cannot be listened on: address already in use" if problem else "")


def test_an_address_of_another_machine_is_said() -> None:
    assert port_problem("192.0.2.1", 8001) == "192.0.2.1:8001 cannot be listened on: cannot assign requested address"


def test_a_low_port_is_left_to_docker() -> None:
    code = (
        f"from muniment.deploy.deployment import port_problem\n{AS_ANY_USER}print(repr(port_problem('127.0.0.1', 443)))"
    )
    assert python(code) == "''"


@pytest.mark.parametrize(("address", "named"), [("192.0.2.7", True), ("2001:db8::7", True), ("0.0.0.0", False)])
def test_a_certificate_is_made_for_the_address_and_this_machine(
    folder: DeploymentFolder, monkeypatch: pytest.MonkeyPatch, address: str, named: bool
) -> None:
    for host, known in (("reading", True), ("lesesaal-ü", False)):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        certify(folder, address, None)
        made = x509.load_pem_x509_certificate((folder.tls / "certificate.pem").read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert (address in map(str, names.get_values_for_type(x509.IPAddress))) is named
        assert known is False or host in names.get_values_for_type(x509.DNSName)


def test_a_certificate_that_is_given_is_kept(folder: DeploymentFolder, tmp_path: Path) -> None:
    given = signed("reading.example")
    certify(folder, "0.0.0.0", written(tmp_path / "given", given.pem, given.secret()))
    assert (folder.tls / "certificate.pem").read_text() == given.pem

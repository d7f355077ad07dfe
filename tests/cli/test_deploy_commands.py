"""The deployment's commands, with a docker that says what a test tells it."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from muniment._version import __version__
from muniment.cli.deploy_report import Steps
from muniment.cli.ending import run
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.settings import EngineKind, Topology
from muniment.errors import ExitCode
from tests.deploy.conftest import fake, folder_of_programs
from tests.deploy.fake_docker import FakeDocker, FakeProgram, all_well, inspected
from tests.deploy.front import Front, front
from tests.deploy.making_certificates import signed, written
from tests.deploy.plans import PLAN, plan_of
from tests.deploy.stores import store_with

__all__ = ["fake", "folder_of_programs"]

Command = Callable[..., tuple[ExitCode, str, str]]

_GPU = "0, NVIDIA L4, 23034, 512, 580.65.06\n"


SOURCES = "0123"
"""What images were built from."""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployments and models are kept in the test's own folder; nothing is slept for."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MUNIMENT_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setattr("muniment.deploy.readiness._LOOK_EVERY", 0.0)
    monkeypatch.setattr("muniment.deploy.building._fingerprint", lambda *_: SOURCES)


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs "muniment"; gives its exit code and what went to standard output and error."""

    def called(*arguments: object) -> tuple[ExitCode, str, str]:
        code = run([str(argument) for argument in arguments])
        told = capfd.readouterr()
        return code, told.out, told.err

    return called


@pytest.fixture
def gateway() -> Iterator[Front]:
    """What answers that a page was read."""
    with front(json.dumps({"status": "ready"})) as server:
        yield server


@pytest.fixture
def docker(fake: FakeDocker, gateway: Front) -> FakeDocker:
    """One that has all images, and does what it is told."""
    for name in ("gateway", "server", "engine", "engine-cpu", "vllm-cpu"):
        fake.has(f"localhost/muniment/{name}:{__version__}", f"localhost/muniment/{name}:1.2.3", label=SOURCES)
    fake.says("build*", "")
    fake.says("compose -p deeds*", "")
    fake.runs(*all_well(gateway.port))
    return fake


@pytest.fixture
def kept(gateway: Front) -> DeploymentFolder:
    """A deployment "deeds" that was brought up, with an engine, and reads."""
    folder = DeploymentFolder("deeds")
    folder.save(replace(PLAN, project="deeds", port=gateway.port))
    return folder


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# up


def test_a_dry_run_needs_no_docker_and_writes_nothing(
    command: Command, folder_of_programs: Path, tmp_path: Path
) -> None:
    before = everything_in(tmp_path)
    code, out, err = command("up", "--engine", "embedded", "--dry-run", "--name", "deeds", "--address", "0.0.0.0")
    assert (code, err) == (ExitCode.OK, "")
    told = yaml.safe_load(out)
    assert list(told["services"]) == ["gateway", "server"]
    assert told["services"]["gateway"]["ports"] == ["0.0.0.0:8001:8001"]
    assert told["services"]["gateway"]["volumes"][1]["source"] == str(
        tmp_path / "state" / "muniment" / "deployments" / "deeds" / "tls"
    )
    assert everything_in(tmp_path) == before
    assert not list(folder_of_programs.iterdir())


def test_a_dry_run_takes_no_model_into_the_store(command: Command, folder_of_programs: Path, tmp_path: Path) -> None:
    assert folder_of_programs.exists()
    before = everything_in(tmp_path)
    code, out, err = command("up", "--engine", "vllm-cpu", "--dry-run")
    assert (code, err) == (ExitCode.OK, "")
    (model, _) = yaml.safe_load(out)["services"]["engine-1"]["volumes"]
    assert model["source"] == str(tmp_path / "models" / "muniment" / "tiny")
    assert everything_in(tmp_path) == before


def test_a_dry_run_with_a_gpu_shows_what_the_gpu_holds(
    command: Command, folder_of_programs: Path, tmp_path: Path
) -> None:
    FakeProgram(folder_of_programs, "nvidia-smi").says("*", _GPU)
    store_with(tmp_path / "models", "nanonets/Nanonets-OCR2-3B")
    code, out, _ = command("up", "--dry-run", "--topology", "internal", "--replicas", 1, "--concurrency", 9)
    assert code is ExitCode.OK
    engine = yaml.safe_load(out)["services"]["engine-1"]
    assert engine["networks"] == ["internal"]
    assert engine["command"][engine["command"].index("--max-num-seqs") + 1] == "9"


@pytest.mark.parametrize(("engine", "isolated"), [("28.3.3", True), ("27.5.1", False)])
def test_a_dry_run_shows_networks_as_this_docker_would_make_them(
    command: Command, fake: FakeDocker, engine: str, isolated: bool
) -> None:
    fake.says("version --format*", f"{engine}\n")
    code, out, _ = command("up", "--engine", "embedded", "--dry-run", "--topology", "internal")
    assert code is ExitCode.OK
    assert ("driver_opts" in yaml.safe_load(out)["networks"]["internal"]) is isolated


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tls-key", "key.pem"], "A certificate and its key belong together. Give both --tls-certificate and"),
        (["--tls-certificate", "a.pem"], "A certificate and its key belong together. Give both --tls-certificate and"),
        (["--tls-certificate", "a", "--tls-key", "b"], "A certificate is given, and TLS is off. Add --tls."),
        (["--address", "example.org"], '"example.org" is no IP address, like 127.0.0.1 or 0.0.0.0.'),
        (["--address", "127.0.0.1%lo"], "is no IP address"),
        (["--address", "fe80::1%eth0"], "Docker publishes nothing at fe80::1%eth0"),
        (["--name", "Deeds of 1900"], '"Deeds of 1900" cannot be a deployment\'s name. Use small letters'),
        (["--replicas", "0"], "Invalid value for '--replicas'"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--context", "12"], "Invalid value for '--context'"),
        (["--lifetime", "0"], "Invalid value for '--lifetime'"),
        (["--lifetime", "nan"], "Invalid value for '--lifetime': nan is no number."),
        (["--lifetime", "inf"], "Invalid value for '--lifetime': inf is no number."),
        (["--gpu-memory", "inf"], "Invalid value for '--gpu-memory': inf is no number."),
        (["--model", "acme/Reader"], "The embedded engine takes no model and no replicas. Leave them out."),
        (["--preset", "original"], "--gpu-memory and --preset are for an engine on a GPU. Leave them out."),
        (["surplus"], "Got unexpected extra argument"),
    ],
)
@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_wrong_options_are_said_before_anything_is_done(
    command: Command, docker: FakeDocker, tmp_path: Path, arguments: list[str], told: str, dry: list[str]
) -> None:
    before = everything_in(tmp_path)
    code, out, err = command("up", "--engine", "embedded", *arguments, *dry)
    assert (code, out) == (ExitCode.USAGE, "")
    assert told in " ".join(err.split())
    assert "Traceback" not in err
    assert not [call for call in docker.actions if call.startswith(("build", "compose", "run"))]
    assert [path for path in everything_in(tmp_path) if "docker.calls" not in path] == before


def test_up_tells_its_steps_and_how_it_stands(
    command: Command, docker: FakeDocker, gateway: Front, tmp_path: Path
) -> None:
    docker.runs(*all_well(gateway.port, engines=0))
    arguments = ("up", "--engine", "embedded", "--name", "deeds", "--port", gateway.port)
    assert command(*arguments) == (
        ExitCode.OK,
        "",
        "Starting the containers\n"
        f"Up: http://127.0.0.1:{gateway.port} (embedded; a canary page was read within the last minute)\n"
        "Seal: unproven: muniment verify tells more\n",
    )
    plan = DeploymentFolder("deeds").load()
    assert (plan.kind, plan.version, plan.port) == (EngineKind.EMBEDDED, __version__, gateway.port)
    assert (tmp_path / "state/muniment/deployments/deeds/compose.yaml").is_file()


@pytest.mark.usefixtures("docker")
def test_up_takes_the_demonstrations_model_into_the_store(command: Command, gateway: Front, tmp_path: Path) -> None:
    code, _, err = command("up", "--engine", "vllm-cpu", "--name", "deeds", "--port", gateway.port)
    assert (code, err.splitlines()[0]) == (ExitCode.OK, "Taking the model tiny into the store")
    assert (tmp_path / "models/muniment/tiny/muniment-manifest.json").is_file()
    code, _, err = command("up", "--engine", "vllm-cpu", "--name", "deeds", "--port", gateway.port)
    assert (code, err.splitlines()[0]) == (ExitCode.OK, "Starting the containers")


def test_without_docker_up_says_what_else_reads(command: Command, folder_of_programs: Path) -> None:
    assert not list(folder_of_programs.iterdir())
    code, out, err = command("up", "--engine", "embedded")
    assert (code, out) == (ExitCode.NOT_RUNNING, "")
    assert err == (
        "muniment: Docker is not installed. Install Docker Engine or Docker Desktop; without it, muniment serve reads "
        "with the embedded engine.\n"
    )


def test_others_may_reach_it_only_when_there_is_a_key(command: Command, docker: FakeDocker, gateway: Front) -> None:
    arguments = ("up", "--engine", "embedded", "--name", "deeds", "--port", gateway.port, "--address", "0.0.0.0")
    code, _, err = command(*arguments, "--no-tls")
    assert code is ExitCode.USAGE
    assert "At 0.0.0.0 everybody who reaches this machine could read with it." in err
    assert "muniment deployed key add NAME" in err
    assert not [call for call in docker.actions if " up " in call]

    docker.says("volume ls*", "deeds_data\n")
    docker.says("run*key list --json", '[{"id": "key_1"}]')
    docker.runs(*all_well(gateway.port, engines=0))
    code, _, err = command(*arguments, "--no-tls")
    assert (code, err.splitlines()[0]) == (ExitCode.OK, "Starting the containers")


def test_up_with_tls_makes_a_certificate_or_takes_the_one_that_is_given(
    command: Command, docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.readiness._ANSWER_WITHIN", 0.2)
    monkeypatch.setattr("muniment.deploy.deployment._START_WITHIN", 0.0)
    given = written(tmp_path / "given", signed("reading.example").pem, signed("other.example").secret())
    arguments = ("up", "--engine", "embedded", "--name", "deeds", "--port", 8442, "--tls")
    code, _, err = command(*arguments, "--tls-certificate", given[0], "--tls-key", given[1])
    assert code is ExitCode.NOT_RUNNING
    assert f"{given[0]} and {given[1]} are no certificate and its key" in err
    assert not [call for call in docker.actions if " up " in call]
    code, _, err = command(*arguments)
    assert code is ExitCode.NOT_RUNNING
    assert "No page was read within 0 s" in err
    assert {path.name for path in DeploymentFolder("deeds").tls.iterdir()} == {"certificate.pem", "key.pem"}


@pytest.mark.usefixtures("docker")
def test_ctrl_c_while_it_comes_up_says_what_goes_on(
    command: Command, gateway: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("muniment.deploy.readiness.ask", interrupted)
    code, _, err = command("up", "--engine", "embedded", "--name", "deeds", "--port", gateway.port)
    assert code is ExitCode.INTERRUPTED
    assert err.splitlines()[1:] == [
        "Containers that were started go on: muniment status shows them, muniment down ends them.",
        "",  # behind the ^C of a terminal
        "muniment: stopped.",
    ]


def test_each_step_is_told_once_however_long_it_takes(capfd: pytest.CaptureFixture[str]) -> None:
    with Steps() as steps:
        for step in ("Starting", "0 s: engine-1 starting", "1 s: engine-1 starting", "2 s: a\x1b[2Jb: 3 s: c"):
            steps.tell(step)
    assert capfd.readouterr() == ("", "Starting\nengine-1 starting\na\ufffd[2Jb: 3 s: c\n")


def test_on_a_terminal_a_step_takes_the_place_of_the_one_before() -> None:
    code = (
        "from muniment.cli.deploy_report import Steps\n"
        "with Steps() as steps:\n"
        "    for second in range(3):\n"
        "        steps.tell(f'{second} s: [bold]engine-1')\n"
    )
    reading, writing = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    ended = subprocess.run([sys.executable, "-c", code], stderr=writing, env=environment, check=False)
    os.close(writing)
    shown = os.read(reading, 100_000).decode()
    os.close(reading)
    assert ended.returncode == 0
    assert "2 s: [bold]engine-1" in shown
    assert "\x1b[2K" in shown  # the line is cleared


# down, restart, logs, upgrade, deployed


@pytest.mark.usefixtures("kept")
def test_down_says_what_stays(command: Command, docker: FakeDocker) -> None:
    assert command("down", "--name", "deeds") == (ExitCode.OK, "", '"deeds" is down.\n')
    assert docker.calls[-1].endswith("down --remove-orphans")


def test_down_with_erase_forgets_it(command: Command, docker: FakeDocker, kept: DeploymentFolder) -> None:
    told = '"deeds" is down, and what it kept is erased.\n'
    assert command("down", "--name", "deeds", "--erase") == (ExitCode.OK, "", told)
    assert not kept.path.exists()
    assert docker.calls[-2].endswith("down --remove-orphans --volumes")
    assert docker.calls[-1].startswith("volume ls")


@pytest.mark.parametrize("arguments", [["down"], ["down", "--erase"], ["restart"], ["status"], ["logs"], ["upgrade"]])
def test_what_was_never_brought_up_is_not_there(command: Command, docker: FakeDocker, arguments: list[str]) -> None:
    told = 'muniment: There is no deployment named "deeds". Bring one up first: muniment up.\n'
    assert command(*arguments, "--name", "deeds") == (ExitCode.NOT_RUNNING, "", told)
    assert not [call for call in docker.calls if call.startswith("compose -p")]


def test_deployed_says_where_there_is_no_deployment(command: Command, docker: FakeDocker) -> None:
    docker.runs()
    told = 'muniment: There is no deployment named "deeds". Bring one up first: muniment up.\n'
    assert command("deployed", "--name", "deeds", "key", "list") == (ExitCode.NOT_RUNNING, "", told)


@pytest.mark.usefixtures("kept", "docker")
def test_a_name_that_is_none_is_answered_with_those_that_are(command: Command) -> None:
    told = 'muniment: There is no deployment named "muniment". Choose with --name: deeds.\n'
    assert command("status") == (ExitCode.NOT_RUNNING, "", told)


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("name", ["status", "upgrade"])
def test_one_whose_first_start_broke_off_is_told_as_that(command: Command, kept: DeploymentFolder, name: str) -> None:
    (kept.path / "plan.json").unlink()
    code, _, err = command(name, "--name", "deeds")
    assert code is ExitCode.NOT_RUNNING
    assert err == (
        'muniment: "deeds" never came up: its first start broke off. Run muniment up again, or end what was started '
        "with muniment down.\n"
    )


def test_restart_waits_until_it_reads(command: Command, docker: FakeDocker, kept: DeploymentFolder) -> None:
    code, out, err = command("restart", "--name", "deeds", "server")
    assert (code, out) == (ExitCode.OK, "")
    assert err.startswith(f"Up: {kept.load().url} (nanonets/Nanonets-OCR2-3B; a canary page was read")
    assert [call for call in docker.calls if call.endswith(" restart server")]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", ["restart", "logs"])
def test_what_is_no_service_is_answered_with_those_that_are(command: Command, docker: FakeDocker, name: str) -> None:
    told = "muniment: The deployment has no service engine-2. It has gateway, server, engine-1.\n"
    assert command(name, "--name", "deeds", "server", "engine-2") == (ExitCode.USAGE, "", told)
    assert not [call for call in docker.calls if name in call]


@pytest.mark.usefixtures("kept")
def test_logs_pass_through(command: Command, docker: FakeDocker) -> None:
    docker.says("compose -p deeds*logs --tail=5 --no-color server", "server-1  | up\n")
    assert command("logs", "--name", "deeds", "--lines", 5, "server") == (ExitCode.OK, "server-1  | up\n", "")
    docker.says("compose -p deeds*logs*", err="cannot read\n", code=1)
    assert command("logs", "--name", "deeds") == (ExitCode.NOT_RUNNING, "", "cannot read\n")


@pytest.mark.usefixtures("kept")
def test_logs_of_what_is_down_are_gone(command: Command, docker: FakeDocker) -> None:
    docker.runs()
    code, out, err = command("logs", "--name", "deeds")
    assert (code, out) == (ExitCode.NOT_RUNNING, "")
    assert err.startswith("muniment: The deployment does not run, and its logs went with its containers. Bring it up")
    assert not [call for call in docker.calls if " logs " in call]


def test_upgrade_runs_the_same_with_this_version(command: Command, docker: FakeDocker, kept: DeploymentFolder) -> None:
    before = kept.load()
    docker.has(f"localhost/muniment/engine:{__version__}", label="an older one's")
    code, _, err = command("upgrade", "--name", "deeds")
    assert (code, err.splitlines()[0]) == (
        ExitCode.OK,
        f"Building localhost/muniment/engine:{__version__}; the first time takes minutes",
    )
    assert kept.load() == replace(before, version=__version__, isolated_gateway=True)  # on an Engine 28
    assert [call for call in docker.calls if f"--tag localhost/muniment/engine:{__version__}" in call]


@pytest.mark.usefixtures("docker")
def test_upgrade_renews_a_certificate_that_was_made(
    command: Command, kept: DeploymentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.readiness._ANSWER_WITHIN", 0.2)
    monkeypatch.setattr("muniment.deploy.deployment._START_WITHIN", 0.0)
    kept.save(replace(kept.load(), tls=str(kept.tls)))
    assert command("upgrade", "--name", "deeds")[0] is ExitCode.NOT_RUNNING  # nobody there speaks TLS
    assert (kept.tls / "certificate.pem").is_file()


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1), (2, 2), (3, 3), (70, 70), (127, 6), (137, 6)])
@pytest.mark.usefixtures("kept")
def test_deployed_ends_as_the_command_in_there(command: Command, docker: FakeDocker, code: int, expected: int) -> None:
    docker.says("exec id-of-server muniment key list", "[]\n", err="said\n", code=code)
    assert command("deployed", "--name", "deeds", "key", "list") == (ExitCode(expected), "[]\n", "said\n")


@pytest.mark.usefixtures("kept")
def test_options_behind_the_command_are_the_commands(command: Command, docker: FakeDocker) -> None:
    docker.says("exec*", "")
    command("deployed", "--name", "deeds", "key", "add", "reports", "--rate", "60/min", "--name", "x", "--help")
    assert docker.calls[-1] == "exec id-of-server muniment key add reports --rate 60/min --name x --help"


@pytest.mark.usefixtures("kept")
def test_deployed_needs_a_server_that_runs(command: Command, docker: FakeDocker) -> None:
    docker.runs(inspected("server", state="exited"))
    told = "muniment: The deployment's server does not run. Bring it up first: muniment up.\n"
    assert command("deployed", "--name", "deeds", "key", "list") == (ExitCode.NOT_RUNNING, "", told)


# status


@pytest.mark.usefixtures("docker")
def test_status_shows_all_of_it(command: Command, kept: DeploymentFolder, folder_of_programs: Path) -> None:
    FakeProgram(folder_of_programs, "nvidia-smi").says("*", _GPU)
    port = kept.load().port
    assert command("status", "--name", "deeds") == (
        ExitCode.OK,
        "engine-1  healthy  no network     nothing published\n"
        f"gateway   healthy  deeds_default  127.0.0.1:{port}->8001/tcp\n"
        "server    healthy  no network     nothing published\n"
        "\n"
        f"address   http://127.0.0.1:{port}\n"
        "topology  airgap\n"
        "networks  deeds_default\n"
        "models    nanonets/Nanonets-OCR2-3B\n"
        "canary    read within the last minute\n"
        "GPU 0     NVIDIA L4, 0.5 of 24.2 GB in use\n"
        "seal      unproven: muniment verify tells more\n",
        "",
    )


@pytest.mark.usefixtures("kept")
def test_status_tells_the_seal_as_the_service_does(command: Command, gateway: Front) -> None:
    def told(**seal: object) -> str:
        gateway.body = json.dumps({"status": "ready", "seal": seal}).encode()
        return command("status", "--name", "deeds")[1].splitlines()[-1]

    mend = "Run muniment verify --watch."
    assert told(verdict="holds", enforced=True) == "seal      holds, by evidence of the last 15 minutes"
    assert told(verdict="unproven", enforced=False, problem="there is none", mend=mend) == (
        f"seal      unproven: there is none. {mend}"
    )
    assert told(verdict="broken", enforced=True, problem="It leaks", mend=mend) == (
        f"seal      broken, and documents are refused: It leaks. {mend}"
    )


@pytest.mark.usefixtures("kept")
def test_one_that_reads_and_refuses_documents_is_not_well(command: Command, gateway: Front) -> None:
    gateway.status = 503
    gateway.body = json.dumps(
        {"status": "not ready", "reads": True, "seal": {"verdict": "broken", "enforced": True}}
    ).encode()
    code, out, _ = command("status", "--name", "deeds")
    assert code is ExitCode.NOT_RUNNING
    assert "canary    read within the last minute" in out


@pytest.mark.usefixtures("kept")
def test_status_tells_that_documents_are_refused_though_pages_are_read(
    command: Command, docker: FakeDocker, gateway: Front
) -> None:
    docker.runs(*all_well(gateway.port))
    gateway.status = 503
    gateway.body = json.dumps({"status": "not ready", "reads": True, "problem": "documents are refused: …"}).encode()
    code, out, _ = command("status", "--name", "deeds")
    assert code is ExitCode.NOT_RUNNING
    assert "documents  documents are refused: …" in out.splitlines()


def test_status_of_what_does_not_read_ends_with_6(
    command: Command, docker: FakeDocker, kept: DeploymentFolder, gateway: Front
) -> None:
    kept.save(replace(plan_of(EngineKind.VLLM_CPU, Topology.AIRGAP, 2), project="deeds", port=gateway.port))
    gateway.status = 503
    gateway.body = json.dumps(
        {"status": "not ready", "canary": [{"model": "tiny", "problem": "no \x1b[31manswer"}]}
    ).encode()
    docker.runs(*all_well(gateway.port)[:2], inspected("engine-1", state="restarting", restarts=7, mode="none"))
    code, out, err = command("status", "--name", "deeds")
    assert (code, err) == (ExitCode.NOT_RUNNING, "")
    lines = out.splitlines()
    assert lines[0] == "engine-1  restarting  no network     nothing published          restarted 7 times"
    assert lines[3] == "engine-2  missing"
    assert "canary       not read" in lines
    assert "canary tiny  no \ufffd[31manswer" in lines


@pytest.mark.usefixtures("kept")
def test_status_as_json_is_for_programs(command: Command, docker: FakeDocker, gateway: Front) -> None:
    code, out, _ = command("status", "--name", "deeds", "--json")
    assert (code, json.loads(out)["well"], json.loads(out)["seal"]) == (ExitCode.OK, True, "unproven")
    docker.runs(*all_well(gateway.port)[:1])
    code, out, _ = command("status", "--name", "deeds", "--json")
    assert (code, json.loads(out)["missing"]) == (ExitCode.NOT_RUNNING, ["server", "engine-1"])


# doctor


def test_the_doctor_says_what_would_not_run(command: Command, folder_of_programs: Path) -> None:
    assert not list(folder_of_programs.iterdir())
    code, out, err = command("doctor", "--name", "deeds")
    assert (code, err) == (ExitCode.NOT_RUNNING, "")
    lines = out.splitlines()
    assert lines[0] == "problem  Docker: Docker is not installed"
    assert lines[1].startswith("         -> Install Docker Engine")
    assert "problem  GPU: no NVIDIA GPU, or no driver" in lines
    assert [line for line in lines if line.startswith(("ok       memory: ", "warning  memory: "))]


def test_the_doctor_is_content_with_a_machine_that_will_do(
    command: Command, docker: FakeDocker, gateway: Front, tmp_path: Path
) -> None:
    docker.says("info*", f"{tmp_path}\n")
    code, out, err = command("doctor", "--engine", "embedded", "--name", "deeds", "--port", gateway.port)
    assert (code, err) == (ExitCode.OK, "")
    assert f"ok       port: 127.0.0.1:{gateway.port} is the deployment's own\n" in out
    assert "ok       Docker: Engine 28.3.3, Compose 2.39.1\n" in out


@pytest.mark.usefixtures("folder_of_programs")
def test_the_doctor_as_json_is_for_programs(command: Command) -> None:
    code, out, _ = command("doctor", "--engine", "embedded", "--json")
    assert code is ExitCode.NOT_RUNNING
    (docker, *_) = json.loads(out)
    assert set(docker) == {"grade", "what", "found", "remedy"}
    assert (docker["grade"], docker["what"], docker["found"]) == ("problem", "Docker", "Docker is not installed")


@pytest.mark.usefixtures("docker")
def test_the_doctor_finds_what_contradicts_itself(command: Command) -> None:
    code, out, _ = command("doctor", "--engine", "embedded", "--model", "acme/Reader", "--port", 8443)
    assert code is ExitCode.NOT_RUNNING
    assert "problem  model: The embedded engine takes no model and no replicas\n         -> Leave them out.\n" in out
    assert "port: 127.0.0.1:8443 is free" in out


@pytest.mark.parametrize("name", ["doctor", "down", "restart", "status", "logs", "upgrade"])
def test_what_is_no_name_is_refused(command: Command, docker: FakeDocker, name: str) -> None:
    code, _, err = command(name, "--name", "../x")
    assert code is ExitCode.USAGE
    assert err.startswith('muniment: "../x" cannot be a deployment\'s name.')
    assert not docker.actions


def test_help_loads_nothing_heavy() -> None:
    names = ["up", "down", "restart", "status", "logs", "upgrade", "deployed", "doctor"]
    code = (
        f"import sys; from muniment.cli.ending import run; [run([name, '--help']) for name in {names}]; "
        "print({'pydantic', 'rich', 'numpy', 'yaml', 'httpx', 'cryptography'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout.endswith("\nset()\n"), ended.stderr

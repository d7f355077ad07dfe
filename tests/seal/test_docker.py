"""Docker and Compose are found, and whatever goes wrong with them is said with what to do about it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import DeployError
from muniment.seal.docker import Docker, find_docker, run, version
from tests.deploy.fake_docker import FakeDocker, FakeProgram


def refusal(told: str, code: int = 1) -> DeployError:
    with pytest.raises(DeployError) as error:
        run(("/bin/sh", "-c", 'printf %s "$0" >&2; exit "$1"', told, str(code)))
    return error.value


def test_docker_with_its_plugin_is_found(fake: FakeDocker) -> None:
    assert find_docker() == Docker(str(fake.path), (str(fake.path), "compose"), "28.3.3", "2.39.1")


def test_compose_as_a_program_of_its_own_will_do(fake: FakeDocker, folder_of_programs: Path) -> None:
    fake.says("compose version --short", err="docker: 'compose' is not a docker command.", code=1)
    alone = FakeProgram(folder_of_programs, "docker-compose")
    alone.says("version --short", "1.29.2\n")
    found = find_docker()
    assert (found.compose_command, found.compose) == ((str(alone.path),), "1.29.2")
    assert found.compose_line("deeds", Path("/x/compose.yaml"), "up", "--detach") == (
        *(str(alone.path), "-p", "deeds", "-f", "/x/compose.yaml", "up", "--detach"),
    )


def test_the_plugin_comes_before_the_other_program(fake: FakeDocker, folder_of_programs: Path) -> None:
    FakeProgram(folder_of_programs, "docker-compose").says("version --short", "1.25.0\n")
    assert find_docker().compose_command == (str(fake.path), "compose")


def test_a_machine_without_docker_can_read_all_the_same(folder_of_programs: Path) -> None:
    assert not list(folder_of_programs.iterdir())
    with pytest.raises(DeployError) as told:
        find_docker()
    assert told.value.what == "Docker is not installed"
    assert "muniment serve" in told.value.hint


@pytest.mark.parametrize("answer", [{"err": "unknown command", "code": 1}, {"out": "dev"}, {"out": ""}])
def test_compose_that_is_missing_is_to_be_installed(fake: FakeDocker, answer: dict[str, str]) -> None:
    fake.says("compose version --short", **answer)  # type: ignore[arg-type]
    with pytest.raises(DeployError) as told:
        find_docker()
    assert str(told.value) == "Docker Compose is not installed. Install the Compose plugin of Docker."


def test_compose_that_is_too_old_is_refused(fake: FakeDocker, folder_of_programs: Path) -> None:
    fake.says("compose version --short", code=1)
    FakeProgram(folder_of_programs, "docker-compose").says("version --short", "1.25.5\n")
    with pytest.raises(DeployError) as told:
        find_docker()
    assert str(told.value) == "Compose 1.25.5 is too old. Install Compose 1.29 or newer; the newest is best."


@pytest.mark.parametrize("arguments", ["version --format*", "compose version --short"])
def test_what_hangs_is_not_waited_for_without_end(
    fake: FakeDocker, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    monkeypatch.setattr("muniment.seal.docker._ASK_WITHIN", 0.3)
    fake.says(arguments, hangs=True)
    with pytest.raises(DeployError) as told:
        find_docker()
    assert told.value.hint


@pytest.mark.parametrize(
    ("told", "what", "todo"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "Docker is not running",
            "systemctl start docker",
        ),
        (
            "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if "
            "the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
            "Docker is not running",
            "systemctl start docker",
        ),
        (
            "ERROR: Couldn't connect to Docker daemon at http+docker://localhost - is it running?",
            "Docker is not running",
            "systemctl start docker",
        ),
        (
            "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "Docker does not let you in",
            "a user who may use Docker",
        ),
        (
            "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
            "Docker does not let you in",
            "a user who may use Docker",
        ),
        (
            "Error response from daemon: driver failed programming external connectivity on endpoint gateway-1:"
            " Bind for 127.0.0.1:8001 failed: port is already allocated",
            "The port is taken",
            "--port",
        ),
        (
            "ports are not available: exposing port TCP 0.0.0.0:8001: listen tcp 0.0.0.0:8001: bind: "
            "address already in use",
            "The port is taken",
            "--port",
        ),
        (
            'Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]',
            "Docker cannot give containers the GPU",
            "NVIDIA Container Toolkit",
        ),
        (
            "Error response from daemon: failed to discover GPU vendor from CDI: no known GPU vendor found",
            "Docker cannot give containers the GPU",
            "NVIDIA Container Toolkit",
        ),
        (
            "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
            "No space is left for Docker's images and volumes",
            "docker system df",
        ),
    ],
)
def test_what_can_be_mended_is_said_with_its_remedy(told: str, what: str, todo: str) -> None:
    error = refusal(told)
    assert error.what == what
    assert todo in error.hint


def test_what_is_not_known_is_quoted_from_its_end() -> None:
    assert refusal("\n".join(f"line {number}" for number in range(100))).what.endswith("line 97 / line 98 / line 99")
    assert "line 10 " not in refusal("\n".join(f"line {number}" for number in range(100))).what


def test_a_program_that_fails_without_a_word_is_named() -> None:
    assert refusal("").what == "sh -c failed: it does not say why"


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="docker ps cannot be run: No such file or directory"):
        run((str(tmp_path / "docker"), "ps"))


def test_output_that_is_no_text_does_no_harm() -> None:
    assert run(("/bin/sh", "-c", r"printf '\377ok'")) == "\ufffdok"


def test_of_what_takes_long_the_seconds_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.seal.docker._TELL_EVERY", 0.01)
    enough = tmp_path / "enough"
    told: list[float] = []

    def meanwhile(seconds: float) -> None:
        told.append(seconds)
        if len(told) == 3:
            enough.touch()

    script = 'echo first; while [ ! -e "$0" ]; do sleep 0.01; done; echo last'
    assert run(("/bin/sh", "-c", script, str(enough)), meanwhile=meanwhile) == "first\nlast\n"
    assert len(told) >= 3
    assert told == sorted(told)


def test_what_runs_ends_with_who_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.seal.docker._TELL_EVERY", 0.01)
    number = tmp_path / "number"

    def interrupted(_seconds: float) -> None:
        if number.exists() and number.read_text().endswith("\n"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(("/bin/sh", "-c", 'echo $$ >"$0"; exec sleep 600', str(number)), meanwhile=interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_what_is_built_or_fetched_tells_that_it_goes_on(
    fake: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.seal.docker._TELL_EVERY", 0.01)
    docker = find_docker()
    for arguments in ("pull*", "build*"):
        fake.says(arguments, hangs=True)

    def enough(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docker.pull("x:1", enough)
    with pytest.raises(KeyboardInterrupt):
        docker.build(root=tmp_path, dockerfile="Dockerfile", tag="x:1", arguments=[], label="made=of", meanwhile=enough)


def test_what_asks_is_answered_by_nobody() -> None:
    code = "from muniment.seal.docker import run; print(run(('/bin/sh', '-c', 'cat; echo done')))"
    done = subprocess.run([sys.executable, "-c", code], input="a password", capture_output=True, text=True, check=True)
    assert done.stdout == "done\n\n"


def test_compose_that_takes_too_long_is_no_reason_to_start_docker_anew(
    fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.seal.docker._ACT_WITHIN", 0.3)
    fake.says("compose -p deeds*", hangs=True)
    with pytest.raises(DeployError) as told:
        find_docker().run_compose("deeds", Path("compose.yaml"), "up")
    assert told.value.what == "docker compose did not answer within 0.3 s"
    assert told.value.hint == "Docker may be busy: see muniment status, and run the same command again to go on."


def test_an_answer_that_should_be_json_and_is_not_is_said(fake: FakeDocker) -> None:
    fake.says("inspect abc", "<html>")
    with pytest.raises(DeployError, match="docker inspect answered with something that is no JSON"):
        find_docker().ask_json("inspect", "abc")


@pytest.mark.parametrize("words", ["Error: No such image: {}", "Error response from daemon: No such image: {}"])
def test_an_image_is_there_unless_docker_says_that_it_is_not(fake: FakeDocker, words: str) -> None:
    fake.has("localhost/muniment/server:1.0")
    fake.says(
        "image inspect*localhost/muniment/server:2.0", "\n", err=words.format("localhost/muniment/server:2.0"), code=1
    )
    docker = find_docker()
    assert docker.has_image("localhost/muniment/server:1.0")
    assert not docker.has_image("localhost/muniment/server:2.0")


def test_that_docker_does_not_answer_says_nothing_of_an_image(fake: FakeDocker) -> None:
    docker = find_docker()
    fake.says("image *", err="Cannot connect to the Docker daemon. Is the docker daemon running?", code=1)
    with pytest.raises(DeployError, match="Docker is not running"):
        docker.has_image("localhost/muniment/server:1.0")


def test_an_image_is_built_from_its_recipe(fake: FakeDocker, tmp_path: Path) -> None:
    fake.says("build*")
    arguments = ["BASE=a b", "SECRET"]
    recipe = "deploy/x/Dockerfile"
    find_docker().build(
        root=tmp_path, dockerfile=recipe, tag="x:1", arguments=arguments, label="made=of", meanwhile=lambda _: None
    )
    assert fake.calls[-1] == (
        f"build --quiet --file {tmp_path}/deploy/x/Dockerfile --label made=of --build-arg BASE=a b --build-arg SECRET "
        f"--tag x:1 {tmp_path}"
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("v2.39.1", (2, 39, 1)),
        ("2.39.1-desktop.1", (2, 39, 1)),
        ("28.3", (28, 3, 0)),
        ("dev", ()),
        ("", ()),
    ],
)
def test_versions_are_numbers(text: str, parts: tuple[int, ...]) -> None:
    assert version(text) == parts


@given(st.text())
def test_whatever_is_called_a_version_does_no_harm(text: str) -> None:
    assert all(part >= 0 for part in version(text))

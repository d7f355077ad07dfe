"""A deployment is ready when a page was read through its front door, and all of its containers are well."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.deploy import readiness
from muniment.deploy.certificates import see_to
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.readiness import Readiness, ask, wait
from muniment.deploy.settings import EngineKind, Plan, Topology
from muniment.errors import DeployError
from muniment.seal.containers import Container
from tests.deploy.front import front
from tests.deploy.plans import PLAN, plan_of

_READY = json.dumps({"status": "ready"})
_NOT_READY = json.dumps({"status": "not ready", "canary": [{"model": "nanonets", "problem": "no answer yet"}]})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_LOOK_EVERY", 0.0)


def at(port: int, plan: Plan = PLAN) -> Plan:
    return replace(plan, port=port)


def container(service: str, **given: object) -> Container:
    found = Container(
        id=f"id-of-{service}",
        service=service,
        state="running",
        health="healthy",
        code=0,
        restarts=0,
        networks=(),
        ports=(),
        image="",
        image_id="",
    )
    return replace(found, **given)  # type: ignore[arg-type]


_ALL = (container("engine-1"), container("gateway"), container("server"))


def but(**given: object) -> tuple[Container, ...]:
    """All containers, of which engine-1 is so."""
    return (container("engine-1", **given), *_ALL[1:])


def one_after_the_other(*standing: tuple[Container, ...]) -> Callable[[], tuple[Container, ...]]:
    """What is seen at each look, the last of it ever after."""
    left = list(standing)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def no_words(container: Container) -> str:
    raise AssertionError(f"nobody asks for the last words of {container.service}")


def test_ready_is_said_by_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with front(_READY) as server:
        assert ask(at(server.port)) == Readiness(ready=True, reads=True)
        assert server.asked == [("/ready", None)]


def test_what_stands_against_it_is_told_by_model() -> None:
    with front(_NOT_READY, 503) as server:
        assert ask(at(server.port)) == Readiness(ready=False, models=(("nanonets", "no answer yet"),))


def test_a_model_that_does_not_read_is_not_taken_for_one_that_does_when_nobody_says_why() -> None:
    """As where keys were made, and none is shown."""
    seen = [{"model": "deeds", "read": False, "problem": ""}, {"model": "maps", "read": True, "problem": ""}]
    with front(json.dumps({"status": "not ready", "canary": seen}), 503) as server:
        assert ask(at(server.port)).models == (("deeds", "it does not read"), ("maps", ""))


@pytest.mark.parametrize(
    ("seal", "told"),
    [
        ({"verdict": "holds", "enforced": True}, ("holds", "", False)),
        ({"verdict": "broken", "enforced": False, "problem": "It leaks", "mend": ""}, ("broken", "It leaks", False)),
        (
            {"verdict": "broken", "enforced": True, "problem": "It leaks", "mend": "Do."},
            ("broken", "It leaks. Do.", True),
        ),
        ({"verdict": "unproven", "enforced": True, "problem": "", "mend": ""}, ("unproven", "", True)),
        (None, ("unproven", "", False)),
    ],
)
def test_the_seal_is_told_as_the_service_tells_it(seal: object, told: tuple[str, str, bool]) -> None:
    with front(json.dumps({"status": "ready", "seal": seal})) as server:
        found = ask(at(server.port))
    assert (found.seal, found.seal_problem, found.refuses) == told


@pytest.mark.parametrize("seal", [3, "holds", [], {}, {"verdict": "HOLDS"}, {"verdict": 1}, {"verdict": None}])
def test_a_seal_of_another_form_is_unproven(seal: object) -> None:
    with front(json.dumps({"status": "ready", "seal": seal})) as server:
        assert ask(at(server.port)).seal == "unproven"


def test_ready_with_another_status_is_not_believed() -> None:
    with front(_READY, 503) as server:
        assert not ask(at(server.port)).ready


def test_a_refusal_is_told_in_its_own_words() -> None:
    body = json.dumps({"error": {"message": "No server answers behind the gateway", "type": "server_error"}})
    with front(body, 502) as server:
        assert ask(at(server.port)) == Readiness(ready=False, problem="No server answers behind the gateway")


@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html><title>router</title>",
        "",
        "\ufeff",
        b"\xff\xfe",
        "[]",
        "null",
        "7",
        '"ready"',
        "{}",
        '{"status": "UP"}',
        '{"status": 1}',
        '{"error": "x"}',
        '{"error": {"message": 3}}',
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_what_is_not_muniment_is_said_to_be_none(body: str | bytes, status: int) -> None:
    with front(body, status) as server:
        assert ask(at(server.port)) == Readiness(
            ready=False, problem=f"what answers at http://127.0.0.1:{server.port} is not Muniment"
        )


@pytest.mark.parametrize("canary", [None, 3, "x", {}, [3, None, {"name": "x"}]])
def test_a_canary_of_another_form_does_no_harm(canary: object) -> None:
    with front(json.dumps({"status": "not ready", "canary": canary}), 503) as server:
        assert ask(at(server.port)) == Readiness(ready=False)


def test_a_port_at_which_nobody_listens_is_said() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert ask(at(port)).problem == f"http://127.0.0.1:{port} does not answer (ConnectError)"


def test_who_accepts_and_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_ANSWER_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "does not answer (ReadTimeout)" in ask(at(silent.getsockname()[1])).problem


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a certificate that was made."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = DeploymentFolder("deeds")
    see_to(folder, ())
    return folder.tls


def test_with_tls_the_deployments_own_certificate_is_trusted(tls: Path) -> None:
    with front(_READY, tls=tls) as server:
        assert ask(replace(PLAN, port=server.port, tls=str(tls))).ready


def test_with_tls_who_speaks_none_is_not_believed(tls: Path) -> None:
    with front(_READY) as server:
        found = ask(replace(PLAN, port=server.port, tls=str(tls)))
        assert (found.ready, found.problem) == (
            False,
            f"https://127.0.0.1:{server.port} does not answer (ConnectError)",
        )


def test_a_certificate_that_is_gone_is_no_mistake_of_ours(tmp_path: Path) -> None:
    found = ask(replace(PLAN, tls=str(tmp_path / "gone")))
    assert (found.ready, found.problem) == (False, "https://127.0.0.1:8001 does not answer (FileNotFoundError)")


def test_it_is_waited_for_until_all_is_well() -> None:
    told: list[str] = []
    looks = one_after_the_other(
        (), _ALL[1:], but(health="starting"), but(state="restarting", restarts=1), but(restarts=1)
    )
    with front(_READY) as server:
        assert wait(at(server.port), looks, no_words, told.append, 60).ready
    assert [step.partition(" s: ")[2] for step in told] == [
        "gateway missing, server missing, engine-1 missing",
        "engine-1 missing",
        "engine-1 starting",
        "engine-1 restarting",
    ]


def test_what_stands_against_a_model_is_told_while_waiting() -> None:
    told: list[str] = []
    with front(_NOT_READY, 503) as server, pytest.raises(DeployError) as error:
        wait(at(server.port), lambda: _ALL, no_words, told.append, 0)
    assert "nanonets: no answer yet" in error.value.what


def test_one_that_ends_again_and_again_is_an_error_with_its_last_words() -> None:
    looks = one_after_the_other(*(but(state="restarting", code=1, restarts=count) for count in range(4)))
    with front(_NOT_READY, 503) as server, pytest.raises(DeployError) as error:
        wait(at(server.port), looks, lambda one: f"{one.service}: CUDA out of memory", lambda _: None, 60)
    assert error.value.what == ("engine-1 ends as soon as it has started (code 1): engine-1: CUDA out of memory")
    assert error.value.hint == "See muniment logs, and muniment doctor."


def test_a_count_that_begins_anew_is_followed() -> None:
    looks = one_after_the_other(*(but(state="restarting", restarts=count) for count in (9, 0, 1, 2, 3)))
    with front(_NOT_READY, 503) as server, pytest.raises(DeployError, match="engine-1 ends as soon as it has started"):
        wait(at(server.port), looks, lambda _: "", lambda _: None, 60)


def test_that_one_ended_on_other_days_is_no_error() -> None:
    with front(_READY) as server:
        looks = one_after_the_other(but(restarts=9, health="starting"), but(restarts=9))
        assert wait(at(server.port), looks, no_words, lambda _: None, 60).ready


def test_a_new_container_in_the_place_of_one_counts_for_itself() -> None:
    with front(_READY) as server:
        looks = one_after_the_other(but(health="starting"), but(id="new", restarts=5, health="starting"), but(id="new"))
        assert wait(at(server.port), looks, no_words, lambda _: None, 60).ready


def test_one_that_reads_is_not_waited_for_though_it_takes_no_documents_yet() -> None:
    """Evidence that the seal holds can only come once there is something to look at."""
    body = json.dumps({"status": "not ready", "reads": True, "seal": {"verdict": "unproven", "enforced": True}})
    with front(body, 503) as server:
        found = wait(at(server.port), lambda: _ALL, no_words, lambda _: None, 60)
    assert (found.ready, found.reads, found.refuses) == (False, True, True)


def test_too_long_is_an_error_that_says_what_was_waited_for() -> None:
    with front(_READY) as server, pytest.raises(DeployError) as error:
        wait(at(server.port), lambda: but(health="starting"), no_words, lambda _: None, 0)
    assert error.value.what == "No page was read within 0 s: engine-1 starting"
    assert error.value.hint == "The containers go on: see muniment status and muniment logs."


def test_an_engine_that_is_missing_is_waited_for_though_another_reads() -> None:
    plan = plan_of(EngineKind.VLLM, Topology.AIRGAP, 2)
    with front(_READY) as server, pytest.raises(DeployError, match="engine-2 missing"):
        wait(at(server.port, plan), lambda: _ALL, no_words, lambda _: None, 0)


def test_ctrl_c_ends_the_waiting() -> None:
    def interrupted(_step: str) -> None:
        raise KeyboardInterrupt

    with front(_NOT_READY, 503) as server, pytest.raises(KeyboardInterrupt):
        wait(at(server.port), lambda: _ALL, no_words, interrupted, 60)


def test_that_docker_does_not_answer_while_waiting_is_said() -> None:
    def gone() -> tuple[Container, ...]:
        raise DeployError("Docker is not running")

    with front(_NOT_READY, 503) as server, pytest.raises(DeployError, match="Docker is not running"):
        wait(at(server.port), gone, no_words, lambda _: None, 60)

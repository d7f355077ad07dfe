"""What Docker says of containers and networks, in the few words that a deployment needs."""

import json
from typing import Any

import pytest

from muniment.errors import DeployError
from muniment.seal.containers import Container, Network, container_from, containers_of, networks_of
from muniment.seal.docker import find_docker
from tests.deploy.fake_docker import IMAGE, FakeDocker, inspected

_LISTING = "ps --all --quiet --no-trunc --filter label=com.docker.compose.project=deeds*"
_NETWORKS = "network ls --filter label=com.docker.compose.project=deeds*"


def test_one_that_runs_and_is_healthy() -> None:
    found = container_from(inspected(health="healthy"))
    assert found == Container(
        id="id-of-gateway",
        service="gateway",
        state="running",
        health="healthy",
        code=0,
        restarts=0,
        networks=("deeds_default",),
        ports=(),
        image="localhost/muniment/gateway:1.2.3",
        image_id=IMAGE,
    )
    assert found.is_well
    assert found.standing == "healthy"


def test_a_network_is_told_that_was_joined_by_one_made_without_any() -> None:
    """Docker goes on saying that it was made with none."""
    assert container_from(inspected(mode="none", networks=["none"])).networks == ()
    assert container_from(inspected(mode="none", networks=["foreign"])).networks == ("foreign",)


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ({"health": "starting"}, "starting"),
        ({"health": "unhealthy"}, "unhealthy"),
        ({"state": "restarting", "code": 1, "restarts": 7}, "restarting"),
        ({"state": "exited", "code": 137}, "exited"),
        ({"state": "exited", "code": 137, "health": "unhealthy"}, "exited"),
        ({"state": "exited", "health": "healthy"}, "exited"),
        ({"state": "created"}, "created"),
        ({"state": "dead"}, "dead"),
        ({"state": "paused", "health": "healthy"}, "paused"),
    ],
)
def test_one_that_is_not_well_says_why(told: dict[str, Any], standing: str) -> None:
    found = container_from(inspected(**told))
    assert not found.is_well
    assert found.standing == standing
    assert (found.code, found.restarts) == (told.get("code", 0), told.get("restarts", 0))


def test_one_without_a_health_check_is_well_if_it_runs() -> None:
    found = container_from(inspected())
    assert (found.is_well, found.standing) == (True, "running")


def test_one_without_a_network_has_none() -> None:
    assert container_from(inspected("server", mode="none", networks=["none"])).networks == ()


def test_networks_are_in_the_order_of_their_names() -> None:
    found = container_from(inspected(networks=["deeds_internal", "deeds_default"]))
    assert found.networks == ("deeds_default", "deeds_internal")


def test_published_ports_are_told_for_both_kinds_of_addresses() -> None:
    ports = {
        "8001/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8001"}, {"HostIp": "::", "HostPort": "8001"}],
        "9000/tcp": None,
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}],
    }
    assert container_from(inspected(ports=ports)).ports == (
        "127.0.0.1:8080->80/tcp",
        "0.0.0.0:8001->8001/tcp",
        "[::]:8001->8001/tcp",
    )


@pytest.mark.parametrize("ports", [{}, None, {"8001/tcp": None}, {"8001/tcp": []}])
def test_what_is_exposed_and_not_published_is_no_port(ports: object) -> None:
    assert container_from(inspected(ports=ports)).ports == ()


def test_containers_are_in_the_order_of_their_services(fake: FakeDocker) -> None:
    fake.says(_LISTING, "id-of-server\nid-of-gateway\n")
    fake.says("inspect id-of-server", json.dumps([inspected("server", mode="none")]))
    fake.says("inspect id-of-gateway", json.dumps([inspected("gateway")]))
    assert [one.service for one in containers_of(find_docker(), "deeds")] == ["gateway", "server"]
    assert "label=com.docker.compose.oneoff=False" in fake.actions[0]


def test_one_that_is_gone_between_two_questions_is_left_out(fake: FakeDocker) -> None:
    gone = fake.path.parent / "gone"
    fake.says("inspect id-of-gateway", json.dumps([inspected()]))
    fake.says("inspect id-of-server", "[]\n", err="Error: No such object: id-of-server", code=1)
    # It is listed the first time only.
    fake.path.write_text(
        fake.path.read_text().replace(
            'case "$*" in',
            f'case "$*" in\n"ps --all"*)\nprintf "id-of-gateway\\n"\n'
            f"[ -e {gone} ] || printf 'id-of-server\\n'\n: >{gone}\nexit 0\n;;",
        )
    )
    assert [one.service for one in containers_of(find_docker(), "deeds")] == ["gateway"]


def test_one_that_is_there_and_cannot_be_looked_at_is_an_error(fake: FakeDocker) -> None:
    fake.says(_LISTING, "id-of-server\n")
    fake.says("inspect id-of-server", err="Error response from daemon: broken", code=1)
    with pytest.raises(DeployError, match="broken"):
        containers_of(find_docker(), "deeds")


def test_networks_say_whether_they_have_a_way_out(fake: FakeDocker) -> None:
    fake.says(_NETWORKS, "deeds_internal\ndeeds_default\n")
    for name, internal in (("deeds_internal", True), ("deeds_default", False)):
        fake.says(f"network inspect {name}", json.dumps([{"Name": name, "Internal": internal}]))
    assert networks_of(find_docker(), "deeds") == (
        Network(name="deeds_default", internal=False),
        Network(name="deeds_internal", internal=True),
    )


def test_a_project_that_is_not_there_has_nothing(fake: FakeDocker) -> None:
    docker = find_docker()
    assert containers_of(docker, "deeds") == ()
    assert networks_of(docker, "deeds") == ()
    assert len(fake.actions) == 2

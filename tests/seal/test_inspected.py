"""What Docker says of how a container was made, from Engine 20.10 to 29."""

from typing import Any

import pytest

from muniment.seal.inspected import Joined, inspected_from
from tests.deploy.fake_docker import inspected


def told(**host: Any) -> dict[str, Any]:
    found = inspected("engine-1")
    found["HostConfig"] |= host
    return found


def test_one_without_anything() -> None:
    found = inspected_from(inspected("engine-1", mode="none", networks=["none"]))
    assert (found.networks, found.ports, found.binds, found.devices, found.host_spaces) == ((), (), (), (), ())
    assert (found.user, found.memory, found.processes) == ("", 0, 0)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ({"PidMode": "host"}, "pid: host"),
        ({"IpcMode": "host"}, "ipc: host"),
        ({"UTSMode": "host"}, "uts: host"),
        ({"UsernsMode": "host"}, "user: host"),
        ({"NetworkMode": "host"}, "network: host"),
        ({"NetworkMode": "container:0123"}, "network: container:0123"),
    ],
)
def test_namespaces_that_are_not_its_own(host: dict[str, str], shown: str) -> None:
    assert inspected_from(told(**host)).host_spaces == (shown,)


@pytest.mark.parametrize("host", [{"IpcMode": "private"}, {"PidMode": ""}, {"NetworkMode": "deeds_default"}])
def test_namespaces_that_are_its_own(host: dict[str, str]) -> None:
    assert inspected_from(told(**host)).host_spaces == ()


def test_ports_that_were_asked_for_count_though_docker_did_not_publish_them() -> None:
    """As on an internal network."""
    found = inspected_from(told(PortBindings={"8000/tcp": [{"HostIp": "", "HostPort": "8000"}]}))
    assert found.ports == ("0.0.0.0:8000->8000/tcp",)


def test_addresses_on_its_networks() -> None:
    found = inspected()
    found["NetworkSettings"]["Networks"]["deeds_default"] = {
        "IPAddress": "172.20.0.2",
        "Gateway": "172.20.0.1",
        "GlobalIPv6Address": "fd00::2",
        "IPv6Gateway": "",
    }
    assert inspected_from(found).networks == (Joined("deeds_default", ("172.20.0.2", "fd00::2"), ("172.20.0.1",)),)


@pytest.mark.parametrize("source", ["/var/run/docker.sock", "/run/containerd/containerd.sock", "/", "/run", "/var/run"])
def test_sockets_by_which_it_could_rule(source: str) -> None:
    mount = {"Type": "bind", "Source": source, "Destination": "/x", "RW": False}
    found = inspected_from(inspected() | {"Mounts": [mount]})
    assert found.sockets == (source,)
    assert found.places == ("/x",)

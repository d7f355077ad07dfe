"""What a process finds of its own network, each look with a control that works."""

import errno
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from muniment.seal.claims import Verdict
from muniment.server import own_network
from muniment.server.interfaces import interfaces_up
from muniment.server.own_network import NO_NETWORK, look

SCRIPT = "from muniment.server.own_network import look; print(look().model_dump_json())"
JOINED = (
    "ip link add veth0 type veth peer name veth1 && ip address add 10.9.8.7/24 dev veth0 && "
    "ip link set veth0 up && ip link set veth1 up && ip route add default via 10.9.8.1"
)
NOT_MADE = 77


def found_within(setup: str) -> dict[str, tuple[str, str, str]]:
    """What is found in a new network namespace after some commands: what was tried to verdict, result and control."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode:
        pytest.skip("this system refuses the namespaces")
    command = ["unshare", "-Urn", "sh", "-c", f'{setup} exec "$0" -c "$1"', sys.executable, SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == NOT_MADE:
        pytest.skip(f"this system makes no interfaces of its own: {done.stderr.strip()}")
    checks = json.loads(done.stdout)["checks"]
    return {check["what"]: (check["verdict"], check["seen"], check["control"]) for check in checks}


def answers(monkeypatch: pytest.MonkeyPatch, outside: int, inside: int = 0) -> dict[str, Verdict]:
    """The probes' verdicts, when connecting ends with these errors."""

    def connected(_family: socket.AddressFamily, _address: str, port: int) -> int:
        return outside if port == own_network._PORT else inside

    monkeypatch.setattr(own_network, "_connected", connected)
    return {check.what: check.verdict for check in look().checks if check.method == "probe"}


def test_a_namespace_with_nothing_but_its_loopback_holds() -> None:
    found = found_within("ip link set lo up;")
    assert {verdict for verdict, _, _ in found.values()} == {"holds"}
    assert found["TCP to 192.0.2.1:443"] == ("holds", "ENETUNREACH", "connected")
    assert found["interfaces that are up, beside the loopback"] == ("holds", "0", "")
    assert {name for name in found if name.startswith("routes")} == {
        "routes in /proc/net/route",
        "routes in /proc/net/ipv6_route",
    }


def test_a_network_that_is_joined_is_seen_in_every_way() -> None:
    found = found_within(f"ip link set lo up; {JOINED} || exit {NOT_MADE};")
    assert found["routes in /proc/net/route"] == ("broken", "veth0", "")
    assert found["interfaces that are up, beside the loopback"] == ("broken", "2", "")
    verdict, _, control = found["TCP to 192.0.2.1:443"]
    assert (verdict, control) == ("broken", "connected")


def test_where_the_control_does_not_work_nothing_is_known() -> None:
    found = found_within("")
    assert found["TCP to 192.0.2.1:443"] == ("unproven", "ENETUNREACH", "ENETUNREACH")


def test_this_machine_which_has_a_network_breaks_the_claim() -> None:
    if not interfaces_up():
        pytest.skip("this machine has no network")
    finding = look()
    assert (finding.claim, finding.verdict) == (NO_NETWORK, Verdict.BROKEN)


@pytest.mark.parametrize("number", [0, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ECONNREFUSED])
def test_whatever_comes_back_from_outside_is_a_way_out(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    assert answers(monkeypatch, number)["TCP to 192.0.2.1:443"] is Verdict.BROKEN


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EPERM, errno.EACCES, errno.ENOBUFS])
def test_a_probe_that_could_not_be_sent_shows_nothing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    assert answers(monkeypatch, number)["TCP to 192.0.2.1:443"] is Verdict.UNPROVEN


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.ECONNREFUSED, errno.EMFILE])
def test_a_control_that_fails_leaves_it_unproven(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    assert answers(monkeypatch, errno.ENETUNREACH, number)["TCP to 192.0.2.1:443"] is Verdict.UNPROVEN


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_where_there_is_no_ipv6_at_all_none_is_probed(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    assert list(answers(monkeypatch, errno.ENETUNREACH, number)) == ["TCP to 192.0.2.1:443"]


def test_tables_that_the_kernel_keeps_to_itself_show_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "route").mkdir()
    monkeypatch.setattr(own_network, "_TABLES", tmp_path)
    verdicts = {check.what: (check.verdict, check.seen) for check in look().checks}
    assert verdicts["routes in /proc/net/route"] == (Verdict.UNPROVEN, "EISDIR")
    assert verdicts["routes in /proc/net/ipv6_route"] == (Verdict.HOLDS, "there is no such table")

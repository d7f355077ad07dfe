"""What Linux says in /proc is read as it is, and never with an error."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.seal import kernel
from muniment.seal.kernel import Mount, Route

ROUTE = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010014AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000014AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth1\t0000000A\t00000000\t0000\t0\t0\t0\t000000FF\t0\t0\t0\n"
)
ZERO, LINK = "0" * 32, "fe80" + "0" * 28
IPV6_ROUTE = (
    f"{ZERO} 00 {ZERO} 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
    f"fd000000000000000000000000000000 40 {ZERO} 00 {ZERO} 00000100 00000001 00000000 00000001     eth0\n"
    f"{LINK} 40 {ZERO} 00 {ZERO} 00000100 00000001 00000000 00000001     eth0\n"
    f"{ZERO} 00 {ZERO} 00 {ZERO} ffffffff 00000001 00000000 00200200       lo\n"
)
FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 172.17.0.0/16 2 0 2
           |-- 172.17.0.1
              /32 host LOCAL
           |-- 172.17.255.255
              /32 link BROADCAST
"""
IF_INET6 = (
    "00000000000000000000000000000001 01 80 10 80       lo\n"
    "fe800000000000000042acfffe110002 02 40 20 80     eth0\n"
    "fd000000000000000000000000000002 02 40 00 80     eth0\n"
)
TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10003        0 1 1\n"
    "   1: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10003        0 1 1\n"
    "   2: 020011AC:1F42 030011AC:D431 01 00000000:00000000 00:00000000 00000000 10003        0 1 1\n"
)
UDP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 10003        0 1 2\n"
    "   1: 0100007F:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000 10003        0 1 2\n"
    "   2: 020011AC:9C40 030011AC:0035 01 00000000:00000000 00:00000000 00000000 10003        0 1 2\n"
)
UDP6 = (
    UDP.splitlines()[0] + "\n   0: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 0:0\n"
)
MOUNTINFO = (
    "218 130 0:77 / / ro,relatime master:8 - overlay overlay rw,lowerdir=/a\n"
    "236 218 0:89 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw,size=1048576k\n"
    "241 218 254:0 /v/_data /var/lib/muni\\040ment rw,relatime master:1 - ext4 /dev/vda rw,discard\n"
    "242 218 254:0 /m /models/served rw,relatime - ext4 /dev/vda ro\n"
    "243 218 254:0 /n /models/other ro,relatime - ext4 /dev/vda rw\n"
)
STATUS = (
    "Name:\tmuniment\nUid:\t10001\t10001\t10001\t10001\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
    "CapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
)


def test_routes_that_lead_on_are_told_from_a_networks_own() -> None:
    assert kernel.routes(ROUTE, IPV6_ROUTE) == (
        Route("0.0.0.0/0", "eth0", "172.20.0.1"),
        Route("172.20.0.0/16", "eth0"),
        Route("::/0", "eth0", "fd00::1"),
        Route("fd00::/64", "eth0"),
    )


def test_addresses_that_others_can_use() -> None:
    assert kernel.local_addresses(FIB_TRIE, IF_INET6) == ("172.17.0.1", "fd00::2")


def test_sockets_that_take_connections_from_others() -> None:
    assert kernel.listening(TCP) == ("0.0.0.0:8000",)


def test_sockets_that_take_datagrams_from_anybody_beyond_loopback() -> None:
    assert kernel.receiving(UDP, UDP6) == ("0.0.0.0:53", "[::]:5353")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as open_to_all:
        open_to_all.bind(("0.0.0.0", 0))
        port = open_to_all.getsockname()[1]
        assert f"0.0.0.0:{port}" in kernel.receiving(Path("/proc/net/udp").read_text())


def test_resolvers_beyond_the_machine() -> None:
    text = "search lan\nnameserver 127.0.0.53\nnameserver 10.0.0.53\nnameserver fe80::1%eth0\nnameserver\n"
    assert kernel.resolvers(text) == ("10.0.0.53",)


def test_what_is_written_where_it_lasts() -> None:
    found = kernel.mounts(MOUNTINFO)
    assert found[2] == Mount("/var/lib/muni ment", "ext4", writable=True)
    assert [mount.place for mount in found if mount.lasts] == ["/var/lib/muni ment"]
    assert [mount.place for mount in found if mount.writable] == ["/tmp", "/var/lib/muni ment"]


def test_rights() -> None:
    found = kernel.rights(STATUS)
    assert found is not None
    assert (found.uids, found.capabilities, found.bounding) == ((10_001,) * 4, 0, 0xA80425FB)
    assert (found.no_new_privileges, found.filtered) == (True, True)


@pytest.mark.parametrize(
    "line", ["CapEff:\t0000000000000001", "CapPrm:\t0000000000000001", "CapAmb:\t0000000000000001"]
)
def test_any_capability_counts(line: str) -> None:
    name = line.partition(":")[0]
    text = "\n".join(line if one.startswith(name) else one for one in STATUS.splitlines())
    found = kernel.rights(text)
    assert found is not None
    assert found.capabilities == 1


@pytest.mark.parametrize("name", ["Uid", "CapInh", "CapEff", "NoNewPrivs", "Seccomp"])
def test_rights_of_which_a_part_is_missing_are_not_known(name: str) -> None:
    assert kernel.rights("\n".join(line for line in STATUS.splitlines() if not line.startswith(name))) is None


def test_this_machines_own_files_are_read() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        assert f"0.0.0.0:{port}" in kernel.listening(Path("/proc/net/tcp").read_text())
    assert "/" in {mount.place for mount in kernel.mounts(Path("/proc/self/mountinfo").read_text())}
    assert kernel.rights(Path("/proc/self/status").read_text()) is not None


CUT = st.sampled_from([ROUTE, IPV6_ROUTE, FIB_TRIE, IF_INET6, TCP, UDP, MOUNTINFO, STATUS])
TEXTS = st.text() | st.tuples(CUT, st.integers(0, 700)).map(lambda one: one[0][one[1] :]) | CUT
PARSERS: list[Callable[[str], object]] = [
    lambda text: kernel.routes(text, text),
    lambda text: kernel.local_addresses(text, text),
    kernel.listening,
    kernel.receiving,
    kernel.resolvers,
    kernel.mounts,
    kernel.rights,
]


@pytest.mark.parametrize("parse", PARSERS)
@given(text=TEXTS)
def test_no_text_is_an_error(parse: Callable[[str], object], text: str) -> None:
    parse(text)

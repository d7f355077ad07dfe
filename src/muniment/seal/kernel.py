"""What Linux says in /proc, read."""

import ipaddress
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
_RTF_UP, _RTF_GATEWAY, _RTF_REJECT = 0x1, 0x2, 0x200
_LISTEN, _UNCONNECTED = "0A", "07"
"""States of a socket, as the kernel numbers them: TCP_LISTEN, and TCP_CLOSE, in which UDP's take from anybody."""
_IN_MEMORY = frozenset(
    {
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl"),
        *("hugetlbfs", "mqueue", "nsfs", "proc", "ramfs", "securityfs", "selinuxfs", "sysfs", "tmpfs", "tracefs"),
    }
)
"""Kinds of file systems of which nothing is left when the machine is off."""
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Route:
    """A line of a routing table.

    Attributes:
        network: like "0.0.0.0/0".
        interface: what it leads through.
        router: where it leads on to, further than the interface's own network; "" if it does not.
    """

    network: str
    interface: str
    router: str = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of mountinfo.

    Attributes:
        place: where it is seen.
        kind: of file system.
        writable: by whoever may.
    """

    place: str
    kind: str
    writable: bool

    @property
    def lasts(self) -> bool:
        """Whether what is written there would be there tomorrow."""
        return self.writable and self.kind not in _IN_MEMORY


@dataclass(frozen=True, slots=True)
class Rights:
    """What a process may do.

    Attributes:
        uids: real, effective, saved and of the file system.
        capabilities: inheritable, permitted, effective, bounding and ambient ones, together.
        no_new_privileges: programs that it runs give it none.
        filtered: seccomp decides which calls of the system it may make.
    """

    uids: tuple[int, ...]
    capabilities: int
    bounding: int
    no_new_privileges: bool
    filtered: bool


def local_addresses(fib_trie: str, if_inet6: str) -> tuple[str, ...]:
    """The addresses of a network namespace, IPv4 first, without loopback ones and those of one link.

    Args:
        fib_trie, if_inet6: the files of /proc/net.
    """
    found = {ipaddress.ip_address(address) for address in _LOCAL.findall(fib_trie) if is_address(address)}
    words = [line.split() for line in if_inet6.splitlines()]
    sixes = {line[0] for line in words if line and re.fullmatch("[0-9a-f]{32}", line[0])}
    every = sorted(found, key=int) + sorted((ipaddress.IPv6Address(int(one, 16)) for one in sixes), key=int)
    return tuple(
        str(one)
        for one in every
        if not (one.is_loopback or one.is_link_local or one.is_multicast or one.is_unspecified)
    )


def routes(route: str, ipv6_route: str) -> tuple[Route, ...]:
    """The routes that lead anywhere, but for those to itself.

    Args:
        route, ipv6_route: the files of /proc/net.
    """
    return (*_routes4(route), *_routes6(ipv6_route))


def _routes4(text: str) -> list[Route]:
    found = []
    for words in (line.split() for line in text.splitlines()[1:]):
        try:
            interface, destination, gateway, flags = words[:4]
            address, router, mask = (struct.pack("=I", int(word, 16)) for word in (destination, gateway, words[7]))
            network = ipaddress.IPv4Network((address, bin(int.from_bytes(mask, "big")).count("1")), strict=False)
            number = int(flags, 16)
        except (ValueError, IndexError, struct.error):
            continue
        if interface != "lo" and number & _RTF_UP and not number & _RTF_REJECT:
            onward = str(ipaddress.IPv4Address(router)) if number & _RTF_GATEWAY else ""
            found.append(Route(str(network), interface, onward))
    return found


def _routes6(text: str) -> list[Route]:
    found = []
    for words in (line.split() for line in text.splitlines()):
        try:
            destination, length, _, _, gateway, _, _, _, flags, interface = words
            network = ipaddress.IPv6Network((int(destination, 16), int(length, 16)), strict=False)
            router = str(ipaddress.IPv6Address(int(gateway, 16)))
            number = int(flags, 16)
        except ValueError:
            continue
        leads = interface != "lo" and number & _RTF_UP and not number & _RTF_REJECT
        if leads and not (network.is_link_local or network.is_multicast):
            found.append(Route(str(network), interface, router if number & _RTF_GATEWAY else ""))
    return found


def resolvers(resolv_conf: str) -> tuple[str, ...]:
    """The name servers of /etc/resolv.conf, but for those of the machine itself and of one link."""
    words = [line.split() for line in resolv_conf.splitlines()]
    named = [line[1] for line in words if line[:1] == ["nameserver"] and len(line) > 1]
    return tuple(dict.fromkeys(one for one in named if is_address(one) and not ipaddress.ip_address(one).is_loopback))


def is_address(text: str) -> bool:
    """Whether it is an IP address without a zone."""
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def listening(*tables: str) -> tuple[str, ...]:
    """The addresses that connections are taken at, but for loopback ones, like "0.0.0.0:8000".

    Args:
        tables: the files tcp and tcp6 of /proc/net.
    """
    return _places(tables, _LISTEN)


def receiving(*tables: str) -> tuple[str, ...]:
    """The addresses that datagrams are taken at from anybody, but for loopback ones, like "0.0.0.0:53".

    Args:
        tables: the files udp and udp6 of /proc/net.
    """
    return _places(tables, _UNCONNECTED)


def _places(tables: Iterable[str], state: str) -> tuple[str, ...]:
    found = set()
    for words in (line.split() for table in tables for line in table.splitlines()[1:]):
        if len(words) < 4 or words[3] != state:
            continue
        address, _, port = words[1].partition(":")
        try:
            packed = b"".join(struct.pack("=I", int(address[i : i + 8], 16)) for i in range(0, len(address), 8))
            where = ipaddress.ip_address(packed)
            shown = f"[{where}]" if where.version == 6 else str(where)
            if not where.is_loopback:
                found.add(f"{shown}:{int(port, 16)}")
        except (ValueError, struct.error):
            continue
    return tuple(sorted(found))


def mounts(mountinfo: str) -> tuple[Mount, ...]:
    """What is mounted where, as proc(5) describes /proc/PID/mountinfo."""
    found = []
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        own, whole = before.split(), after.split()
        if not dash or len(own) < 6 or len(whole) < 3:
            continue
        writable = "ro" not in own[5].split(",") and "ro" not in whole[2].split(",")
        found.append(Mount(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), own[4]), whole[0], writable))
    return tuple(found)


def rights(status: str) -> Rights | None:
    """What /proc/PID/status says of them; None if it does not say all of it."""
    told = dict(line.partition(":")[::2] for line in status.splitlines())
    try:
        sets = {name: int(told[f"Cap{name}"], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
        return Rights(
            uids=tuple(int(word) for word in told["Uid"].split()),
            capabilities=sets["Inh"] | sets["Prm"] | sets["Eff"] | sets["Amb"],
            bounding=sets["Bnd"],
            no_new_privileges=int(told["NoNewPrivs"]) == 1,
            filtered=int(told["Seccomp"]) == 2,  # SECCOMP_MODE_FILTER
        )
    except (KeyError, ValueError):
        return None

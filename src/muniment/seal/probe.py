"""The probe: tries what it is told to from where it stands, and tells what the kernel says there.

Run as ``python probe.py ORDER``, or with this text after ``-c`` where there is no file of it; ORDER and the answer are
JSON, as :mod:`muniment.seal.probing` has them. It needs Python and nothing else. What it tells of an environment are
values that it was asked for by name, and of those that may hold a password only whether they are set.
"""

import ctypes
import errno
import json
import os
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

_TRIES = 3
"""Datagrams a probe, as one may get lost."""
_MOST = 2048
_STARTING = 0.5
"""Seconds that a program that is being started has, until it counts as one that runs."""
_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_NET_FILES = ("route", "ipv6_route", "tcp", "tcp6", "udp", "udp6", "fib_trie", "if_inet6")
_NAMESPACES = ("net", "user", "pid", "mnt")


def main() -> None:
    order = json.loads(sys.argv[1])
    began = time.monotonic()
    processes = _processes(order)
    if order["enter"]:
        _enter(order["enter"])
    resolvers = _resolvers(processes)
    asked = (resolvers or []) if order["resolve"] else []
    probes = [*order["probes"], *(_resolving(address, order["resolve"]) for address in asked)]
    with ThreadPoolExecutor(max(1, len(probes))) as pool:
        outcomes = list(pool.map(lambda probe: _tried(probe, order), probes))
    if order["processes"]:
        time.sleep(max(0.0, _STARTING - (time.monotonic() - began)))
    answer = {
        "outcomes": {probe["id"]: outcome for probe, outcome in zip(probes, outcomes, strict=True)},
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "files": {name: _text(Path("/proc/self/net") / name) for name in _NET_FILES},
        "resolvers": resolvers,
        "processes": _lasting(processes),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


def _enter(pid: int) -> None:
    """Go into the user and the network namespace of a process."""
    library = ctypes.CDLL(None, use_errno=True)
    kinds = [kind for kind in ("user", "net") if _link(_namespace(pid, kind)) != _link(_namespace("self", kind))]
    # All are opened before any is entered, from where one may no longer.
    for descriptor in [os.open(_namespace(pid, kind), os.O_RDONLY) for kind in kinds]:
        if library.setns(descriptor, 0):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _namespace(pid: "int | str", kind: str) -> Path:
    return Path("/proc") / str(pid) / "ns" / kind


def _resolving(address: str, name: str) -> "dict[str, Any]":
    return {"id": f"resolver {address}", "kind": "dns", "address": address, "port": 53, "name": name}


def _tried(probe: "dict[str, Any]", order: "dict[str, Any]") -> str:
    """What came of a probe, in a word."""
    text = f"{order['token']} {probe['id']}\n".encode()
    place = (probe["address"], probe["port"])
    try:
        if probe["kind"] == "tcp":
            return _tcp(place, text, order["within"])
        if probe["kind"] == "udp":
            return "answered" if _udp(place, text, order["within"]) else "silence"
        answer = _udp(place, _question(probe["name"]), order["within"])
        return _CODES.get(answer[3] & 15, "OTHER") if len(answer) >= 12 else "silence"
    except TimeoutError:
        return "ETIMEDOUT"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _tcp(place: "tuple[str, int]", text: bytes, within: float) -> str:
    with socket.socket(_family(place[0]), socket.SOCK_STREAM) as line:
        line.settimeout(within)
        line.connect(place)
        with suppress(OSError):  # it was reached, whatever becomes of the rest
            line.sendall(text)
            if line.recv(_MOST) == text:
                return "answered"
        return "connected"


def _udp(place: "tuple[str, int]", text: bytes, within: float) -> bytes:
    """What is answered; nothing if nothing is. Raises OSError for what the kernel refuses, or hears of."""
    with socket.socket(_family(place[0]), socket.SOCK_DGRAM) as line:
        line.settimeout(within / _TRIES)
        line.connect(place)
        for _ in range(_TRIES):
            line.send(text)
            with suppress(TimeoutError):
                return line.recv(_MOST)
    return b""


def _question(name: str) -> bytes:
    """A DNS query for an IPv4 address (RFC 1035)."""
    labels = b"".join(struct.pack("B", len(label)) + label.encode() for label in name.split("."))
    return os.urandom(2) + struct.pack(">5H", 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, 1, 1)


def _resolvers(processes: "list[dict[str, Any]]") -> "list[str] | None":
    """Those that the processes looked at ask for names, as their file has it; else as ours has it."""
    places = [Path(f"/proc/{one['pid']}/root/etc/resolv.conf") for one in processes]
    for place in (*places, Path("/etc/resolv.conf")):
        text = _text(place)
        if text is not None:
            lines = [line.split() for line in text.splitlines()]
            return list(dict.fromkeys(words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1))
    return None


def _processes(order: "dict[str, Any]") -> "list[dict[str, Any]]":
    asked = order["processes"]
    if asked == "all":
        asked = sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())  # noqa: PTH208
    seen = [_process(pid, order) for pid in asked if pid != os.getpid()]
    return [one for one in seen if one["status"]]


def _lasting(processes: "list[dict[str, Any]]") -> "list[dict[str, Any]]":
    """Those that still run after all probes, with the rights that they have now.

    What Docker starts in a container, as a health check does, has others for a moment until it is what it was to be.
    """
    kept = []
    for one in processes:
        began, folder = one.pop("began"), Path("/proc") / str(one["pid"])
        if began and _began(folder) == began:
            kept.append({**one, "status": _text(folder / "status") or one["status"]})
    return kept


def _began(folder: Path) -> str:
    """When a process began, which tells it from a later one of its number; "" if it is gone."""
    words = (_text(folder / "stat") or "").rpartition(")")[2].split()
    return words[19] if len(words) > 19 else ""


def _process(pid: int, order: "dict[str, Any]") -> "dict[str, Any]":
    """What the kernel says of a process; None in the place of what it keeps to itself."""
    folder = Path("/proc") / str(pid)
    return {
        "pid": pid,
        "began": _began(folder),
        "status": _text(folder / "status"),
        "command": (_text(folder / "cmdline") or "").split("\0")[:-1],
        "environment": _environment(folder / "environ", order["values"], order["presence"]),
        "mounts": _text(folder / "mountinfo"),
        "namespaces": {kind: _link(folder / "ns" / kind) for kind in _NAMESPACES},
    }


def _environment(path: Path, values: "list[str]", presence: "list[str]") -> "dict[str, str] | None":
    text = _text(path)
    if not text:  # a process that has ended, and was not waited for, has none
        return None
    known = dict(pair.partition("=")[::2] for pair in text.split("\0"))
    told = {name: known[name] for name in values if name in known}
    return told | {name: "set" for name in presence if known.get(name)}


def _text(path: Path) -> "str | None":
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _link(path: Path) -> "str | None":
    try:
        return str(path.readlink())
    except OSError:
        return None


if __name__ == "__main__":
    main()

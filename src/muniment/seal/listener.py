"""The listener: takes what probes send, answers it, and counts what came with the token; a small DNS server too.

Run as ``python listener.py TOKEN``, or with this text after ``-c``. It tells in a line of JSON where it listens and
which addresses this machine has, and after a line on its standard input, in another, what arrived. It ends with its
standard input, and by itself after two minutes. It needs Python and nothing else.
"""

import asyncio
import errno
import json
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_LIFE = 120.0
"""Seconds."""
_TRIES = 20
_MOST = 512
_WORDS = 2


class Arrivals:
    """What arrived with the token: by which way, and what it called itself."""

    def __init__(self, token: str) -> None:
        self._token = token.lower()
        self.seen: set[tuple[str, str]] = set()

    def take(self, way: str, text: bytes) -> bool:
        """Count ``text``, "TOKEN NAME", if it has the token."""
        token, _, name = text.decode(errors="replace").strip().partition(" ")
        if token.lower() != self._token or not name:
            return False
        self.seen.add((way, name))
        return True


class _Echo(asyncio.DatagramProtocol):
    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # asyncio's own do not say that they are for datagrams

    def datagram_received(self, data: bytes, addr: "tuple[str, int]") -> None:
        if self._arrivals.take("udp", data):
            self._transport.sendto(data, addr)


class _Names(_Echo):
    def datagram_received(self, data: bytes, addr: "tuple[str, int]") -> None:
        """Answer a query for NAME.TOKEN.test with an address for documentation."""
        labels = _labels(data)
        if len(labels) > _WORDS and self._arrivals.take("dns", f"{labels[1]} {labels[0]}".encode()):
            answer = data[:2] + struct.pack(">5H", 0x8580, 1, 1, 0, 0) + data[12 : _end(labels)]
            self._transport.sendto(answer + struct.pack(">3HIH4B", 0xC00C, 1, 1, 0, 4, 192, 0, 2, 53), addr)


def _labels(query: bytes) -> "list[str]":
    """The parts of the name that a DNS query asks for; none if it is no query."""
    labels, place = [], 12
    while place < len(query) and query[place]:
        label = query[place + 1 : place + 1 + query[place]]
        labels.append(label.decode(errors="replace"))
        place += 1 + query[place]
    return labels if place + 5 <= len(query) else []


def _end(labels: "list[str]") -> int:
    """Where the question ends in a query for this name: after the root's label, a type and a class."""
    return 12 + sum(1 + len(label.encode()) for label in labels) + 5


def _bound(kind: socket.SocketKind, port: int) -> "list[socket.socket]":
    """Sockets at all addresses, IPv4 and, where there is any, IPv6, on the same port; 0 takes one that is free."""
    made = []
    try:
        for family, everywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
            try:
                made.append(socket.socket(family, kind))
                if family == socket.AF_INET6:
                    made[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                made[-1].bind((everywhere, port))
            except OSError as error:
                if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                    raise
                made.pop().close()  # this machine has no IPv6
            port = made[0].getsockname()[1]
    except OSError:
        for one in made:
            one.close()
        raise
    return made


def _alike() -> "tuple[list[socket.socket], list[socket.socket]]":
    """TCP and UDP on the same port."""
    for left in reversed(range(_TRIES)):
        tcp = _bound(socket.SOCK_STREAM, 0)
        try:
            return tcp, _bound(socket.SOCK_DGRAM, tcp[0].getsockname()[1])
        except OSError:
            for one in tcp:
                one.close()
            if not left:
                raise
    raise AssertionError


async def _serve(token: str) -> None:
    arrivals = Arrivals(token)
    loop = asyncio.get_running_loop()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, asyncio.TimeoutError):
            line = await asyncio.wait_for(reader.readline(), 5)
            if arrivals.take("tcp", line):
                writer.write(line)
                await writer.drain()
        writer.close()

    tcp, udp = _alike()
    names = _bound(socket.SOCK_DGRAM, 0)
    for one in tcp:
        await asyncio.start_server(take, sock=one, limit=_MOST)
    for line in udp:
        await loop.create_datagram_endpoint(lambda: _Echo(arrivals), sock=line)
    for line in names:
        await loop.create_datagram_endpoint(lambda: _Names(arrivals), sock=line)
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    files = {name: _text(Path("/proc/net") / name) for name in ("fib_trie", "if_inet6", "route")}
    files["resolv.conf"] = _text(Path("/etc/resolv.conf"))
    _tell({"port": tcp[0].getsockname()[1], "names_port": names[0].getsockname()[1], "files": files})
    if await stdin.readline():
        _tell({"arrived": sorted(arrivals.seen)})


def _text(path: Path) -> "str | None":
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _tell(what: "dict[str, object]") -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _main(token: str) -> None:
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(_serve(token), _LIFE)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))

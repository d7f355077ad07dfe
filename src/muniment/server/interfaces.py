"""The network interfaces that this process has."""

import fcntl
import socket
import struct

_GET_FLAGS = 0x8913
"""SIOCGIFFLAGS of Linux."""
_REQUEST = struct.Struct("16sH14x")
_UP, _LOOPBACK = 0x1, 0x8


def interfaces_up() -> int:
    """How many of them are up, beside the loopback.

    Those that are down do not count: some kernels put a few of them into every namespace, and nobody without privileges
    brings one up.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        flags = [_flags(asking, name) for _, name in socket.if_nameindex()]
    return sum(bool(one & _UP and not one & _LOOPBACK) for one in flags)


def _flags(asking: socket.socket, name: str) -> int:
    try:
        told = fcntl.ioctl(asking, _GET_FLAGS, _REQUEST.pack(name.encode(), 0))
    except OSError:  # it went away meanwhile
        return 0
    flags: int = _REQUEST.unpack(told)[1]
    return flags

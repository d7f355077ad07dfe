"""A host that is outside: in a network namespace of its own, to which this machine forwards as to any other."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.acceptance.containers.deployed import Deployed

REACH = """
import errno, socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()
    print("connected")
except OSError as error:
    print(errno.errorcode.get(error.errno, type(error).__name__))
"""
"""What comes of a connection to a host and a port."""

_NAME, _OURS, _THEIRS = "muniment-outside", "mun-out", "mun-in"
_HERE, _ADDRESS, _PORT = "198.51.100.1", "198.51.100.2", "443"
"""Of a network that is set aside for documentation."""
_LISTEN = f"""
import socket
with socket.create_server(("{_ADDRESS}", {_PORT})) as listener:
    print("listening", flush=True)
    while True:
        listener.accept()[0].close()
"""


@dataclass(frozen=True)
class Outside:
    """That host, which takes every connection."""

    def reached_from(self, deployed: Deployed, service: str) -> str:
        """What comes of a connection from inside a container of a deployment, which has Python."""
        return deployed.execute(service, "python3", "-c", REACH, _ADDRESS, _PORT).stdout.strip()

    def reached_on(self, deployed: Deployed, network: str) -> str:
        """The same from another container on a network."""
        command = ("run", "--rm", "--network", network, deployed.machine.base)
        return deployed.machine.ask(*command, "python3", "-c", REACH, _ADDRESS, _PORT).strip()


@contextmanager
def outside_host() -> Iterator[Outside]:
    """The host, for as long as the block lasts. It takes root."""
    inside = ("ip", "netns", "exec", _NAME)
    subprocess.run(["ip", "netns", "delete", _NAME], capture_output=True, check=False)  # what a killed run left
    _run("ip", "netns", "add", _NAME)
    try:
        _run("ip", "link", "add", _OURS, "type", "veth", "peer", "name", _THEIRS, "netns", _NAME)
        _run("ip", "addr", "add", f"{_HERE}/30", "dev", _OURS)
        _run("ip", "link", "set", _OURS, "up")
        _run(*inside, "ip", "addr", "add", f"{_ADDRESS}/30", "dev", _THEIRS)
        _run(*inside, "ip", "link", "set", _THEIRS, "up")
        _run(*inside, "ip", "route", "add", "default", "via", _HERE)
        with subprocess.Popen([*inside, sys.executable, "-c", _LISTEN], stdout=subprocess.PIPE) as listener:
            try:
                assert listener.stdout is not None
                assert listener.stdout.readline() == b"listening\n"
                yield Outside()
            finally:
                listener.terminate()
    finally:
        _run("ip", "netns", "delete", _NAME)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)

"""Processes that are sealed together reach each other, share memory apart, and reach nothing else."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.documents.test_sandbox import namespaces_allowed

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces"),
]

PROBE = """
import fcntl, json, os, resource, socket, sys  # some for enter(): another user may not reach this Python's files
from pathlib import Path
from muniment.documents.sandbox import enter

if user := int(sys.argv[3]):
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
report = enter(None, together=TOGETHER)
with socket.socket() as server, socket.socket() as probe:
    server.bind(("127.0.0.1", 0))
    server.listen()
    probe.settimeout(2)
    loopback = probe.connect_ex(server.getsockname()) == 0
with socket.socket() as probe:
    probe.settimeout(2)
    outside = probe.connect_ex(("127.0.0.1", int(sys.argv[1])))
Path("/dev/shm", sys.argv[2]).write_text("shared")
status = Path("/proc/self/status").read_text()
capabilities = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff")]
print(json.dumps(dict(network=report.network, loopback=loopback, outside=outside, capabilities=capabilities)))
"""


def sealed(port: int, name: str, *, together: bool, user: int = 0) -> dict[str, object]:
    code = PROBE.replace("TOGETHER", str(together))
    command = [sys.executable, "-c", code, str(port), name, str(user)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("user", [0, 65_534] if os.geteuid() == 0 else [0], ids=lambda user: f"user-{user}")
def test_they_reach_each_other_and_nothing_else(user: int) -> None:
    name = f"muniment-{uuid4()}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the control: it is reached from out here
            found = sealed(port, name, together=True, user=user)
    Path("/dev/shm", name).unlink(missing_ok=True)  # one who is nobody has no memory apart
    assert found["network"] is True
    assert found["loopback"] is True
    assert found["outside"] != 0
    assert found["capabilities"] == [0]


def test_memory_they_share_is_not_seen_outside_and_gone_afterwards() -> None:
    name = f"muniment-{uuid4()}"
    place = Path("/dev/shm", name)
    sealed(9, name, together=True)
    assert not place.exists()
    found = sealed(9, name, together=False)  # the control: without it, it is left behind
    try:
        assert place.exists()
        assert found["loopback"] is False
    finally:
        place.unlink()

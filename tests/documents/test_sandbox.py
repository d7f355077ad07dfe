"""A sealed process reaches nothing; the same process before it was sealed reaches a listener of ours."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.documents.sandbox import SandboxReport, enter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

MEMORY = 1 << 30

PROBE = """
import ctypes, json, os, resource, socket, sys
from muniment.documents.sandbox import enter

port, user = int(sys.argv[1]), int(sys.argv[2])
if user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)

def reached():
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port))

def status(key):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(key + ":"))

before = reached()
report = enter({memory})
try:
    too_much = len(bytearray(2 * {memory}))
except MemoryError:
    too_much = 0
print(json.dumps(dict(
    before=before, network=report.network, reason=report.reason, after=reached(),
    core=resource.getrlimit(resource.RLIMIT_CORE), too_much=too_much, user=os.getuid(),
    capabilities=int(status("CapEff"), 16), no_new_privileges=int(status("NoNewPrivs")),
)))
"""


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def sealed(port: int, user: int, prelude: str = "") -> dict[str, object]:
    code = prelude + textwrap.dedent(PROBE).replace("{memory}", str(MEMORY))
    done = subprocess.run([sys.executable, "-c", code, str(port), str(user)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def namespaces_allowed() -> bool:
    code = "import json; from muniment.documents.sandbox import enter; print(json.dumps(enter(1 << 30).network))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "true"


@pytest.mark.parametrize("user", [0, 65_534] if os.geteuid() == 0 else [0], ids=lambda user: f"user-{user}")
def test_after_entering_nothing_can_be_reached(listener: int, user: int) -> None:
    if not namespaces_allowed():
        pytest.skip("this system refuses the namespaces")
    found = sealed(listener, user)
    assert found["before"] == 0, "the control: the listener is reached before"
    assert found["network"] is True, found["reason"]
    assert found["reason"] == ""
    assert found["after"] != 0
    assert found["capabilities"] == 0
    assert found["user"] == (user or os.geteuid())


def test_what_the_process_may_use_is_bounded(listener: int) -> None:
    found = sealed(listener, 0)
    assert found["core"] == [0, 0]
    assert found["too_much"] == 0
    assert found["no_new_privileges"] == 1


def test_a_refusal_is_reported_and_not_raised(listener: int) -> None:
    """A process with threads is not let into a user namespace, and one without privileges into no other."""
    prelude = "import threading, time; threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
    found = sealed(listener, 65_534 if os.geteuid() == 0 else 0, prelude)
    assert found["network"] is False
    assert "refuses a user and network namespace" in str(found["reason"])
    assert found["after"] == 0, "it is not sealed, and did not say so"


def test_one_that_already_is_without_a_network_needs_no_namespace(listener: int) -> None:
    """As in a container without network, which refuses them."""
    if not namespaces_allowed():
        pytest.skip("this system refuses the namespaces")
    shut_off = "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) == 0\n"
    threads = "import threading, time; threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
    refused = "from muniment.documents import sandbox; sandbox._leave_network = lambda: 'the system refuses it'\n"
    for prelude, network in ((shut_off, True), ("", False)):
        found = sealed(listener, 0, prelude + threads + refused)
        assert found["network"] is network
        assert found["reason"] == ("" if network else "the system refuses it")


def test_a_system_without_namespaces_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert enter(MEMORY) == SandboxReport(False, "there are no network namespaces on darwin")


def test_the_process_dies_with_its_parent() -> None:
    child = "import os, sys, time; from muniment.documents.sandbox import enter; enter(1 << 30)\n"
    child += "print(os.getpid(), flush=True); time.sleep(60)"
    parent = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
    )
    parent += "print(p.stdout.readline().decode(), flush=True)"
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True)
    assert not is_alive(int(done.stdout))


def is_alive(process: int) -> bool:
    """Whether it runs a moment from now; the dead may wait for a while to be buried."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_importing_it_is_light() -> None:
    code = "import sys, muniment.documents.sandbox, muniment.documents.sources, muniment.documents.pages\n"
    code += "print({'numpy', 'PIL', 'pypdfium2', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

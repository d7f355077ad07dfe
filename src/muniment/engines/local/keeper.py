"""The process between Muniment and its vLLM: shuts itself off from the network, starts vLLM in there, and cleans up.

Started by :mod:`muniment.engines.local.server` as ``python keeper.py DESCRIPTOR``. The descriptor is a socket: first
this process tells what the sandbox found, then it is told what to run. When the socket closes, because Muniment is
done or dead, vLLM and all that it started are ended, and its folder is removed. A signal that the system sends at a
parent's death would not do for that: it reaches vLLM's first process alone, and is sent already when the thread ends
that started it.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from select import select

from muniment.documents import sandbox

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_EVERY = 0.2
_AFTER_KILL = 10.0


@dataclass(frozen=True, slots=True)
class Order:
    """What to run.

    Attributes:
        folder: removed at the end.
        grace: seconds from the request to end until everything is killed.
    """

    command: list[str]
    environment: dict[str, str]
    folder: str
    grace: float


def main() -> int:
    line = socket.socket(fileno=int(sys.argv[1]))
    report = sandbox.enter(None, together=True)
    _prctl(_PR_SET_PDEATHSIG, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what vLLM leaves behind comes to us to be waited for
    line.sendall(json.dumps(asdict(report)).encode() + b"\n")
    with line.makefile("rb") as incoming:
        told = incoming.readline()
    return _keep(line, Order(**json.loads(told))) if told else 0


def _keep(line: socket.socket, order: Order) -> int:
    """Run vLLM until it ends or ``line`` closes; how it ended, or 0."""
    try:
        vllm = subprocess.Popen(  # noqa: S603
            order.command,
            env=order.environment,
            cwd=order.folder,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_die_with_keeper,  # noqa: PLW1509 - this process has a single thread
        )
        with suppress(OSError):  # nobody is there any more: the line is closed, and that is seen to below
            line.sendall(b"%d\n" % vllm.pid)
        while vllm.poll() is None and not _closed(line):
            pass
        _end(vllm.pid, order.grace if vllm.returncode is None else 0)
        return _as_exit_code(vllm.returncode or 0)
    finally:
        shutil.rmtree(order.folder, ignore_errors=True)


def _as_exit_code(code: int) -> int:
    """As shells tell of a process that a signal ended."""
    return code if code >= 0 else 128 - code


def _closed(line: socket.socket) -> bool:
    """Whether the other side is gone; waits a little."""
    readable, _, _ = select([line], [], [], _LOOK_EVERY)
    return bool(readable) and not line.recv(1)


def _end(group: int, grace: float) -> None:
    """End all processes of ``group``, and wait until the last one has ended."""
    for signal_, within in ((signal.SIGTERM, grace), (signal.SIGKILL, _AFTER_KILL)):
        with suppress(ProcessLookupError):
            os.killpg(group, signal_)
        if _all_gone(within):
            return


def _all_gone(within: float) -> bool:
    """Whether all children, and the orphans among their children, end in time."""
    deadline = time.monotonic() + within
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not ended:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)


def _die_with_keeper() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())

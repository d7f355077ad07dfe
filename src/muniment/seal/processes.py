"""Muniment's own processes on this machine that open or read documents, outside of containers."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_MARKS = (("muniment.reading.worker", "worker"), ("muniment/engines/local/keeper.py", "vLLM"))
"""An argument of theirs, or how one ends; and what they are called."""
_PARENT = 1
"""Its place among what /proc/PID/stat says after the name."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that should be shut off.

    Attributes:
        what: "worker"; "vLLM" for all processes of one that Muniment started.
        network: its network namespace, as the kernel names it.
    """

    pid: int
    what: str
    network: str

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.what} {self.pid}"

    @property
    def is_shut_off(self) -> bool:
        """Whether its network is another than this process's own."""
        return self.network != _link("self", "net")

    @property
    def is_there(self) -> bool:
        """Whether it runs still."""
        return bool(_link(self.pid, "net"))


def running() -> tuple[Running, ...]:
    """Those of this user, or of all for root; not those inside of containers, which see other processes than this."""
    pids = sorted(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    ours = [pid for pid in pids if _link(pid, "pid") == _link("self", "pid") and pid != os.getpid()]
    parents = {pid: _parent(pid) for pid in ours}
    marked = {pid: what for pid in ours if (what := _marked(pid))}
    found = []
    for pid in ours:
        line = [pid]
        while parents.get(line[-1], 0) in parents and parents[line[-1]] not in line:
            line.append(parents[line[-1]])
        what = next((marked[one] for one in line if one in marked), "")
        if what and (network := _link(pid, "net")):
            found.append(Running(pid, what, network))
    return tuple(found)


def _marked(pid: int) -> str:
    try:
        words = (_PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return ""
    return next((what for mark, what in _MARKS if any(word.endswith(mark) for word in words[:5])), "")


def _parent(pid: int) -> int:
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return int(told.rpartition(")")[2].split()[_PARENT])
    except (OSError, ValueError, IndexError):
        return 0


def _link(pid: int | str, kind: str) -> str:
    """A namespace of a process; "" if it is gone, or somebody else's."""
    try:
        return str((_PROC / str(pid) / "ns" / kind).readlink())
    except OSError:
        return ""

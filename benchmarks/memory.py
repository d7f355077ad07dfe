"""The memory of a command and all its processes while it runs.

PSS counts a page of memory that processes share once, RSS once for each.
"""

import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

INTERVAL = 0.5
"""Seconds between two looks."""
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of all processes together, in MiB, ``seconds`` after the start; ``own`` is the first one's PSS."""

    seconds: float
    pss: float
    rss: float
    own: float
    processes: int


def sample(process: psutil.Process, start: float) -> Sample | None:
    """Memory of ``process`` and all its children now; None when it has ended."""
    pss = rss = own = count = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    for member in family:
        try:
            memory = member.memory_full_info()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        pss, rss, count = pss + memory.pss, rss + memory.rss, count + 1
        own = memory.pss if member is process else own
    return Sample(time.perf_counter() - start, pss / MIB, rss / MIB, own / MIB, count) if count else None


def watched(running: "subprocess.Popen[bytes]") -> Iterator[Sample]:
    """Samples of a command's memory until it ends."""
    start = time.perf_counter()
    process = psutil.Process(running.pid)
    while running.poll() is None:
        now = sample(process, start)
        if now:
            yield now
        time.sleep(INTERVAL)


def drift(samples: Sequence[Sample], *, own: bool = False) -> float:
    """MiB by which mean PSS in the last quarter of the run is above that in the second, while all processes run.

    Args:
        own: of the first process alone.
    """
    most = max(s.processes for s in samples)
    full = [s.own if own else s.pss for s in samples if s.processes == most]
    quarter = max(1, len(full) // 4)
    return statistics.mean(full[-quarter:]) - statistics.mean(full[quarter : 2 * quarter] or full)

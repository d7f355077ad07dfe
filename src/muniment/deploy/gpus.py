"""The machine's NVIDIA GPUs, as their driver tells of them."""

import csv
import shutil
import subprocess
from dataclasses import dataclass

_WITHIN = 20.0
_FIELDS = "index,name,memory.total,memory.used,driver_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU; ``memory`` and ``used`` in bytes."""

    number: int
    name: str
    memory: int
    used: int
    driver: str


def find_gpus() -> tuple[Gpu, ...]:
    """The GPUs that nvidia-smi shows; none where it is missing or shows none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", timeout=_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return parse_gpus(done.stdout)  # it fails for one GPU that is lost, and shows the others


def parse_gpus(told: str) -> tuple[Gpu, ...]:
    """Lines of nvidia-smi; those that are no GPU's, or of one that is lost, are left out."""
    found = []
    for row in csv.reader(told.splitlines(), skipinitialspace=True):
        try:
            number, name, memory, used, driver = row
            found.append(
                Gpu(number=int(number), name=name, memory=int(memory) << 20, used=int(used) << 20, driver=driver)
            )
        except ValueError:
            continue
    return tuple(found)

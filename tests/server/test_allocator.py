"""Memory for bodies: kept for the usual ones, given back after the long ones."""

import platform

import pytest

from tests.processes import python

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is tuned")

TUNED = "from muniment.server.allocator import tune_allocator; tune_allocator()\n"


def test_pages_of_a_megabyte_are_no_new_memory_each_time() -> None:
    code = (
        "import resource\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def bodies(): return [bytes([1]) * 1_400_000 for _ in range(5)]\n"
        "bodies()\n"
        "before = faults()\n"
        "for _ in range(20): bodies()\n"
        "print(faults() - before)\n"
    )
    assert int(python(TUNED + code)) < 200
    assert int(python(code)) > 2_000  # as it is without: several hundred pages of memory each time


def test_long_bodies_leave_nothing_behind() -> None:
    code = (
        "from pathlib import Path\n"
        "def resident(): return int(Path('/proc/self/statm').read_text().split()[1]) * 4096\n"
        "bytes([1]) * 8_000_000\n"
        "before, kept = resident(), []\n"
        "for _ in range(20):\n"
        "    body = bytes([1]) * 8_000_000\n"
        "    kept.append(bytes([1]) * 100_000)\n"
        "    del body\n"
        "bodies = [(bytes([1]) * 8_000_000, kept.append(bytes([1]) * 100_000))[0] for _ in range(20)]\n"
        "del bodies\n"
        "print(resident() - before)\n"
    )
    assert int(python(TUNED + code)) < 10_000_000

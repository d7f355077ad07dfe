"""How this process keeps memory for bodies, which come and go."""

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 64 << 20
"""Bytes that may stay free at the heap's end."""
_LONG = 4 << 20
"""Bytes from which a block is mapped on its own."""


def tune_allocator() -> None:
    """Have glibc keep what pages of a megabyte need, and give back at once what longer bodies did; elsewhere, nothing.

    By itself it gives the heap's end back with nearly every page, and the system clears it anew for the next one: a
    fifth of the processor time that passing a page on takes. And once it has freed a long block, it keeps the next ones
    in the heap, where whatever lies behind holds them fast.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    library = ctypes.CDLL(None)
    library.mallopt(_MMAP_THRESHOLD, _LONG)
    library.mallopt(_TRIM_THRESHOLD, _KEPT)

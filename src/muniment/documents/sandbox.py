"""A process shuts itself off from the network before it opens what it does not trust.

On Linux a process may leave for a user and a network namespace of its own, without privileges where the kernel allows
it. In there it has no interface that is up, no route and no abstract Unix sockets; what its parent handed it (pipes,
open files) goes on working. Unix sockets that lie in the file system are not shut off by this.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9
_CAPABILITY_VERSION_3 = 0x20080522
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 2, 4, 1 << 14, 1 << 18
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1

_NOWHERE = ("192.0.2.1", 9)
"""An address set aside for documentation: no machine has it, and nothing is ever sent to it from a sealed process."""


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """How far the process got.

    Attributes:
        network: the process is shut off, by itself or as all of its container is, and a check from inside agrees.
        reason: why it is not; "" if it is.
    """

    network: bool
    reason: str = ""


def enter(memory: int | None, *, together: bool = False) -> SandboxReport:
    """Shut the calling process off from the network for good, and bound what it may use. Never raises for a refusal.

    Call it once, right after the process has started: a process with more than one thread is refused.

    Besides, as far as the system lets it: the process dies with its parent, gains no privileges by running other
    programs, gives up those it has, leaves no core dump (it would hold the document), and gets no more than ``memory``
    bytes of data memory, unless that is None.

    Args:
        together: for a process that starts others. They may talk to each other over the loopback interface, and the
            memory they share is shared with nobody else and gone when the last of them ends, if the system lets it.
    """
    if sys.platform != "linux":
        return SandboxReport(False, f"there are no network namespaces on {sys.platform}")
    _bound(memory)
    before = _namespace()
    refusal = _leave_network()
    if together and not refusal:
        _raise_loopback()
        _share_memory_apart()
    _drop_privileges()
    if not refusal and _namespace() == before:
        return SandboxReport(False, "the network namespace is still the old one")
    found = _checked()
    # A container without a network refuses to make another one, and needs none.
    return SandboxReport(False, refusal) if refusal and not found.network else found


def _bound(memory: int | None) -> None:
    import resource

    for limit, wanted in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, memory)):
        if wanted is None:
            continue
        _, hard = resource.getrlimit(limit)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (allowed, allowed))
    _call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _leave_network() -> str:
    """Enter new namespaces; why that failed, or ""."""
    user, group = os.geteuid(), os.getegid()
    failure = _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
    if not failure:
        _keep_identity(user, group)
        return ""
    # Root in a container is often refused user namespaces and allowed network ones.
    if not _call("unshare", _CLONE_NEWNET):
        return ""
    # What the system says then, "No space left on device", would send people looking at their disks.
    why = "no more of them are allowed" if failure == errno.ENOSPC else os.strerror(failure)
    return f"the system refuses a user and network namespace ({why})"


def _keep_identity(user: int, group: int) -> None:
    """Stay who one was, in the new user namespace as well; otherwise one becomes "nobody", which does no harm."""
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _raise_loopback() -> None:
    """Bring up the new namespace's own loopback interface, which leads nowhere else."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, suppress(OSError):
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))


def _share_memory_apart() -> None:
    """See a shared memory of one's own from here on."""
    if not Path("/proc/self/uid_map").read_text(encoding="utf-8").strip():
        return  # one is nobody in here, and nobody may not write there
    if _call("unshare", _CLONE_NEWNS) or _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        return
    _call("mount", b"tmpfs", b"/dev/shm", b"tmpfs", _MS_NOSUID | _MS_NODEV, None)


def _drop_privileges() -> None:
    """Give up the capabilities that come with a user namespace of one's own, or with being root."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", header, nothing)


def _checked() -> SandboxReport:
    """Whether what should be shut is shut, seen from inside."""
    interfaces = {name for _, name in socket.if_nameindex()} - {"lo"}
    if interfaces:
        return SandboxReport(False, f"there still are network interfaces ({', '.join(sorted(interfaces))})")
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        outcome = _connect(kind)
        if outcome != errno.ENETUNREACH:
            said = os.strerror(outcome) if outcome else "a connection was made"
            return SandboxReport(False, f"a connection outwards was not turned down as it should be ({said})")
    return SandboxReport(True)


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/net").readlink())
    except OSError:
        return ""


def _connect(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(_NOWHERE)


def _call(function: str, *arguments: object) -> int:
    """A call of the C library; 0, or the error number."""
    library = ctypes.CDLL(None, use_errno=True)
    failed: int = getattr(library, function)(*arguments)
    return ctypes.get_errno() if failed else 0

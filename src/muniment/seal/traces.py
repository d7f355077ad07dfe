"""Where what runs can write, and whether that lasts."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from muniment.seal.claims import Check, fact, unknown
from muniment.seal.inspected import Inspected
from muniment.seal.kernel import mounts
from muniment.seal.probing import ProcessSeen

_MOST_TOLD = 5
_INIT = ("/sbin/docker-init", "/usr/sbin/docker-init")
"""Docker puts it into the writable layer's place, empty, to mount its own over it."""


def root_file_system(container: Inspected) -> Check:
    """Whether its root file system was made to be read only."""
    return fact(
        container.service,
        "engine",
        "root file system",
        "read only" if container.read_only else "can be written to",
        is_well=container.read_only,
    )


def changes(container: Inspected, diff: str) -> Check:
    """What ``docker diff`` says of its layer, but for the empty places of what Docker mounts there."""
    changed = {line[2:] for line in diff.splitlines() if line}
    made = sorted(changed - _with_parents((*container.places, *_INIT)))
    shown = ", ".join(made[:_MOST_TOLD]) or "none"
    return fact(container.service, "engine", "changed files", shown, is_well=not made)


def _with_parents(places: Iterable[str]) -> set[str]:
    return {str(one) for place in map(PurePosixPath, places) for one in (place, *place.parents)}


def lasting_places(subject: str, processes: Iterable[ProcessSeen], allowed: Iterable[str]) -> Check:
    """Whether the kernel lets any process write to a file system that outlives the machine's being off.

    Args:
        allowed: where that is meant.
    """
    tables = {one.mounts for one in processes if one.mounts}
    if not tables:
        return unknown(subject, "kernel", "mounts", "the kernel does not tell")
    lasting = {mount.place for table in tables for mount in mounts(table) if mount.lasts}
    more = f" and {len(lasting) - _MOST_TOLD} more" if len(lasting) > _MOST_TOLD else ""
    shown = ", ".join(sorted(lasting)[:_MOST_TOLD]) + more or "all that can be written to is in memory"
    return fact(subject, "kernel", "mounts that last", shown, is_well=lasting <= set(allowed))

"""What a container or a process may do: as it was made, and as the kernel has it."""

from collections.abc import Iterable, Iterator

from muniment.seal.claims import Check, fact, unknown
from muniment.seal.inspected import Inspected
from muniment.seal.kernel import Rights, rights
from muniment.seal.probing import ProcessSeen

_MOST_TOLD = 5
_ROOT = frozenset({"", "0", "root"})


def made_without(container: Inspected) -> list[Check]:
    """Checks of what Docker was told."""
    lifted = [option for option in container.options if "unconfined" in option or option.endswith("disable")]
    given = (
        ("user", container.user or "root", container.user.partition(":")[0] not in _ROOT),
        ("privileged", str(container.privileged).lower(), not container.privileged),
        ("capabilities added", ", ".join(container.added) or "none", not container.added),
        ("capabilities dropped", ", ".join(container.dropped) or "none", "ALL" in map(str.upper, container.dropped)),
        ("no new privileges", *_stated(any("no-new-privileges" in option for option in container.options))),
        ("filters lifted", ", ".join(lifted) or "none", not lifted),
        ("namespaces of others", ", ".join(container.host_spaces) or "none", not container.host_spaces),
        ("devices", ", ".join(container.devices) or "none", not container.devices),
        ("sockets that rule containers", ", ".join(container.sockets) or "none", not container.sockets),
        ("names added by hand", ", ".join(container.extra_hosts) or "none", not container.extra_hosts),
        ("bound on memory", f"{container.memory:,} bytes" if container.memory else "none", container.memory > 0),
        ("bound on processes", str(container.processes or "none"), container.processes > 0),
    )
    return [fact(container.service, "engine", what, seen, is_well=well) for what, seen, well in given]


def _stated(is_well: bool) -> tuple[str, bool]:
    return ("yes" if is_well else "no", is_well)


def run_without(subject: str, processes: Iterable[ProcessSeen], *, contained: bool) -> list[Check]:
    """Checks of what the kernel says of all processes.

    Args:
        contained: they run in a container, which also keeps them from being root, and filters what they may call.
    """
    told = [(process, rights(process.status)) for process in processes]
    if not told:
        return [unknown(subject, "kernel", "processes", "none was seen")]
    unclear = [process.pid for process, found in told if found is None]
    faults = [
        f"process {process.pid}: {fault}"
        for process, found in told
        if found is not None
        for fault in _faults(found, contained=contained)
    ]
    what = "rights of its processes"
    if unclear and not faults:
        return [unknown(subject, "kernel", what, f"unclear of process {unclear[0]}")]
    more = f" and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
    shown = ", ".join(faults[:_MOST_TOLD]) + more or f"none, in {len(told)} of its processes"
    return [fact(subject, "kernel", what, shown, is_well=not faults)]


def _faults(found: Rights, *, contained: bool) -> Iterator[str]:
    if found.capabilities:
        yield f"capabilities {found.capabilities:x}"
    if not found.no_new_privileges:
        yield "it may gain privileges"
    if contained and found.bounding:
        yield f"capabilities {found.bounding:x} within bounds"
    if contained and 0 in found.uids:
        yield "it is root"
    if contained and not found.filtered:
        yield "no filter of system calls"

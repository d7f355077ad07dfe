"""Shows of the processes that read documents on this machine, outside of containers, what they reach."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from muniment.seal import catalogue
from muniment.seal.claims import Check, Claim, Finding, unknown
from muniment.seal.listening import listener, local_command
from muniment.seal.privileges import run_without
from muniment.seal.probing import InProcess, Order, Place, ProbeFailed, Seen
from muniment.seal.processes import Running, running
from muniment.seal.reach import NAME, Reached, aims, probes

_HERE = "here"
_SETTLE = 3.0
"""Seconds in which a process that has just started shuts itself off."""
_LOOK_EVERY = 0.2
_MOST = 32
"""Processes that are looked at; each is looked at in a process of its own."""


def find() -> tuple[Running, ...]:
    """The processes there are, once those that have just started have shut themselves off, or should have."""
    began = time.monotonic()
    while True:
        found = running()
        if all(one.is_shut_off for one in found) or time.monotonic() - began > _SETTLE:
            return found
        time.sleep(_LOOK_EVERY)


def prove(processes: tuple[Running, ...], control: Place | None = None) -> tuple[Finding, ...]:
    """What is found of each claim that such processes are under; nothing if all of them have ended meanwhile.

    Of many, some are looked at, and what is claimed of all stays unproven.

    Args:
        control: where what is tried should work; this process's own namespaces, unless a test knows better.
    """
    processes, rest = processes[:_MOST], processes[_MOST:]
    more = f"{len(rest):,} more process{'es were' if len(rest) > 1 else ' was'} not looked at"
    left_out = [unknown("others", "probe", "the probe", more)] if rest else []
    token = secrets.token_hex(8)
    try:
        with listener(local_command(), token) as heard:
            tried = aims(heard.listening, (), (), loopback=True)
            places: dict[str, Place] = {_HERE: control or InProcess()}
            places |= {_sender(one): InProcess(one.pid) for one in processes}
            pids = {_sender(one): (one.pid,) for one in processes}

            def order(sender: str) -> Order:
                wanted = probes(sender, token, tried)
                return Order(token=token, probes=wanted, resolve=NAME, processes=pids.get(sender, ()))

            seen, failures = send_all(places, order)
            arrived = heard.arrived()
    except ProbeFailed as error:
        why = str(error)
        return _findings(processes, lambda _, one: [unknown(one.name, "probe", "the listener", why)], left_out)
    reached = Reached(tried, seen, arrived, (_HERE,))
    left = tuple(one for one in processes if _sender(one) in seen or one.is_there)

    def judged(claim: Claim, one: Running) -> list[Check]:
        if _sender(one) not in seen:
            return [unknown(one.name, "probe", "the probe", failures[_sender(one)])]
        return _checks(reached, claim, one)

    return _findings(left, judged, left_out)


def send_all(places: dict[str, Place], order: Callable[[str], Order]) -> tuple[dict[str, Seen], dict[str, str]]:
    """Send a probe from each place at once: what was seen, and why nothing was, by the senders' names."""
    seen: dict[str, Seen] = {}
    failures: dict[str, str] = {}
    with ThreadPoolExecutor(max(1, len(places))) as pool:
        sent = {sender: pool.submit(place.send, order(sender)) for sender, place in places.items()}
        for sender, future in sent.items():
            try:
                seen[sender] = future.result()
            except ProbeFailed as error:
                failures[sender] = str(error)
    return seen, failures


def _sender(one: Running) -> str:
    return f"process{one.pid}"


def _checks(reached: Reached, claim: Claim, one: Running) -> list[Check]:
    sender = _sender(one)
    match claim.id:
        case catalogue.NO_INTERNET.id:
            return reached.internet(sender, one.name)
        case catalogue.NO_HOST.id:
            return reached.host(sender, one.name)
        case catalogue.NO_NAMES.id:
            return reached.names(sender, one.name)
    return run_without(one.name, reached.seen[sender].processes, contained=False)


def _findings(
    processes: tuple[Running, ...], checks: Callable[[Claim, Running], list[Check]], left_out: list[Check]
) -> tuple[Finding, ...]:
    if not processes and not left_out:
        return ()
    claims = (catalogue.NO_INTERNET, catalogue.NO_HOST, catalogue.NO_NAMES, catalogue.NO_PRIVILEGE)
    return tuple(
        Finding(claim=claim, checks=(*(check for one in processes for check in checks(claim, one)), *left_out))
        for claim in claims
    )

"""What is reached from where: the same aims tried from each place, and from where they should work."""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from muniment.seal.claims import Check, Verdict, fact, unknown
from muniment.seal.judging import Trace, judge_delivery, judge_loopback, judge_name, judge_way
from muniment.seal.kernel import Route, is_address, listening, routes
from muniment.seal.listening import Listening
from muniment.seal.probing import Probe, Seen

NAME = "example.com"
"""Set aside for documentation, and a name that resolvers know (RFC 2606)."""
_METADATA = "169.254.169.254"
"""Where clouds tell their machines who they are, with keys."""
_BEYOND = "192.0.2.1"
"""Of a network for documentation: nobody has it, so what goes there leaves and is lost."""
_PORTS = (53, 80, 443)


@dataclass(frozen=True, slots=True)
class Aim:
    """One thing that is tried from several places.

    Attributes:
        kind: see :class:`Probe`.
        role: a listener of the verifier's at an address of this machine, or at its loopback address; an address where
            nobody of ours listens; or another container.
        note: what that is, for people; "" if the address says enough.
    """

    kind: Literal["tcp", "udp", "dns"]
    address: str
    port: int
    role: Literal["listener", "loopback", "way", "neighbour"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address of another container, and a port at which it may listen."""

    name: str
    address: str
    port: int


def aims(
    heard: Listening | None, gateways: Sequence[str], neighbours: Sequence[Neighbour], *, loopback: bool
) -> tuple[Aim, ...]:
    """All that is tried.

    Args:
        heard: where the verifier listens; None if it does not.
        gateways: addresses of this machine besides those that it tells of itself, as Docker has them.
        loopback: the control stands on this machine itself, so that it reaches its loopback address.
    """
    made = [
        Aim("tcp", _METADATA, 80, "way", "metadata"),
        *(Aim("tcp", _BEYOND, port, "way", "nobody's") for port in _PORTS),
        Aim("udp", _BEYOND, 53, "way", "nobody's"),
        *(Aim("tcp", one.address, one.port, "neighbour", one.name) for one in neighbours),
    ]
    if heard is not None:
        made += [
            Aim("tcp", router, port, "way", "this machine's router") for router in heard.routers for port in _PORTS
        ]
        made += [Aim("dns", one, 53, "way", "this machine's resolver") for one in heard.resolvers]
        made += _at_listener(heard, "listener", dict.fromkeys((*heard.addresses, *gateways)))
        made += _at_listener(heard, "loopback", ("127.0.0.1",)) if loopback else ()
    return tuple(made)


def _at_listener(heard: Listening, role: Literal["listener", "loopback"], addresses: Iterable[str]) -> list[Aim]:
    found: list[Aim] = []
    for address in addresses:
        found += [Aim("tcp", address, heard.port, role), Aim("udp", address, heard.port, role)]
        found.append(Aim("dns", address, heard.names_port, role, "the verifier's own names"))
    return found


def probes(sender: str, token: str, aims: Sequence[Aim]) -> tuple[Probe, ...]:
    """The aims as ``sender`` tries them."""
    return tuple(
        Probe(_id(sender, number), aim.kind, aim.address, aim.port, _name(sender, number, token, aim))
        for number, aim in enumerate(aims)
    )


def _name(sender: str, number: int, token: str, aim: Aim) -> str:
    """What a DNS server is asked for: the verifier's own is told who asks."""
    return NAME if aim.role == "way" else f"{_id(sender, number)}.{token}.test"


def _id(sender: str, number: int) -> str:
    return f"{sender}-{number}"


@dataclass(frozen=True, slots=True)
class Reached:
    """All that was tried from all places.

    Attributes:
        aims: what was tried.
        seen: what each sender found; nothing of those whose probe failed.
        arrived: what the verifier's listener counted.
        controls: the senders that stand where it should work.
        controls6: those that do for IPv6 besides, which Docker's networks often lack.
    """

    aims: tuple[Aim, ...]
    seen: Mapping[str, Seen]
    arrived: frozenset[tuple[str, str]]
    controls: tuple[str, ...]
    controls6: tuple[str, ...] = ()

    @property
    def is_heard(self) -> bool:
        """Whether the verifier's listener ran."""
        return any(aim.role == "listener" for aim in self.aims)

    def internet(self, sender: str, subject: str) -> list[Check]:
        """Checks of what lies beyond this machine."""
        seen = self.seen[sender]
        if seen.files.get("route") is None:  # it is empty where there never was any interface
            return [unknown(subject, "kernel", "routes", "the kernel does not tell")]
        ways = self._checked(sender, subject, lambda aim: aim.role == "way")
        found = [check for _, check in ways]
        onward = [route for route in _routes(seen) if route.router]
        if not onward:
            found.append(fact(subject, "kernel", "routes", "none leads to a router", is_well=True))
            return [*found, *self._checks(sender, subject, lambda aim: self._is_far(aim, seen))]
        # They may lead to where everything is thrown away, as on Docker's internal networks before 28.
        tried = [ipaddress.ip_address(aim.address) for aim, check in ways if check.verdict is not Verdict.UNPROVEN]
        for route in onward:
            if not any(address in ipaddress.ip_network(route.network) for address in tried):
                shown = f"{route.network} by {route.router}; nobody there answered the control"
                found.append(unknown(subject, "kernel", "routes", shown))
        return found

    def host(self, sender: str, subject: str) -> list[Check]:
        """Checks of this machine's own services."""
        return self._checks(sender, subject, lambda aim: aim.role in {"listener", "loopback"})

    def neighbours(self, sender: str, subject: str, addresses: Collection[str]) -> list[Check]:
        """Checks of other containers, at those of their addresses that should not be reached."""
        return self._checks(sender, subject, lambda aim: aim.role == "neighbour" and aim.address in addresses)

    def names(self, sender: str, subject: str) -> list[Check]:
        """Checks of outside names: asked of this machine's resolvers, and of the place's own."""
        found = self._checks(sender, subject, lambda aim: aim.kind == "dns" and aim.role == "way")
        resolvers = self.seen[sender].resolvers
        if resolvers is None:
            return [*found, unknown(subject, "kernel", "resolvers", "nothing tells which it has")]
        if not resolvers:
            found.append(fact(subject, "kernel", "resolvers", "none", is_well=True))
        return [*found, *(self._resolver(sender, subject, address) for address in resolvers)]

    def _resolver(self, sender: str, subject: str, address: str) -> Check:
        probe = Trace(self.seen[sender].outcomes.get(f"resolver {address}", ""))
        control = self._best_resolver()
        sends = any(way == "dns" and name.rpartition("-")[0] in self.controls for way, name in self.arrived)
        own = is_address(address) and ipaddress.ip_address(address).is_loopback
        return Check(
            subject=subject,
            method="probe",
            what=f"{NAME}, asked of {address}",
            seen=probe.shown,
            control=f"{control.shown}; the verifier's own names {'arrive' if sends else 'do not arrive'}",
            verdict=judge_name(probe, control, sends=sends, own=own),
        )

    def _best_resolver(self) -> Trace:
        """What came of the same query where names should be found; an answer, if there was any."""
        outcomes = [
            outcome
            for control in self.controls
            if control in self.seen
            for name, outcome in self.seen[control].outcomes.items()
            if name.startswith("resolver ")
        ]
        return Trace(next((one for one in outcomes if one in {"NOERROR", "NXDOMAIN"}), next(iter(outcomes), "")))

    def _is_far(self, aim: Aim, seen: Seen) -> bool:
        """Whether a listener is on none of the place's own networks, so that only a way out leads there."""
        if aim.role != "listener" or aim.kind == "dns":
            return False
        networks = [ipaddress.ip_network(route.network) for route in _routes(seen) if not route.router]
        address = ipaddress.ip_address(aim.address)
        return not any(address in network for network in networks if network.version == address.version)

    def _checks(self, sender: str, subject: str, wanted: Callable[[Aim], bool]) -> list[Check]:
        return [check for _, check in self._checked(sender, subject, wanted)]

    def _checked(self, sender: str, subject: str, wanted: Callable[[Aim], bool]) -> list[tuple[Aim, Check]]:
        judged = (
            (aim, self._check(sender, subject, number, aim)) for number, aim in enumerate(self.aims) if wanted(aim)
        )
        return [(aim, check) for aim, check in judged if check is not None]

    def _check(self, sender: str, subject: str, number: int, aim: Aim) -> Check | None:
        """None where nobody answered the control either, so that nothing is shown by that."""
        probe, control = self._trace(sender, number, aim), self._control(number, aim)
        judge = {"listener": judge_delivery, "loopback": judge_loopback}.get(aim.role, judge_way)
        verdict = judge(probe, control)
        if aim.role == "way" and verdict is Verdict.UNPROVEN and probe.is_silent and control.is_silent:
            return None
        note = f" ({aim.note})" if aim.note else ""
        return Check(
            subject=subject,
            method="probe",
            what=f"{Probe('', aim.kind, aim.address, aim.port).shown}{note}",
            seen=probe.shown,
            control=control.shown,
            verdict=verdict,
        )

    def _control(self, number: int, aim: Aim) -> Trace:
        """Of the controls, the one that worked best."""
        controls = (*self.controls, *self.controls6) if ":" in aim.address else self.controls
        traces = [self._trace(control, number, aim) for control in controls]
        return max(traces, key=lambda trace: trace.worth, default=Trace(""))

    def _trace(self, sender: str, number: int, aim: Aim) -> Trace:
        seen, name = self.seen.get(sender), _id(sender, number)
        return Trace(seen.outcomes.get(name, "") if seen else "", (aim.kind, name) in self.arrived)


def open_doors(seen: Seen, subject: str) -> Check:
    """Whether a place that should have no network takes connections from one."""
    if not (seen.files.get("tcp") or "").lstrip().startswith("sl"):
        return unknown(subject, "kernel", "listening sockets", "the kernel does not tell")
    doors = listening(seen.files.get("tcp") or "", seen.files.get("tcp6") or "")
    return fact(subject, "kernel", "listening sockets", ", ".join(doors) or "none but for itself", is_well=not doors)


def _routes(seen: Seen) -> tuple[Route, ...]:
    return routes(seen.files.get("route") or "", seen.files.get("ipv6_route") or "")

"""From what came of a probe, and of its control, to a verdict.

A control is the same program trying the same thing from where it should work. Without one that worked, nothing that
did not arrive proves anything.
"""

from dataclasses import dataclass

from muniment.seal.claims import Verdict

_REACHED = frozenset({"answered", "connected", "ECONNREFUSED", "ECONNRESET", "EPIPE"})
"""Somebody answered; a refusal is an answer too."""
_NOT_SENT = frozenset({"ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EPERM"})
"""The kernel let nothing out of the namespace."""
_SILENT = frozenset({"ETIMEDOUT", "silence"})
_LOST = _SILENT | {"EHOSTUNREACH", "EHOSTDOWN"}
"""It may have gone out; nothing came back."""
_TOLD = frozenset({"NOERROR", "NXDOMAIN"})
"""A resolver knows whether there is such a name, so it has asked."""
_UNTOLD = frozenset({"SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "OTHER"})
_WORTH = (frozenset({""}), _NOT_SENT, _LOST, _UNTOLD, _REACHED | _TOLD)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of one probe.

    Attributes:
        outcome: what the program says came of it: an errno's name, "answered", "silence", a DNS code; "" if nothing is
            known, as it did not run.
        arrived: whether the listener counted it.
    """

    outcome: str
    arrived: bool = False

    @property
    def shown(self) -> str:
        """For people."""
        return f"{self.outcome or 'nothing known'}{', arrived' if self.arrived else ''}"

    @property
    def is_reached(self) -> bool:
        """Whether anybody answered, a resolver too."""
        return self.outcome in _REACHED | _TOLD | _UNTOLD

    @property
    def is_silent(self) -> bool:
        """Whether nothing came back, sent or not."""
        return self.outcome in _NOT_SENT | _LOST

    @property
    def worth(self) -> int:
        """How good a control it is."""
        return next((worth for worth, kinds in enumerate(_WORTH) if self.outcome in kinds), 0) + 10 * self.arrived


def judge_delivery(probe: Trace, control: Trace) -> Verdict:
    """Of a probe to a listener of the verifier's: what arrived there counts, whatever the program says.

    Silence proves nothing: a firewall may drop what goes to a port that nobody knows, and let in what others wait for.
    """
    if probe.arrived or probe.is_reached:
        return Verdict.BROKEN
    known = probe.outcome in _NOT_SENT | _LOST - _SILENT
    return Verdict.HOLDS if known and control.arrived else Verdict.UNPROVEN


def judge_loopback(probe: Trace, control: Trace) -> Verdict:
    """Of a probe to a listener at this machine's loopback address, where a refusal is the place's own."""
    if probe.arrived or (probe.is_reached and probe.outcome != "ECONNREFUSED"):
        return Verdict.BROKEN
    known = probe.outcome in (_NOT_SENT | _LOST | {"ECONNREFUSED"}) - _SILENT
    return Verdict.HOLDS if known and control.arrived else Verdict.UNPROVEN


def judge_way(probe: Trace, control: Trace) -> Verdict:
    """Of a probe to an address where nobody of ours listens.

    Where the control was answered, any failure counts. Where it was not, only that the kernel has no way from here and
    has one from there.
    """
    if probe.arrived or probe.is_reached:
        return Verdict.BROKEN
    if control.is_reached and probe.outcome in _NOT_SENT | _LOST:
        return Verdict.HOLDS
    if control.outcome in _LOST and probe.outcome in _NOT_SENT:
        return Verdict.HOLDS
    return Verdict.UNPROVEN


def judge_name(probe: Trace, control: Trace, *, sends: bool, own: bool) -> Verdict:
    """Of a query for an outside name to the place's own resolver.

    Args:
        control: the same query to the resolver of the place where names should be found.
        sends: queries of the same program from that place arrive at the verifier's own server.
        own: the resolver's address is a loopback one, so that a refusal comes from the place itself.
    """
    if probe.outcome in _TOLD or (probe.outcome in _REACHED and not own):
        return Verdict.BROKEN
    if probe.outcome in _NOT_SENT or (probe.outcome in _REACHED and own):
        return Verdict.HOLDS if sends else Verdict.UNPROVEN
    known = probe.outcome in _LOST | _UNTOLD
    return Verdict.HOLDS if known and control.outcome in _TOLD else Verdict.UNPROVEN

"""What is claimed of a deployment, and what was found of each claim."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    HOLDS = "holds"
    UNPROVEN = "unproven"
    """Nobody could look, or the control of a probe failed: nothing is known."""
    BROKEN = "broken"


_FROM_BEST = (Verdict.HOLDS, Verdict.UNPROVEN, Verdict.BROKEN)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them; ``unproven`` of none, as what nobody looked at is not known to hold."""
    return max(verdicts, key=_FROM_BEST.index, default=Verdict.UNPROVEN)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Claim(_Frozen):
    """One thing that a deployment is said to do or not to do.

    Attributes:
        id: its name for programs, like "no-internet"; never changes.
        says: one sentence, for people.
        mend: what to do when it is broken.
    """

    id: str
    says: str
    mend: str


Method = Literal["probe", "engine", "kernel", "file", "request"]


class Check(_Frozen):
    """One thing that was looked at for a claim.

    Attributes:
        subject: the part of the deployment that was looked at: a service or a process.
        method: a probe was sent, or the container engine, the kernel, a file or a service was asked.
        what: what was tried or asked, like "TCP to 172.17.0.1:39151".
        seen: what came of it, like "ENETUNREACH".
        control: what came of the same probe where it should work; "" if the method needs none.
        verdict: of this check alone; ``unproven`` if its control did not work.
    """

    subject: str
    method: Method
    what: str
    seen: str
    control: str = ""
    verdict: Verdict


class Finding(_Frozen):
    """A claim with all that was found of it."""

    claim: Claim
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks'."""
        return worst(check.verdict for check in self.checks)


def fact(subject: str, method: Method, what: str, seen: str, *, is_well: bool) -> Check:
    """A check that needs no control: it holds, or it is broken."""
    verdict = Verdict.HOLDS if is_well else Verdict.BROKEN
    return Check(subject=subject, method=method, what=what, seen=seen, verdict=verdict)


def unknown(subject: str, method: Method, what: str, why: str) -> Check:
    """A check of which nothing is known, and why."""
    return Check(subject=subject, method=method, what=what, seen=why, verdict=Verdict.UNPROVEN)


def merged(*groups: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of several subjects, one a claim, in the order in which claims come up."""
    found: dict[str, Finding] = {}
    for finding in (one for group in groups for one in group):
        before = found.get(finding.claim.id)
        checks = (*(before.checks if before else ()), *finding.checks)
        found[finding.claim.id] = Finding(claim=finding.claim, checks=checks)
    return tuple(found.values())

"""Goes through all faults, and says of each whether it was found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from muniment.deploy.files import DeploymentFolder
from muniment.deploy.proving import Controls, prove
from muniment.deploy.selftest.copy import Copy, copied
from muniment.deploy.selftest.faults import Fault, faults_for
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.seal import catalogue
from muniment.seal.claims import Claim, Finding, Verdict
from muniment.seal.docker import Docker
from muniment.seal.probing import Order, ProbeFailed, Seen

Tell = Callable[[str], None]
Verdicts = Mapping[str, Verdict]
"""By the claims' ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of one look at the copy.

    Attributes:
        id: the fault's, or that of what else was tried.
        says: what was done, for people.
        expected: the claims that have to be found so, and the verdict that they have to get.
        verdict: that verdict; ``holds`` of all claims where nothing was broken.
        odd: what was found instead, like "no-port holds"; none if all is as it should be.
    """

    id: str
    says: str
    expected: tuple[str, ...]
    verdict: Verdict
    odd: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether the alarm did what it should."""
        return not self.odd


class _Nowhere:
    """A control from which nothing can be sent."""

    def send(self, order: Order) -> Seen:  # noqa: ARG002 - a place's signature
        """See :class:`muniment.seal.probing.Place`."""
        raise ProbeFailed("it was sabotaged")


@dataclass(frozen=True, slots=True)
class _Sabotage:
    """A way to break the verifier itself, and the claims that are unproven then."""

    id: str
    says: str
    controls: Controls
    unproven: tuple[Claim, ...]


_SABOTAGES = (
    _Sabotage(
        "no-control",
        "The probes' control is sent from nowhere",
        Controls(gateway=_Nowhere()),
        (catalogue.NO_INTERNET, catalogue.NO_HOST, catalogue.NO_NAMES, catalogue.SERVER_SEALED),
    ),
    _Sabotage(
        "no-listener",
        "The verifier does not listen",
        Controls(listening=False),
        (catalogue.NO_HOST, catalogue.NO_NAMES, catalogue.SERVER_SEALED),
    ),
)


class Prover(Protocol):
    """Looks at a deployment; see :func:`muniment.deploy.proving.prove`."""

    def __call__(
        self, folder: DeploymentFolder, docker: Docker, controls: Controls | None = None
    ) -> Sequence[Finding]: ...


def rehearse(plan: Plan, docker: Docker, tell: Tell, prover: Prover = prove) -> Iterator[Rehearsed]:
    """Bring up a copy of a deployment, look at it untouched, broken in every way, sabotaged, and untouched again.

    Nothing of the copy is left at the end, whichever way that comes.

    Raises:
        DeployError: the copy cannot be brought up.
        OutputError: its files cannot be written.
    """
    with copied(plan, docker) as made:
        tell("Bringing up a copy")
        made.bring(lambda _: None)
        made.keep()
        yield _untouched(made, "untouched", prover)
        faults = faults_for(made)
        for number, fault in enumerate(faults, 1):
            tell(f"{number} of {len(faults)}: {fault.says}")
            yield _broken(made, fault, prover)
        tell("Putting it right again")
        made.bring(lambda _: None)
        for sabotage in _SABOTAGES:
            tell(sabotage.says)
            yield _sabotaged(made, sabotage, prover)
        yield _untouched(made, "untouched-again", prover)


def _untouched(made: Copy, name: str, prover: Prover) -> Rehearsed:
    found = _verdicts(prover(made.folder, made.docker))
    odd = tuple(f"{claim} {verdict}" for claim, verdict in found.items() if verdict is not Verdict.HOLDS)
    return Rehearsed(id=name, says="Nothing is broken", expected=tuple(found), verdict=Verdict.HOLDS, odd=odd)


def _broken(made: Copy, fault: Fault, prover: Prover) -> Rehearsed:
    try:
        made.bring(lambda described: fault.change(described, made))
        with fault.meanwhile(made):
            found = _verdicts(prover(made.folder, made.docker))
    except DeployError as error:  # the others are tried all the same
        wanted = tuple(claim.id for claim in fault.breaks)
        return Rehearsed(id=fault.id, says=fault.says, expected=wanted, verdict=Verdict.BROKEN, odd=(error.what,))
    return judged(fault, found)


def judged(fault: Fault, found: Verdicts) -> Rehearsed:
    """Whether a fault was found where it is, and nowhere else."""
    wanted = tuple(claim.id for claim in fault.breaks)
    allowed = {*wanted, *(claim.id for claim in fault.also)}
    missed = [f"{claim} {found.get(claim, 'is not looked at')}" for claim in wanted if found.get(claim) != "broken"]
    false = [f"{claim} broken" for claim, verdict in found.items() if verdict == "broken" and claim not in allowed]
    return Rehearsed(id=fault.id, says=fault.says, expected=wanted, verdict=Verdict.BROKEN, odd=(*missed, *false))


def _sabotaged(made: Copy, sabotage: _Sabotage, prover: Prover) -> Rehearsed:
    found = _verdicts(prover(made.folder, made.docker, sabotage.controls))
    wanted = tuple(claim.id for claim in sabotage.unproven)
    odd = tuple(f"{claim} {found[claim]}" for claim in wanted if found[claim] is not Verdict.UNPROVEN)
    return Rehearsed(id=sabotage.id, says=sabotage.says, expected=wanted, verdict=Verdict.UNPROVEN, odd=odd)


def _verdicts(findings: Sequence[Finding]) -> dict[str, Verdict]:
    return {finding.claim.id: finding.verdict for finding in findings}

"""Evidence for a service that is told to watch its seal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from muniment.seal.claims import Claim, Finding, Verdict
from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.keys import SigningKey
from muniment.seal.evidence.report import SignedReport
from muniment.server.settings import SealSettings
from tests.seal.evidence.making import KEY, evidence, finding, trusting

DEPLOYMENT = "muniment"
TELEMETRY = Claim(id="no-telemetry", says="The engine sends no telemetry.", mend="Bring it up anew.")


def seal(folder: Path, *, is_enforced: bool = True, airgap: bool = False) -> SealSettings:
    """What is claimed, with evidence in ``folder``."""
    return SealSettings(
        is_enforced=is_enforced, evidence=folder, trust=trusting(KEY), deployment=DEPLOYMENT, airgap=airgap
    )


def found(*verdicts: Verdict) -> tuple[Finding, ...]:
    """A claim that holds, and another with this verdict, which is that it holds too."""
    return (finding(Verdict.HOLDS), *(finding(verdict, claim=TELEMETRY) for verdict in verdicts or (Verdict.HOLDS,)))


def verified(
    folder: Path,
    *verdicts: Verdict,
    at: datetime | None = None,
    key: SigningKey = KEY,
    deployment: str = DEPLOYMENT,
) -> SignedReport:
    """A report of a verifier that looked ``at`` that time, or just now, put into ``folder``."""
    signed = at + timedelta(seconds=5) if at else datetime.now(UTC)
    seen = evidence(signed - timedelta(seconds=5), findings=found(*verdicts), deployment=deployment)
    return publish(seen, folder, key, lambda: signed)

"""Evidence as a verifier finds it, for tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.seal.claims import Check, Claim, Finding, Verdict
from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.keys import SigningKey, Trust
from muniment.seal.evidence.record import (
    Advisories,
    Canary,
    Composition,
    Evidence,
    Image,
    Machine,
    ModelFile,
    ModelRecord,
    Network,
    Setting,
    Socket,
    Unknown,
    Verifier,
)
from muniment.seal.evidence.report import SignedReport

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
ONE, TWO = "1" * 64, "2" * 64
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))

NO_INTERNET = Claim(
    id="no-internet", says="The engine reaches nothing on the internet.", mend="Take it off its network."
)
PINNED = Claim(id="pinned", says="Every image is pinned.", mend="Pin it.")


def trusting(key: SigningKey) -> Trust:
    return Trust(key.public.fingerprint, key.public)


def check(verdict: Verdict = Verdict.HOLDS, seen: str = "ENETUNREACH") -> Check:
    return Check(
        subject="engine",
        method="probe",
        what="TCP to 192.0.2.1:443",
        seen=seen,
        control="connected from the host",
        verdict=verdict,
    )


def finding(*verdicts: Verdict, claim: Claim = NO_INTERNET) -> Finding:
    return Finding(claim=claim, checks=tuple(map(check, verdicts)))


def evidence(begun: datetime = NOON, **other: object) -> Evidence:
    """Little was found; ``other`` says more."""
    fields: Mapping[str, Any] = {
        "nonce": "ab" * 32,
        "begun": begun,
        "ended": begun + timedelta(seconds=4),
        "deployment": "muniment",
        "verifier": Verifier(version="1.2.3", digest=TWO),
        "machine": Machine(),
        "findings": (finding(Verdict.HOLDS),),
        **other,
    }
    return Evidence.model_validate(fields)


def full_evidence() -> Evidence:
    """Something of everything was found."""
    return evidence(
        machine=Machine(name="ward-7", kernel="6.1.0-28-amd64", engine="28.3.3", gpu_driver="570.86"),
        findings=(finding(Verdict.HOLDS, Verdict.HOLDS), finding(Verdict.UNPROVEN, claim=PINNED)),
        images=(
            Image(service="gateway", name="localhost/muniment/gateway:1.2.3", running=ONE, pinned=ONE),
            Image(service="engine", name="localhost/muniment/engine:1.2.3", running=TWO),
        ),
        composition=Composition(sha256="3" * 64, effective="services:\n  engine:\n    network_mode: none\n"),
        networks=(
            Network(name="muniment_default", internal=False, gateway_modes=(("ipv4", "nat"),), services=("gateway",)),
        ),
        sockets=(Socket(subject="gateway", protocol="tcp", address="0.0.0.0:8001"),),
        settings=(
            Setting(subject="engine", name="HF_HUB_OFFLINE", value="1"),
            Setting(subject="engine", name="DO_NOT_TRACK", value=None),
        ),
        advisories=Advisories(engine="28.3.3", as_of=date(2026, 2, 1), known=()),
        models=(
            ModelRecord(
                name="nanonets/Nanonets-OCR2-3B",
                manifest="4" * 64,
                files=(
                    ModelFile(name="config.json", size=1234, sha256="5" * 64, found="5" * 64),
                    ModelFile(name="model.safetensors", size=7_000_000_000, sha256="6" * 64, found=None),
                ),
            ),
        ),
        canary=(Canary(model="nanonets/Nanonets-OCR2-3B", read=True),),
        unknown=(Unknown(what="IPv6", why="this machine has none, so that no probe over it has a control"),),
    )


def published(
    folder: Path, count: int = 1, key: SigningKey = KEY, first: datetime = NOON, step: timedelta = timedelta(minutes=1)
) -> list[SignedReport]:
    """Reports in ``folder``, one a minute, each signed five seconds after the verifier began to look."""
    times = [first + number * step for number in range(count)]
    return [publish(evidence(time), folder, key, lambda time=time: time + timedelta(seconds=5)) for time in times]  # type: ignore[misc]

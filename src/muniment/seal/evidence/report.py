"""A report: what was found and its place in the chain, as an in-toto statement that is signed.

The statement is version 1 of in-toto's (github.com/in-toto/attestation, ``spec/v1/statement.md``): its subjects are the
images that run, the compose file and the models' manifests; its predicate is a :class:`Report`.
"""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from muniment.errors import EvidenceError
from muniment.seal.claims import Verdict
from muniment.seal.evidence.envelope import MOST_BYTES, Envelope
from muniment.seal.evidence.keys import SigningKey, Trust
from muniment.seal.evidence.limits import not_proven
from muniment.seal.evidence.record import Evidence, Moment, Sha256, Strict
from muniment.seal.evidence.strictjson import strict_object

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:muniment:evidence:v1"
"""What a predicate of this form is called. Another field or meaning makes another version, and this stays readable."""

_FIELDS = {"_type", "subject", "predicateType", "predicate"}
_ASK_AGAIN = "Ask whoever sent it for the report as it was written, and for the public key by another way."


class Link(Strict):
    """A report's place in its chain.

    Attributes:
        number: from 1 on.
        sha256: of its envelope, all of the file.
        signed: when it was signed.
    """

    number: Annotated[int, Field(ge=1)]
    sha256: Sha256
    signed: Moment


class Report(Strict):
    """What is signed.

    Attributes:
        number: its place in the chain, from 1 on.
        signed: when it was signed; after the one before, unless the clock was set back.
        previous: the report before; None for the first.
        verdict: the evidence's.
        not_proven: what the report does not prove.
    """

    number: Annotated[int, Field(ge=1)]
    signed: Moment
    previous: Link | None
    verdict: Verdict
    evidence: Evidence
    not_proven: tuple[str, ...]

    @model_validator(mode="after")
    def _hangs_together(self) -> "Report":
        if self.verdict is not self.evidence.verdict:
            raise ValueError("the verdict is not that of the findings")
        if self.number != (1 if self.previous is None else self.previous.number + 1):
            raise ValueError("the number does not follow that of the report before")
        return self

    @classmethod
    def after(cls, previous: Link | None, evidence: Evidence, signed: datetime) -> "Report":
        """The report of ``evidence`` that follows ``previous``."""
        limits = not_proven(evidence)
        if previous is not None and signed < previous.signed:
            before = f"{previous.signed:%Y-%m-%d %H:%M:%S} UTC"
            limits = (f"When it was signed: the clock was set back, as the report before is of {before}.", *limits)
        return cls(
            number=previous.number + 1 if previous else 1,
            signed=signed,
            previous=previous,
            verdict=evidence.verdict,
            evidence=evidence,
            not_proven=limits,
        )


class SignedReport(Strict):
    """A report whose signature was verified, or just made.

    Attributes:
        fingerprint: of the key that signed it.
        link: its own place in the chain.
    """

    report: Report
    fingerprint: str
    link: Link


def signed(report: Report, key: SigningKey) -> tuple[SignedReport, bytes]:
    """The report, signed, and its envelope as bytes.

    Raises:
        EvidenceError: it is longer than reports may be.
    """
    content = Envelope.sign(PAYLOAD_TYPE, _payload(report), key.key, key.public.id).to_bytes()
    if len(content) > MOST_BYTES:
        raise EvidenceError(
            f"The report would have {len(content):,} bytes, and nobody takes more than {MOST_BYTES:,}",
            "See whether the compose file or a model's manifest is what it should be.",
        )
    return _signed_report(report, key.public.fingerprint, content), content


def opened(content: bytes, trusted: Trust, where: str) -> SignedReport:
    """The report in an envelope, if all of it is as the owner of the key signed it.

    Args:
        content: the envelope's bytes.
        where: what it is called in errors.

    Raises:
        EvidenceError: it is not; the message says what is wrong.
    """
    try:
        envelope = Envelope.from_bytes(content)
        key = trusted.key_of(envelope.key_id)
        if not envelope.is_signed_by(key.key):
            raise ValueError(_why_not(envelope, key.id))  # noqa: TRY301  # all reasons are told in one place
        return _signed_report(_report(envelope), key.fingerprint, content)
    except ValueError as error:
        raise EvidenceError(f"{where} is not to be believed: {error}", _ASK_AGAIN) from None


def _why_not(envelope: Envelope, key_id: str) -> str:
    if envelope.key_id != key_id:
        return "another key signed it than the one that was given, or it was changed after it was signed"
    return "it was changed after it was signed"


def _signed_report(report: Report, fingerprint: str, content: bytes) -> SignedReport:
    digest = hashlib.sha256(content).hexdigest()
    link = Link(number=report.number, sha256=digest, signed=report.signed)
    return SignedReport(report=report, fingerprint=fingerprint, link=link)


def _payload(report: Report) -> bytes:
    """The statement; the same report gives the same bytes."""
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": _subjects(report.evidence),
        "predicateType": PREDICATE_TYPE,
        "predicate": report.model_dump(mode="json"),
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _subjects(evidence: Evidence) -> list[dict[str, Any]]:
    """What the statement is about. Containers of one service that run the same image are one subject."""
    found = [(f"image of {image.service}", image.running) for image in evidence.images]
    if evidence.composition:
        found.append(("compose file", evidence.composition.sha256))
    found += [(f"manifest of {model.name}", model.manifest) for model in evidence.models]
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in dict.fromkeys(found)]


def _report(envelope: Envelope) -> Report:
    """The report in an envelope whose signature holds. Raises ValueError; the message ends a sentence."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"what was signed is {envelope.payload_type!r}, and not an in-toto statement")
    statement = strict_object(envelope.payload)
    if statement.get("_type") != STATEMENT_TYPE or statement.keys() != _FIELDS:
        raise ValueError("what was signed is not a statement of in-toto's version 1")
    if statement["predicateType"] != PREDICATE_TYPE:
        raise ValueError(
            f"what was signed is {statement['predicateType']!r}, and this version of Muniment knows {PREDICATE_TYPE!r}"
        )
    report = _predicate(statement["predicate"])
    if statement["subject"] != _subjects(report.evidence):
        raise ValueError("the statement's subjects are not those of the evidence")
    return report


def _predicate(content: Any) -> Report:
    try:
        return Report.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the report"
        raise ValueError(f"the evidence in it is not of its form: {place}: {first['msg']}") from None

"""A report is believed only as it was signed, whatever is done to it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from muniment.errors import EvidenceError
from muniment.seal.claims import Verdict
from muniment.seal.evidence.envelope import MOST_BYTES, Envelope
from muniment.seal.evidence.keys import Trust
from muniment.seal.evidence.record import Composition, Image
from muniment.seal.evidence.report import PAYLOAD_TYPE, PREDICATE_TYPE, Link, Report, opened, signed
from tests.seal.evidence.making import KEY, NOON, ONE, OTHER_KEY, TWO, evidence, finding, full_evidence, trusting

REPORT, CONTENT = signed(Report.after(None, full_evidence(), NOON + timedelta(seconds=5)), KEY)
STATEMENT: dict[str, Any] = json.loads(Envelope.from_bytes(CONTENT).payload)


def resigned(statement: Any, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What somebody who has the key signs."""
    payload = statement if isinstance(statement, bytes) else json.dumps(statement).encode()
    return Envelope.sign(payload_type, payload, KEY.key, KEY.public.id).to_bytes()


def refused(content: bytes, reason: str, trusted: Trust | None = None) -> None:
    with pytest.raises(EvidenceError, match=rf"^mail/report\.json is not to be believed: {reason}"):
        opened(content, trusted or trusting(KEY), "mail/report.json")


def test_a_report_is_opened_as_it_was_signed() -> None:
    assert opened(CONTENT, trusting(KEY), "report.json") == REPORT
    assert opened(CONTENT, Trust(KEY.public.fingerprint), "report.json") == REPORT


def test_the_same_report_gives_the_same_bytes() -> None:
    assert signed(REPORT.report, KEY)[1] == CONTENT


def test_it_is_a_statement_of_in_totos_about_images_compose_file_and_models() -> None:
    envelope = json.loads(CONTENT)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert STATEMENT["_type"] == "https://in-toto.io/Statement/v1"
    assert STATEMENT["predicateType"] == PREDICATE_TYPE
    assert STATEMENT["subject"] == [
        {"name": "image of gateway", "digest": {"sha256": ONE}},
        {"name": "image of engine", "digest": {"sha256": TWO}},
        {"name": "compose file", "digest": {"sha256": "3" * 64}},
        {"name": "manifest of nanonets/Nanonets-OCR2-3B", "digest": {"sha256": "4" * 64}},
    ]


PAYLOAD = range(CONTENT.index(b': "') + 3, CONTENT.index(b'", "payloadType'))
AROUND = [at for at in range(len(CONTENT)) if at not in PAYLOAD]
"""The bytes of the envelope that are not of the payload."""


def test_each_image_of_a_service_is_a_subject_once() -> None:
    images = [Image(service="engine", name="engine", running=digest) for digest in (ONE, TWO, ONE)]
    _, content = signed(Report.after(None, evidence(images=tuple(images)), NOON), KEY)
    subjects = json.loads(Envelope.from_bytes(content).payload)["subject"]
    assert [one["digest"]["sha256"] for one in subjects] == [ONE, TWO]


@settings(max_examples=300, deadline=None)
@given(st.builds(lambda at, bit: at * 8 + bit, st.sampled_from(PAYLOAD) | st.sampled_from(AROUND), st.integers(0, 7)))
def test_with_any_bit_changed_it_is_refused_or_says_the_same(bit: int) -> None:
    changed = bytearray(CONTENT)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        report = opened(bytes(changed), trusting(KEY), "report.json")
    except EvidenceError:
        return
    assert report.report == REPORT.report
    assert report.link.sha256 != REPORT.link.sha256  # in the chain it is another all the same


@settings(deadline=None)
@given(st.integers(0, len(CONTENT) - 3))
def test_the_beginning_of_a_report_is_none(length: int) -> None:
    refused(CONTENT[:length], "it")


def test_another_key_is_told_apart_from_a_change() -> None:
    refused(CONTENT, "another key signed it than the one that was given, or it was changed", trusting(OTHER_KEY))
    refused(CONTENT, f"it was signed with the key {KEY.public.fingerprint}", Trust(OTHER_KEY.public.fingerprint))
    payload = json.dumps(STATEMENT).replace('"verdict": "unproven"', '"verdict": "holds"', 1).encode()
    envelope = Envelope.from_bytes(CONTENT)
    refused(
        Envelope(PAYLOAD_TYPE, payload, envelope.key_id, envelope.signature).to_bytes(), "it was changed after it was"
    )


def test_a_key_of_the_attackers_does_not_help_against_a_fingerprint() -> None:
    forged = Envelope.sign(PAYLOAD_TYPE, Envelope.from_bytes(CONTENT).payload, OTHER_KEY.key, KEY.public.id).to_bytes()
    refused(forged, "it was changed after it was signed", Trust(KEY.public.fingerprint))


def predicate(**other: Any) -> dict[str, Any]:
    return STATEMENT | {"predicate": STATEMENT["predicate"] | other}


def with_evidence(**other: Any) -> dict[str, Any]:
    return predicate(evidence=STATEMENT["predicate"]["evidence"] | other)


NOT_REPORTS: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "it is not JSON"),
    "a field twice": (
        json.dumps(STATEMENT).replace('"number":', '"number": 1, "number":', 1).encode(),
        "a field stands",
    ),
    "another form of statement": (
        STATEMENT | {"_type": "https://in-toto.io/Statement/v0.1"},
        "what was signed is not a",
    ),
    "a field of the statement too many": (STATEMENT | {"more": 1}, "what was signed is not a statement"),
    "another predicate": (
        STATEMENT | {"predicateType": "https://slsa.dev/provenance/v1"},
        "what was signed is 'https://slsa.dev/provenance/v1', and this version of Muniment knows",
    ),
    "other subjects": (STATEMENT | {"subject": []}, "the statement's subjects are not those of the evidence"),
    "an unknown field": (predicate(more=1), "the evidence in it is not of its form: more: "),
    "an unknown field further in": (with_evidence(more=1), "the evidence in it is not of its form: evidence.more: "),
    "a missing field": (with_evidence(nonce=None), "the evidence in it is not of its form: evidence.nonce: "),
    "a number as text": (predicate(number="1"), "the evidence in it is not of its form: number: "),
    "a time without a zone": (
        predicate(signed="2026-03-04T12:00:05"),
        "the evidence in it is not of its form: signed: ",
    ),
    "a time of another zone": (predicate(signed="2026-03-04T13:00:05+01:00"), "the evidence in it is not of its form"),
    "a better verdict than the findings'": (
        predicate(verdict="holds"),
        "the evidence in it is not of its form: the report",
    ),
    "a number that does not follow": (predicate(number=2), "the evidence in it is not of its form: the report: "),
    "a float": (predicate(number=1.0), "a number in it is not a whole one"),
    "no object": (STATEMENT | {"predicate": []}, "the evidence in it is not of its form: the report: "),
}


@pytest.mark.parametrize(("statement", "reason"), NOT_REPORTS.values(), ids=NOT_REPORTS)
def test_what_is_signed_but_no_report_is_refused(statement: Any, reason: str) -> None:
    refused(resigned(statement), reason)


def test_another_payload_type_is_refused() -> None:
    refused(
        resigned(STATEMENT, "application/json"), "what was signed is 'application/json', and not an in-toto statement"
    )


def test_whoever_writes_the_envelope_anew_changes_nothing_of_the_report() -> None:
    spaced = json.dumps(json.loads(CONTENT), indent=4).encode()
    assert opened(spaced, trusting(KEY), "report.json").report == REPORT.report


def test_a_report_that_nobody_would_take_is_not_signed() -> None:
    long = evidence(composition=Composition(sha256=ONE, effective="x" * MOST_BYTES))
    with pytest.raises(EvidenceError, match=r"would have 22,\d{3},\d{3} bytes, and nobody takes more than 16,777,216"):
        signed(Report.after(None, long, NOON), KEY)


def test_a_report_follows_the_one_before_it() -> None:
    second = Report.after(REPORT.link, evidence(), NOON + timedelta(minutes=1))
    assert (second.number, second.previous) == (2, REPORT.link)


def test_a_clock_that_was_set_back_is_told_in_the_report() -> None:
    late = Link(number=7, sha256=ONE, signed=NOON + timedelta(hours=1))
    assert (
        "the clock was set back, as the report before is of 2026-03-04 13:00:00 UTC"
        in Report.after(late, evidence(), NOON).not_proven[0]
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((), Verdict.UNPROVEN),
        ((finding(Verdict.HOLDS),), Verdict.HOLDS),
        ((finding(Verdict.HOLDS), finding()), Verdict.UNPROVEN),
        ((finding(Verdict.HOLDS), finding(Verdict.UNPROVEN), finding(Verdict.BROKEN)), Verdict.BROKEN),
    ],
)
def test_the_verdict_is_the_worst_of_the_findings(found: Any, verdict: Verdict) -> None:
    assert Report.after(None, evidence(findings=found), NOON).verdict is verdict


def test_evidence_never_changes_and_takes_nothing_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        evidence().nonce = ONE
    with pytest.raises(ValidationError, match="extra_forbidden"):
        evidence(more=1)
    with pytest.raises(ValidationError, match="string_unicode"):
        evidence(deployment="\ud800")

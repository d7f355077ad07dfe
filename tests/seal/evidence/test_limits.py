"""A report says what it does not prove."""

from muniment.seal.claims import Verdict
from muniment.seal.evidence.limits import ALWAYS, not_proven
from tests.seal.evidence.making import evidence, finding, full_evidence


def test_some_things_are_never_proven() -> None:
    assert not_proven(evidence()) == ALWAYS
    assert "root on this machine" in ALWAYS[0]
    assert "not remote attestation" in ALWAYS[0]


def test_what_was_not_found_is_told_with_its_reason() -> None:
    found = not_proven(full_evidence())
    assert found == (
        "“Every image is pinned.” — engine, TCP to 192.0.2.1:443: ENETUNREACH (control: connected from the host)",
        "IPv6: this machine has none, so that no probe over it has a control",
        "That engine runs the image that it should: nothing pins it to a digest.",
        "That all of nanonets/Nanonets-OCR2-3B is as its manifest says: 1 of 2 files were not read.",
        *ALWAYS,
    )


def test_a_claim_that_nobody_looked_at_is_told() -> None:
    assert not_proven(evidence(findings=(finding(),)))[0].endswith("— nothing was looked at for it")
    assert not_proven(evidence(findings=()))[0] == "Anything: no claim was looked at."


def test_of_many_checks_some_are_told() -> None:
    found = not_proven(evidence(findings=(finding(*[Verdict.UNPROVEN] * 10),)))[0]
    assert found.count("ENETUNREACH") == 3
    assert found.endswith("; and 7 more")

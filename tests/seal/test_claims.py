import pytest

from muniment.seal.claims import Check, Claim, Finding, Verdict, worst

HOLDS, UNPROVEN, BROKEN = Verdict.HOLDS, Verdict.UNPROVEN, Verdict.BROKEN


@pytest.mark.parametrize(
    ("verdicts", "worst_of_them"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, UNPROVEN], UNPROVEN),
        ([UNPROVEN, BROKEN, HOLDS], BROKEN),
        ([], UNPROVEN),
    ],
)
def test_the_worst_verdict_counts_and_none_proves_nothing(verdicts: list[Verdict], worst_of_them: Verdict) -> None:
    assert worst(verdicts) is worst_of_them


def test_a_finding_is_as_bad_as_its_worst_check() -> None:
    claim = Claim(id="no-port", says="The engine publishes no port", mend="Take its ports away.")
    well = Check(subject="engine-1", method="engine", what="published ports", seen="none", verdict=HOLDS)
    ill = well.model_copy(update={"subject": "engine-2", "seen": "0.0.0.0:8000", "verdict": BROKEN})
    assert Finding(claim=claim, checks=(well,)).verdict is HOLDS
    assert Finding(claim=claim, checks=(well, ill)).verdict is BROKEN
    assert Finding(claim=claim, checks=()).verdict is UNPROVEN

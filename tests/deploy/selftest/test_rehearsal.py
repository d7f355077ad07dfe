"""When a fault counts as found."""

import pytest

from muniment.deploy.selftest.faults import Fault
from muniment.deploy.selftest.rehearsal import judged
from muniment.seal.catalogue import NO_HOST, NO_PORT, NO_TRACE
from muniment.seal.claims import Verdict

FAULT = Fault(id="door", says="A door is opened", breaks=(NO_PORT,), also=(NO_HOST,))
HOLDS, UNPROVEN, BROKEN = Verdict.HOLDS, Verdict.UNPROVEN, Verdict.BROKEN


@pytest.mark.parametrize("host", [HOLDS, BROKEN])
def test_found_where_it_is(host: Verdict) -> None:
    found = judged(FAULT, {NO_PORT.id: BROKEN, NO_HOST.id: host, NO_TRACE.id: HOLDS})
    assert found.is_right
    assert (found.expected, found.verdict) == ((NO_PORT.id,), BROKEN)


@pytest.mark.parametrize(
    ("verdicts", "odd"),
    [
        ({NO_PORT.id: HOLDS}, ("no-port holds",)),
        ({NO_PORT.id: UNPROVEN}, ("no-port unproven",)),
        ({}, ("no-port is not looked at",)),
        ({NO_PORT.id: BROKEN, NO_TRACE.id: BROKEN}, ("no-trace broken",)),
    ],
)
def test_missed_or_found_elsewhere(verdicts: dict[str, Verdict], odd: tuple[str, ...]) -> None:
    found = judged(FAULT, verdicts)
    assert (found.is_right, found.odd) == (False, odd)

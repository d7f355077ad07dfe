"""Every outcome of a probe with every outcome of its control: nothing holds without a control that worked."""

import errno
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.seal.claims import Verdict
from muniment.seal.judging import Trace, judge_delivery, judge_loopback, judge_name, judge_way

HOLDS, UNPROVEN, BROKEN = Verdict.HOLDS, Verdict.UNPROVEN, Verdict.BROKEN
REACHED = ("answered", "connected", "ECONNREFUSED", "ECONNRESET", "EPIPE", "NOERROR", "NXDOMAIN", "SERVFAIL")
UNSENT = ("ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EPERM")
LOST = ("EHOSTUNREACH", "EHOSTDOWN", "ETIMEDOUT", "silence")
SILENT = ("ETIMEDOUT", "silence")
NOTHING = ("", "EMFILE", "OSError", "gaierror")
"""The probe did not run, or failed by itself."""
EVERY = (*REACHED, *UNSENT, *LOST, *NOTHING)
OUTCOMES = st.sampled_from((*EVERY, *errno.errorcode.values())) | st.text(max_size=12)
TRACES = st.builds(Trace, OUTCOMES, st.booleans())


@pytest.mark.parametrize(("outcome", "control"), list(product(EVERY, EVERY)))
@pytest.mark.parametrize("worked", [True, False])
def test_of_a_listener_of_ours_arrival_is_what_counts(outcome: str, control: str, worked: bool) -> None:
    arrived = judge_delivery(Trace(outcome, arrived=True), Trace(control, worked))
    assert arrived is BROKEN
    missed = judge_delivery(Trace(outcome), Trace(control, worked))
    if outcome in REACHED:
        assert missed is BROKEN, "somebody answered"
    elif outcome in NOTHING + SILENT or not worked:
        assert missed is UNPROVEN
    else:
        assert missed is HOLDS


@pytest.mark.parametrize("worked", [True, False])
@pytest.mark.parametrize("outcome", EVERY)
def test_at_loopback_a_refusal_is_the_places_own(outcome: str, worked: bool) -> None:
    found = judge_loopback(Trace(outcome), Trace("answered", worked))
    if outcome in set(REACHED) - {"ECONNREFUSED"}:
        assert found is BROKEN
    elif outcome in NOTHING + SILENT or not worked:
        assert found is UNPROVEN
    else:
        assert found is HOLDS


@pytest.mark.parametrize(("outcome", "control"), list(product(EVERY, EVERY)))
def test_where_nobody_of_ours_listens_a_way_that_only_the_control_has_counts(outcome: str, control: str) -> None:
    found = judge_way(Trace(outcome), Trace(control))
    if outcome in REACHED:
        assert found is BROKEN
    elif control in REACHED and outcome in UNSENT + LOST:
        assert found is HOLDS
    elif control in LOST and outcome in UNSENT:
        assert found is HOLDS, "the control left, and this did not"
    else:
        assert found is UNPROVEN


@pytest.mark.parametrize(
    ("outcome", "control", "sends", "own", "verdict"),
    [
        ("NOERROR", "NOERROR", True, True, BROKEN),
        ("NXDOMAIN", "", False, False, BROKEN),
        ("SERVFAIL", "NOERROR", True, True, HOLDS),
        ("SERVFAIL", "NXDOMAIN", False, True, HOLDS),
        ("SERVFAIL", "SERVFAIL", True, True, UNPROVEN),  # the machine is offline
        ("silence", "NOERROR", True, False, HOLDS),
        ("silence", "silence", True, False, UNPROVEN),
        ("ENETUNREACH", "silence", True, False, HOLDS),  # nothing was sent, offline or not
        ("ENETUNREACH", "NOERROR", False, False, UNPROVEN),  # it may be that it never sends anything
        ("ECONNREFUSED", "NOERROR", True, True, HOLDS),
        ("ECONNREFUSED", "NOERROR", True, False, BROKEN),  # it was sent, to whoever refused it
        ("", "NOERROR", True, True, UNPROVEN),
    ],
)
def test_outside_names(outcome: str, control: str, sends: bool, own: bool, verdict: Verdict) -> None:
    assert judge_name(Trace(outcome), Trace(control), sends=sends, own=own) is verdict


@given(TRACES, TRACES)
def test_what_nothing_is_known_of_never_holds(probe: Trace, control: Trace) -> None:
    for judge in (judge_delivery, judge_way, judge_loopback):
        assert judge(Trace(""), control) is UNPROVEN
        if judge(probe, control) is HOLDS:
            assert control.arrived or control.outcome in REACHED + LOST, "without a control nothing holds"
            assert not probe.arrived


@given(TRACES, st.booleans(), st.booleans())
def test_a_dead_resolver_is_no_isolation(probe: Trace, sends: bool, own: bool) -> None:
    for dead in ("", "silence", "SERVFAIL", "ETIMEDOUT"):
        if judge_name(probe, Trace(dead), sends=sends, own=own) is HOLDS:
            assert sends


def test_the_control_that_worked_best_is_worth_most() -> None:
    outcomes = ("", "ENETUNREACH", "silence", "SERVFAIL", "NOERROR")
    ranked = [*map(Trace, outcomes), Trace("silence", arrived=True)]
    worths = [trace.worth for trace in ranked]
    assert worths == sorted(set(worths))

"""What is found in small compose files, good and bad; each says in its comments what that is."""

import pytest

from muniment.seal.lint import RULES, lint
from tests.seal.lint.cases import Case, cases

CASES = cases()
every_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.path.stem) for case in CASES])


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 40


@every_case
def test_what_is_wrong_is_found_on_its_line_and_nothing_else(case: Case) -> None:
    findings = [one for one in lint([case.path]).findings if case.looks_at(one.rule.id)]
    placed = {
        kind: {
            (one.rule.id, one.place.file.rpartition("/")[2], one.place.line)
            for one in findings
            if bool(one.allowed) is kind
        }
        for kind in (False, True)
    }
    assert placed[False] == case.found
    assert placed[True] == case.allowed
    for rule, file, line in case.severities:
        severities = {one.severity.value for one in findings if (one.rule.id, one.place.line) == (rule, line)}
        assert severities == {case.severities[rule, file, line]}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.path.stem) for case in CASES if case.reach])
def test_what_each_service_reaches_is_told(case: Case) -> None:
    told = {one.service: one.out for one in lint([case.path]).services}
    assert {service: told[service] for service in case.reach} == case.reach


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_every_rule_is_seen_to_find_something_and_to_find_nothing(rule: str) -> None:
    looking = [case for case in CASES if case.looks_at(rule)]
    finding = [case for case in looking if any(found[0] == rule for found in case.found)]
    assert finding
    assert len(finding) < len(looking)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.path.stem) for case in CASES if case.only])
def test_a_file_names_rules_that_there_are(case: Case) -> None:
    assert case.only <= {rule.id for rule in RULES}


def test_rules_have_names_of_their_own_and_say_all_that_they_should() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert not rule.title.endswith(".")
        assert rule.why.endswith(".")
        assert rule.fix

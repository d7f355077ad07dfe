"""The alarm itself: a copy of a real deployment is broken in every way that is known, and each is found where it is."""

import json

import pytest

from tests.acceptance.containers.deployed import Deployed

pytestmark = pytest.mark.acceptance


def test_every_fault_is_found_where_it_is_and_nowhere_else(airgapped: Deployed) -> None:
    done = airgapped.muniment("verify", "--self-test", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert not [one for one in told if one["odd"]]
    assert sum(one["verdict"] == "broken" for one in told) >= 25
    assert [one["id"] for one in told if one["verdict"] == "holds"] == ["untouched", "untouched-again"]
    assert sum(one["verdict"] == "unproven" for one in told) == 2
    assert not airgapped.machine.ask("ps", "--all", "--quiet", "--filter", "name=muniment-selftest").split()

"""What is publicly known against an Engine, by its version."""

import re

import pytest

from muniment.deploy import advisories
from muniment.deploy.advisories import AS_OF, holes_in, isolates

_DNS, _APART, _PORTS = "CVE-2024-29018", "CVE-2025-54410", "CVE-2025-54388"
_SEGMENT = "moby issue 45610"


@pytest.mark.parametrize(
    ("engine", "known"),
    [
        ((20, 10, 24), {_DNS, _SEGMENT, _APART}),
        ((23, 0, 10), {_DNS, _SEGMENT, _APART}),
        ((23, 0, 11), {_SEGMENT, _APART}),
        ((24, 0, 9), {_DNS, _SEGMENT, _APART}),
        ((25, 0, 4), {_DNS, _SEGMENT, _APART}),
        ((25, 0, 5), {_SEGMENT, _APART}),
        ((25, 0, 12), {_SEGMENT, _APART}),
        ((25, 0, 13), {_SEGMENT}),
        ((26, 0, 0), {_SEGMENT, _APART}),
        ((27, 5, 1), {_SEGMENT, _APART}),
        ((28, 0, 0), set()),
        ((28, 1, 1), set()),
        ((28, 2, 0), {_PORTS}),
        ((28, 3, 2), {_PORTS}),
        ((28, 3, 3), set()),
        ((29, 1, 2), set()),
    ],
)
def test_an_engine_has_the_holes_of_its_version(engine: tuple[int, ...], known: set[str]) -> None:
    assert {hole.partition(":")[0] for hole in holes_in(engine)} == known


def test_the_list_is_not_older_than_what_it_names() -> None:
    """A new entry makes a new day of the list."""
    named = [int(year) for hole in advisories._HOLES for year in re.findall(r"CVE-(\d{4})-", hole.name)]
    assert len(named) > 2
    assert max(named) <= AS_OF.year


def test_each_hole_is_said_in_words() -> None:
    assert holes_in((23, 0, 10)) == (
        "CVE-2024-29018: outside names leak out of internal networks",
        "moby issue 45610: others on the same network segment reach ports meant for this machine",
        "CVE-2025-54410: a reload of firewalld drops what keeps networks apart",
    )


@pytest.mark.parametrize(("engine", "can"), [((27, 5, 1), False), ((28, 0, 0), True), ((29, 1, 2), True), ((), False)])
def test_an_engine_can_keep_internal_networks_from_the_machine_from_28_on(engine: tuple[int, ...], can: bool) -> None:
    assert isolates(engine) is can

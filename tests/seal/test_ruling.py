"""Paths by which containers are ruled."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.seal.ruling import plain, rules_containers


@pytest.mark.parametrize(
    "path",
    [
        *("/", "//", "/.", "/run", "/var/run", "/var/run/.", "//run", "/var/../run/"),
        *("/run/docker.sock", "/run/containerd", "/run/podman/podman.sock", "/run/user/1000/docker.sock"),
        *("./docker.sock", "~/.docker/run/docker.sock"),
    ],
)
def test_they_are_known_by_any_spelling(path: str) -> None:
    assert rules_containers(path)


@pytest.mark.parametrize("path", ["", ".", "run", "./run", "~", "/var", "/running", "/run/lock", "/data/run"])
def test_others_are_not(path: str) -> None:
    assert not rules_containers(path)


@given(st.text(alphabet="/.a", max_size=12))
@example("//a/../..")
def test_a_plain_path_stays_as_it_is(path: str) -> None:
    assert plain(plain(path)) == plain(path)
    assert not plain(path).startswith("//")

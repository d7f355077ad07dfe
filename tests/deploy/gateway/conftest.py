"""What the tests of the gateway share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.gateway.running import Gateway, before
from tests.required import program
from tests.server.serving import Served, served, with_plain_workers, without_canary


@pytest.fixture(scope="session", autouse=True)
def nginx() -> None:
    """There are no such tests without it."""
    program("nginx")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that reads every page as "page N", and needs no key; the tests of a module share it."""
    with pytest.MonkeyPatch.context() as patch:
        with_plain_workers(patch)
        without_canary(patch)
        with served(tmp_path_factory.mktemp("data")) as running:
            yield running


@pytest.fixture(scope="module")
def gateway(service: Served) -> Iterator[Gateway]:
    """A gateway before that service."""
    with before(service) as running:
        yield running


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """The socket of a service that is not there."""
    return tmp_path / "s"

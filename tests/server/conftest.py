"""What the tests of the service share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.server.store import Database
from tests.server.serving import Served, served, with_plain_workers, without_canary


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path)
    yield opened
    opened.close()


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def plain_workers(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Workers that read every page as "page N", and no canary; see :mod:`tests.server.serving`."""
    with_plain_workers(monkeypatch)
    without_canary(monkeypatch)
    return monkeypatch


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that needs no key, with such workers; the tests of a module share it."""
    with pytest.MonkeyPatch.context() as patch:
        with_plain_workers(patch)
        without_canary(patch)
        with served(tmp_path_factory.mktemp("data")) as service:
            yield service

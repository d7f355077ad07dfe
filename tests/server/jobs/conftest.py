"""What the tests of jobs share."""

from collections.abc import Iterator

import pytest

from muniment.server import coming
from muniment.server.jobs import runner
from tests.reading.engine_server import EngineServer, engine_server


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that wait are tried again soon, and so are engines that are not there."""
    monkeypatch.setattr(runner, "_TRY_AGAIN_AFTER", 0.05)
    monkeypatch.setattr(coming, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(coming, "_LONGEST_PAUSE", 0.2)

"""What the tests of jobs share."""

from collections.abc import Iterator

import pytest

from muniment.server.jobs import runner
from tests.reading.engine_server import EngineServer, engine_server


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with engine_server() as engine:
        yield engine


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that wait are tried again soon."""
    monkeypatch.setattr(runner, "_TRY_AGAIN_AFTER", 0.05)

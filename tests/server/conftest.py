"""What the tests of the service share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.server.store import Database


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

"""A machine on which docker says what a test tells it."""

from pathlib import Path

import pytest

from tests.deploy.fake_docker import FakeDocker, programs


@pytest.fixture
def folder_of_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in PATH; nothing is in there."""
    return programs(tmp_path / "programs", monkeypatch)


@pytest.fixture
def fake(folder_of_programs: Path) -> FakeDocker:
    """A docker that is well."""
    return FakeDocker(folder_of_programs)

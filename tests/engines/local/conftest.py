from pathlib import Path

import pytest

from tests.engines.local.making import make_model, make_standin


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "small-model")


@pytest.fixture
def standin(tmp_path: Path) -> str:
    return make_standin(tmp_path)

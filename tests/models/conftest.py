"""A store with a model in it."""

from pathlib import Path

import pytest

from muniment.models import Model, Store
from tests.models.making import NAME, model_files, write


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store(tmp_path / "store")


@pytest.fixture
def model(store: Store, tmp_path: Path) -> Model:
    """A sound model in the store, with two files of weights."""
    return store.import_(write(tmp_path / "given", model_files(3000, 10)), NAME)

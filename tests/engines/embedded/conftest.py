"""Models, loaded once for all tests."""

import pytest

from muniment.engines.embedded.parts import PageSorter


@pytest.fixture(scope="session")
def sorter() -> PageSorter:
    return PageSorter(threads=1)

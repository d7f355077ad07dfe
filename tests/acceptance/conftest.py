from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.serving import Serving, serving
from tests.required import missing

ENVIRONMENT = Path(__file__).parents[2] / ".venv-vllm"


@pytest.fixture(scope="session")
def vllm_python() -> str:
    """The Python of the environment that `make engine` sets up."""
    if not (ENVIRONMENT / "made-from").is_file():
        missing("vllm", "there is no vLLM here; `make engine` sets it up")
    return str(ENVIRONMENT / "bin" / "python")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service with the embedded engine that wants no key."""
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found

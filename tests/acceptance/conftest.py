import os
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).parents[2] / ".venv-vllm"


@pytest.fixture(scope="session")
def vllm_python() -> str:
    """The Python of the environment that `make engine` sets up."""
    if (ENVIRONMENT / "made-from").is_file():
        return str(ENVIRONMENT / "bin" / "python")
    missing = "there is no vLLM here; `make engine` sets it up"
    if "vllm" in os.environ.get("MUNIMENT_REQUIRE", "").split(","):
        pytest.fail(missing)
    pytest.skip(missing)

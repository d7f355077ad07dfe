"""What tests need beside Muniment. Where it is missing they are skipped, unless MUNIMENT_REQUIRE names it."""

import importlib
import os
import shutil
from typing import Any, NoReturn

import pytest


def missing(what: str, why: str) -> NoReturn:
    """Skip, or fail if it is required.

    Args:
        what: as MUNIMENT_REQUIRE names it: "chromium", "curl", "docker", "fonts", "nginx", "openssl", "prometheus",
            "sdk" or "vllm".
    """
    if what in os.environ.get("MUNIMENT_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required here, but: {why}")
    pytest.skip(why, allow_module_level=True)


def sdk(module: str) -> Any:
    """A module of the clients that the service is tried with."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        missing("sdk", f"{module} is not installed; `make acceptance` does it")


def program(name: str) -> str:
    """The path of a program, which is also named so where it is required."""
    return shutil.which(name) or missing(name, f"{name} is not installed")

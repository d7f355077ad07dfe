"""Runs with workers that misbehave on purpose."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muniment.reading import worker_process

WORKERS = Path(__file__).parent / "workers"
Faults = Callable[[str], None]


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Makes workers misbehave: ``faults("2:crash:best,3:hang")``; every other page is read as "page N"."""
    monkeypatch.setattr(worker_process, "WORKER_MODULE", "faulty_worker")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(WORKERS), os.environ.get("PYTHONPATH", "")])))
    return lambda plan: monkeypatch.setenv("FAULTS", plan)

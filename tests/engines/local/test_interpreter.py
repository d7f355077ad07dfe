import sys
from pathlib import Path

import pytest

from muniment.engines.local.interpreter import VARIABLE, Interpreter, find_interpreter
from muniment.errors import EngineError


@pytest.fixture(autouse=True)
def nothing_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_the_one_named_is_taken(standin: str) -> None:
    assert find_interpreter(standin) == Interpreter(standin, "unknown")


def test_the_variable_names_one(standin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, standin)
    assert find_interpreter() == Interpreter(standin, "unknown")


def test_the_one_named_goes_before_the_variable(standin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    assert find_interpreter(standin).path == standin


def test_the_version_is_told(standin: str, tmp_path: Path) -> None:
    metadata = tmp_path / "packages" / "vllm-0.33.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.33.0\n")
    assert find_interpreter(standin).vllm == "0.33.0"


def test_the_command_on_the_path_leads_to_one(standin: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "vllm").write_text("#!/bin/sh\n")
    (tmp_path / "vllm").chmod(0o755)
    (tmp_path / "bin" / "vllm").symlink_to(tmp_path / "vllm")
    assert find_interpreter().path == standin


def test_one_that_is_named_is_not_passed_over(standin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, standin)
    with pytest.raises(EngineError, match="'/nowhere' is not a program"):
        find_interpreter("/nowhere")
    empty = tmp_path / "empty"
    empty.write_text("#!/bin/sh\nexit 0\n")
    empty.chmod(0o755)
    with pytest.raises(EngineError, match="has no vLLM"):
        find_interpreter(str(empty))


def test_without_any_it_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(EngineError, match="No Python with vLLM was found") as caught:
        find_interpreter()
    assert VARIABLE in caught.value.hint


def test_looking_for_one_ends_when_it_is_stopped(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    with pytest.raises(EngineError, match="has no vLLM"):
        find_interpreter(str(slow), lambda: True)

"""GPUs are what nvidia-smi shows, and nothing else that it says."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.deploy.gpus import Gpu, find_gpus, parse_gpus
from tests.deploy.fake_docker import FakeProgram

_LINE = "0, NVIDIA H100 80GB HBM3, 81559, 1024, 580.65.06\n"
_H100 = Gpu(number=0, name="NVIDIA H100 80GB HBM3", memory=81_559 << 20, used=1 << 30, driver="580.65.06")
_QUERY = "--query-gpu=index,name,memory.total,memory.used,driver_version --format=csv,noheader,nounits"


def test_a_line_is_a_gpu() -> None:
    assert parse_gpus(_LINE) == (_H100,)


def test_gpus_keep_their_numbers_and_their_order() -> None:
    lines = "".join(f"{number}, NVIDIA L4, 23034, 0, 580.65.06\n" for number in (0, 1, 3))
    assert [gpu.number for gpu in parse_gpus(lines)] == [0, 1, 3]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n\n",
        "No devices were found\n",
        "1, NVIDIA GB10, [N/A], [N/A], 580.95.05\n",
        "1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]\n",
        "[Unknown Error], NVIDIA L4, 23034, 0, 580.65.06\n",
        "Unable to determine the device handle for GPU1: 0000:0A:00.0: GPU is lost.  Reboot the system.\n",
        "1, NVIDIA L4, 23034, 0\n",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
    ],
)
def test_what_is_no_gpu_with_known_memory_is_left_out(line: str) -> None:
    assert parse_gpus(line) == ()
    assert parse_gpus(_LINE + line) == (_H100,)


@given(st.text())
def test_whatever_is_said_after_a_gpu_does_it_no_harm(told: str) -> None:
    first, *others = parse_gpus(_LINE + told)
    assert first == _H100
    assert len(others) <= len(told.splitlines())


def test_without_the_driver_there_is_none(folder_of_programs: Path) -> None:
    assert find_gpus() == ()
    assert not list(folder_of_programs.iterdir())


def test_the_driver_is_asked(folder_of_programs: Path) -> None:
    FakeProgram(folder_of_programs, "nvidia-smi").says(_QUERY, _LINE)
    assert find_gpus() == (_H100,)


def test_a_lost_gpu_does_not_hide_the_others(folder_of_programs: Path) -> None:
    lost = "1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]\n"
    FakeProgram(folder_of_programs, "nvidia-smi").says(_QUERY, _LINE + lost, err="GPU is lost", code=15)
    assert find_gpus() == (_H100,)


def test_a_driver_that_fails_shows_none(folder_of_programs: Path) -> None:
    FakeProgram(folder_of_programs, "nvidia-smi").says(_QUERY, "NVIDIA-SMI has failed\n", code=9)
    assert find_gpus() == ()


def test_output_that_is_no_text_does_no_harm(folder_of_programs: Path) -> None:
    program = FakeProgram(folder_of_programs, "nvidia-smi")
    program.path.write_text(f"#!/bin/sh\nprintf '\\377\\n'\nprintf %s '{_LINE}'\n")
    assert find_gpus() == (_H100,)


def test_a_driver_that_hangs_shows_none(folder_of_programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.deploy.gpus._WITHIN", 0.2)
    FakeProgram(folder_of_programs, "nvidia-smi").says(_QUERY, _LINE, hangs=True)
    assert find_gpus() == ()

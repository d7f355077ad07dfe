import os
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.local.startlog import Stage, StartLog, hint_for


def log_of(output: bytes) -> StartLog:
    """After all of ``output`` was read."""
    reading, writing = os.pipe()
    log = StartLog(os.fdopen(reading, "rb"))
    with os.fdopen(writing, "wb") as file:
        file.write(output)
    log.finish(10)
    return log


REAL = b"""\
(APIServer pid=1) INFO 11-24 10:21:21 [model.py:733] Resolved architecture: Qwen2_5_VLForConditionalGeneration
(APIServer pid=1) WARNING 11-24 10:21:21 [vllm.py:1703] Enforce eager set, disabling torch.compile, CUDAGraphs
(Worker pid=3) INFO 11-24 10:21:35 [cpu_model_runner.py:68] Starting to load model /models/deeds...
(Worker pid=3) INFO 11-24 10:21:35 [default_loader.py:501] Loading weights took 0.01 seconds
(Worker pid=3) ERROR 11-24 10:19:24 [multiproc_executor.py:953] Traceback (most recent call last):
(Worker pid=3) ERROR 11-24 10:19:24 [multiproc_executor.py:953]     worker = WorkerProc(*args, **kwargs)
(Worker pid=3) ERROR 11-24 10:19:24 [multiproc_executor.py:953] RuntimeError: Unable to find interface for: [127.0.0.1]
(EngineCore pid=2) Exception: WorkerProc initialization failed due to an exception. See stack trace for root cause.
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}
"""


def test_the_cause_is_told_and_not_what_followed_from_it() -> None:
    assert log_of(REAL).problem == "RuntimeError: Unable to find interface for: [127.0.0.1]"


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        (b"INFO 11-24 10:21:14 [x.py:1] Resolved architecture: Q", Stage.STARTING),
        (b"INFO 11-24 10:21:14 [x.py:1] Enforce eager set, disabling torch.compile", Stage.STARTING),
        (b"INFO 11-24 10:21:14 [x.py:1] Starting to load model /m...", Stage.LOADING),
        (b"INFO 11-24 10:21:14 [x.py:1] Loading weights took 2.5 seconds", Stage.MEASURING),
        (b"INFO 11-24 10:21:14 [x.py:1] Dynamo bytecode transform time: 4.2 s", Stage.COMPILING),
        (b"Capturing CUDA graphs (decode, FULL):  10%|", Stage.COMPILING),
    ],
)
def test_stages_are_seen(line: bytes, stage: Stage) -> None:
    assert log_of(line + b"\n").stage is stage


@pytest.mark.parametrize(
    ("line", "problem", "hint"),
    [
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
            "torch.OutOfMemoryError: CUDA out of memory",
            "shorter context",
        ),
        (
            "ValueError: No available memory for the cache blocks. Try increasing it",
            "ValueError: No available memory for the cache blocks",
            "shorter context",
        ),
        (
            "api_server.py: error: unrecognized arguments: --nonsense",
            "api_server.py: error: unrecognized arguments: --nonsense",
            "does not know what it was given",
        ),
        (
            "  Value error, Transformers does not recognize this architecture. It may be new.",
            "Transformers does not recognize this architecture",
            "check it",
        ),
        ("/env/bin/python: No module named vllm.x", "/env/bin/python: No module named vllm.x", "incomplete"),
        ("KeyError: 'x'", "KeyError: 'x'", "by hand"),
    ],
)
def test_what_to_do_is_told_with_the_problem(line: str, problem: str, hint: str) -> None:
    log = log_of(line.encode() + b"\n")
    assert log.problem == problem
    assert hint in hint_for(problem, log.stage)


def test_an_unknown_problem_while_loading_is_the_models() -> None:
    assert "check it" in hint_for("AssertionError", Stage.LOADING)


def test_nothing_is_kept_of_what_comes_after_the_start() -> None:
    reading, writing = os.pipe()
    log = StartLog(os.fdopen(reading, "rb"))
    log.stop_listening()
    with os.fdopen(writing, "wb") as file:
        file.write(b"ValueError: the deed says that\n")
    log.finish(10)
    assert log.problem == ""


@given(st.binary(max_size=20_000))
def test_any_output_is_read_to_its_end_and_little_of_it_kept(output: bytes) -> None:
    log = log_of(output + b"\nValueError: " + output)
    assert len(log.problem) <= 300
    assert log.problem.isprintable()


def test_a_pipe_is_closed_at_its_end() -> None:
    reading, writing = os.pipe()
    output: BinaryIO = os.fdopen(reading, "rb")
    log = StartLog(output)
    os.close(writing)
    log.finish(10)
    assert output.closed

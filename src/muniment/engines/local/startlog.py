"""What vLLM tells while it starts: how far it is, and what went wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread
from typing import IO


class Stage(StrEnum):
    """How far a start is."""

    STARTING = "starting"
    LOADING = "loading the model's weights"
    COMPILING = "compiling"
    MEASURING = "setting memory aside"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a start is, and for how many seconds it has been under way."""

    stage: Stage
    seconds: float


ProgressCallback = Callable[[Progress], None]

_LONGEST_LINE = 4096
_LONGEST_TOLD = 300

_SIGNS = (
    (Stage.LOADING, re.compile(r"Starting to load model|Loading safetensors checkpoint")),
    (Stage.MEASURING, re.compile(r"Loading weights took|Model loading took|KV cache size")),
    (Stage.COMPILING, re.compile(r"Dynamo bytecode|Compiling a graph|for the compilation|Capturing CUDA graph")),
)
_PREFIX = re.compile(r"^(\([^)]*\)\s*)*(\w+ \d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\]\s*)?")
_TELLING = re.compile(r"^(\w+\.)*\w*(Error|Exception)(:|$)|^Value error, |: error: |: No module named ")
_FOLLOWING = re.compile(r"See (root cause|stack trace)|Engine core initialization failed|validation errors? for")

_BAD_MODEL = "The folder may not hold a model that this vLLM can read: check it, or fetch the model again."
_HINTS = (
    (
        re.compile(
            r"out of memory|OutOfMemory|Free memory on device|KV cache|cache blocks|max_model_len|allocate memory"
        ),
        "Give it a shorter context or a larger share of the GPU's memory, or end what else uses that.",
    ),
    (
        re.compile(r"unrecognized arguments|invalid choice|expected one argument|invalid \w+ value"),
        "This vLLM does not know what it was given; use version 0.33 or newer and check the further arguments.",
    ),
    (re.compile(r"not supported|not recognize|Unrecognized model|[sS]afetensor|JSONDecodeError"), _BAD_MODEL),
    (re.compile(r"No module named|ImportError"), "This environment's vLLM is incomplete: install it again."),
)


class StartLog:
    """Reads vLLM's output for as long as there is any, so that vLLM never waits for a reader.

    Attributes:
        stage: how far the start is.
    """

    def __init__(self, output: IO[bytes]) -> None:
        self.stage = Stage.STARTING
        self._problem = ""
        self._listening = True
        self._output = output
        self._thread = Thread(target=self._read, name="vLLM's output", daemon=True)
        self._thread.start()

    def stop_listening(self) -> None:
        """Keep nothing of what comes from now on: it may tell of documents."""
        self._listening = False
        self._problem = ""

    def finish(self, within: float) -> None:
        """Wait for the end of the output of a vLLM that has ended."""
        self._thread.join(within)

    @property
    def problem(self) -> str:
        """The last line that tells why the start failed and does not just follow from another; or ""."""
        return self._problem

    def _read(self) -> None:
        with self._output as output:
            while line := output.readline(_LONGEST_LINE):
                if self._listening:
                    self._note(_PREFIX.sub("", line.decode(errors="replace").strip()))

    def _note(self, line: str) -> None:
        if _TELLING.search(line) and not _FOLLOWING.search(line):
            first_sentence = line.removeprefix("Value error, ").split(". ")[0].rstrip(".")[:_LONGEST_TOLD]
            self._problem = "".join(char if char.isprintable() else " " for char in first_sentence)
        for stage, sign in _SIGNS:
            if sign.search(line):
                self.stage = stage


def hint_for(problem: str, stage: Stage) -> str:
    """What to do about ``problem``, met at ``stage``."""
    for sign, hint in _HINTS:
        if sign.search(problem):
            return hint
    if stage is Stage.LOADING:
        return _BAD_MODEL
    return "Start this vLLM by hand on the same folder to see all that it says."

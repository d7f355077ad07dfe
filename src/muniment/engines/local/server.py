"""A vLLM from its start to its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from threading import Event, Lock
from typing import Self

from muniment.documents.sandbox import SandboxReport
from muniment.engines.local import keeper
from muniment.engines.local.command import command_line, default_cache, environment
from muniment.engines.local.folders import cache_folder, private_folder
from muniment.engines.local.interpreter import find_interpreter
from muniment.engines.local.modelfolder import check_model
from muniment.engines.local.readiness import served_context
from muniment.engines.local.settings import ServerSettings
from muniment.engines.local.startlog import Progress, ProgressCallback, Stage, StartLog, hint_for
from muniment.errors import EngineError, SandboxRefused

KEEPER = keeper.__file__
"""Run as a file: as a module it would bring its package along, and with that NumPy, whose threads bar the sandbox."""

_LOOK_EVERY = 0.2
_KEEPER_WITHIN = 30.0
"""Seconds until the keeper has told what it found."""
_LAST_WORDS_WITHIN = 5.0
GRACE = 3.0
"""Seconds vLLM may take to end by itself; an idle one takes a tenth of that, one that is starting would take long."""
_CLEAN_UP_WITHIN = 15.0
"""Seconds the keeper may take for killing and cleaning up, beside those."""


class SealedServer:
    """One run of vLLM, shut off from the network, answering on a Unix socket that only this user can reach.

    Use it in a ``with`` statement, or call :meth:`start` and :meth:`stop`. What has ended is not started again: make
    another. It ends when this process does, however that comes about.

    Attributes:
        address: where it answers, as :class:`muniment.engines.openai.Endpoint` takes it.
        model: the name it serves the model by.
        context: tokens that a page and its answer may have together; known once it is ready.
        sandbox: what it is shut off from, as checked from inside; known once it is ready.
        vllm: the version of vLLM; known once it is ready.
    """

    def __init__(self, settings: ServerSettings, progress: ProgressCallback = lambda _: None) -> None:
        self.model = settings.model.resolve().name
        self.address = ""
        self.context = 0
        self.sandbox = SandboxReport(network=False, reason="it was not started")
        self.vllm = ""
        self._settings = settings
        self._progress = progress
        self._folder: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._group = 0
        self._stopped = Event()
        self._stopping = Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            SandboxRefused: the system does not let it be shut off from the network; nothing was started.
            EngineError: there is no vLLM or no model, or it did not come up; nothing is left of it.
        """
        if sys.platform != "linux":
            raise EngineError(
                f"A vLLM cannot be shut off from the network on {sys.platform}", "Start one and give its address."
            )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        began = time.monotonic()
        settings = self._settings
        check_model(settings.model)
        python = find_interpreter(settings.python, self._stopped.is_set)
        cache = cache_folder(settings.cache or default_cache())
        self.vllm = python.vllm
        with self._stopping:  # what is made in here is seen and taken away by whoever stops it
            self._check_stopped()
            self._folder = folder = private_folder()
            log = self._start_keeper()
        api = folder / "api.sock"
        self._hear_of_sandbox()
        command = command_line(settings, python.path, api)
        self._send(keeper.Order(command, environment(os.environ, folder, cache), str(folder), GRACE))
        self.context = self._wait_until_ready(log, api, began)
        log.stop_listening()
        self.address = f"unix:{api}"
        self._progress(Progress(Stage.READY, time.monotonic() - began))

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise EngineError("The start of vLLM was broken off")

    def _start_keeper(self) -> StartLog:
        """Start the process that starts and keeps vLLM."""
        ours, theirs = socket.socketpair()
        ours.settimeout(_KEEPER_WITHIN)
        self._line = ours
        with theirs:
            self._keeper = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", KEEPER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches this process alone, which then ends vLLM
            )
        assert self._keeper.stdout is not None  # noqa: S101 - there is a pipe
        return StartLog(self._keeper.stdout)

    def _hear_of_sandbox(self) -> None:
        """What the keeper's sandbox found."""
        assert self._line is not None  # noqa: S101 - the keeper was started
        try:
            self.sandbox = SandboxReport(**json.loads(self._hear(self._line)))
        except (ValueError, TypeError):
            self._check_stopped()
            raise EngineError("The process that keeps vLLM could not be started") from None
        if not self.sandbox.network and not self._settings.unsealed:
            raise SandboxRefused(
                f"vLLM cannot be shut off from the network: {self.sandbox.reason}",
                "Allow user namespaces, or start vLLM in a container without network and give its address.",
            )

    def _send(self, order: keeper.Order) -> None:
        """Have the keeper start vLLM."""
        assert self._line is not None  # noqa: S101 - the keeper was started
        try:
            self._line.sendall(json.dumps(asdict(order)).encode() + b"\n")
            self._group = int(self._hear(self._line) or 0)
        except (OSError, ValueError):
            self._check_stopped()
            raise EngineError("The process that keeps vLLM broke off") from None

    @staticmethod
    def _hear(line: socket.socket) -> bytes:
        """One line; empty if there is none in time."""
        with suppress(OSError), line.makefile("rb", buffering=0) as incoming:
            return incoming.readline()
        return b""

    def _wait_until_ready(self, log: StartLog, api: Path, began: float) -> int:
        """How many tokens of context it serves the model with."""
        while (context := served_context(api, self.model)) is None:
            passed = time.monotonic() - began
            self._check_stopped()
            if not self.alive:
                raise self._failed(log)
            if passed > self._settings.start_within:
                raise EngineError(
                    f"vLLM was not ready after {self._settings.start_within:g} s; it was {log.stage}",
                    "End what else keeps the machine busy, and try again.",
                )
            self._progress(Progress(log.stage, passed))
            self._stopped.wait(_LOOK_EVERY)
        return context

    def _failed(self, log: StartLog) -> EngineError:
        """What to say of a vLLM that ended before it was ready."""
        log.finish(_LAST_WORDS_WITHIN)
        how = self.ending
        if log.problem:
            return EngineError(f"vLLM {how} while {log.stage}: {log.problem}", hint_for(log.problem, log.stage))
        if self._code == 128 + signal.SIGKILL:
            return EngineError(
                f"vLLM {how} while {log.stage}", "The system does that when memory runs out: use a smaller model."
            )
        return EngineError(f"vLLM {how} while {log.stage}", hint_for("", log.stage))

    @property
    def alive(self) -> bool:
        """Whether it runs; not whether it answers."""
        return self._keeper is not None and self._keeper.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, to be put after its name; "" if it was not started or runs."""
        if self._code is None:
            return ""
        number = self._code - 128
        if number in set(signal.Signals):
            return f"was ended by signal {number} ({signal.Signals(number).name})"
        return f"ended with code {self._code}"

    @property
    def _code(self) -> int | None:
        """Its exit code, or 128 and the number of the signal that ended it or its keeper."""
        code = self._keeper.poll() if self._keeper is not None else None
        return code if code is None or code >= 0 else 128 - code

    def stop(self) -> None:
        """End it, and leave nothing behind; safe from any thread and more than once."""
        self._stopped.set()
        with self._stopping:
            if self._line is not None:
                with suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)  # wakes whoever listens
                self._line.close()
            if self._keeper is not None:
                self._bury(self._keeper)
            if self._folder is not None:
                rmtree(self._folder, ignore_errors=True)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(GRACE + _CLEAN_UP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._group and process.returncode == -signal.SIGKILL:
            with suppress(ProcessLookupError):  # a killed keeper leaves what vLLM started
                os.killpg(self._group, signal.SIGKILL)

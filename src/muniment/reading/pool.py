"""Workers side by side: each lane is a thread with one worker process, which it replaces when it is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from muniment.errors import SandboxRefused
from muniment.reading.worker_process import WorkerLostError, WorkerProcess, WorkerSettings

Result = TypeVar("Result")


class Lane:
    """One thread's worker, started when first asked. Only :meth:`stop` may be called from another thread."""

    def __init__(self, settings: WorkerSettings, greet: Callable[[WorkerProcess], None]) -> None:
        self._settings = settings
        self._greet = greet
        self._worker: WorkerProcess | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def ask(self, question: Callable[[WorkerProcess], Result]) -> Result:
        """Put a question to the worker. If the worker is lost over it, the next question meets a fresh one.

        Raises:
            WorkerLostError: the worker crashed, hung or was killed.
            EngineError, SandboxRefused: no worker can be started.
            MunimentError: what the worker answered.
        """
        worker = self._ready()
        try:
            return question(worker)
        except WorkerLostError:
            self._discard()
            raise

    def _ready(self) -> WorkerProcess:
        if self.is_stopped():
            raise WorkerLostError("was stopped")
        with self._lock:
            if self._worker is not None and self._worker.alive:
                return self._worker
        self._discard()
        worker = WorkerProcess(self._settings)
        with self._lock:
            self._worker = worker
        if self.is_stopped():
            worker.kill()
        self._greet(worker)
        return worker

    def is_stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        with self._lock:
            return self._stopped

    def _discard(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.discard()

    def stop(self) -> None:
        """End the worker, whatever it is doing; whoever waits for it gets WorkerLostError."""
        with self._lock:
            self._stopped = True
            if self._worker is not None:
                self._worker.kill()

    def close(self) -> None:
        """Give everything back, once the lane's thread is done."""
        self.stop()
        self._discard()


class WorkerPool:
    """Runs tasks on at most ``jobs`` lanes.

    Args:
        jobs: how many workers at most.
        settings: what each is started with.
        require_sandbox: refuse a worker that could not shut itself off from the network.
    """

    def __init__(self, jobs: int, settings: WorkerSettings, *, require_sandbox: bool) -> None:
        self._settings = settings
        self._require_sandbox = require_sandbox
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="muniment-lane")
        self._mine = threading.local()
        self._lanes: list[Lane] = []
        self._lock = threading.Lock()
        self.refusal = ""
        """Why a worker could not shut itself off from the network; "" while all could."""

    def submit(self, task: Callable[[Lane], Result]) -> Future[Result]:
        """Run ``task`` on a lane, later."""
        return self._threads.submit(lambda: task(self._lane()))

    def _lane(self) -> Lane:
        lane: Lane | None = getattr(self._mine, "lane", None)
        if lane is None:
            lane = self._mine.lane = Lane(self._settings, self._check_sandbox)
            with self._lock:
                self._lanes.append(lane)
        return lane

    def _check_sandbox(self, worker: WorkerProcess) -> None:
        if worker.sandbox.network:
            return
        if self._require_sandbox:
            raise SandboxRefused(
                f"Workers cannot shut themselves off from the network: {worker.sandbox.reason}",
                "Allow unprivileged user namespaces on this system, or leave out --require-sandbox.",
            )
        self.refusal = self.refusal or worker.sandbox.reason

    def close(self) -> None:
        """End all workers at once, whatever they are doing, and wait for the lanes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            lanes = list(self._lanes)
        for lane in lanes:
            lane.stop()
        self._threads.shutdown(wait=True)
        for lane in lanes:
            lane.close()

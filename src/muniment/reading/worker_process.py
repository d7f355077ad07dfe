"""A worker process as seen from the reading process: started, asked with a deadline, killed without harm."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from threading import Event, Lock, Timer

from muniment.documents.sandbox import SandboxReport
from muniment.errors import EngineError
from muniment.reading import wire

WORKER_MODULE = "muniment.reading.worker"
"""What a worker process runs."""

START_TIMEOUT = 60.0
"""Seconds a worker may take until it says hello."""

MAX_REPLY = 256 << 20
"""Bytes of the longest answer believed; a page of 100,000 words needs a tenth of this."""


class WorkerLostError(Exception):
    """The worker crashed, hung or was killed; ``str()`` says which, in words for the user."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What every worker of a run is started with: bytes of data memory it may use."""

    memory: int


class WorkerProcess:
    """One worker. Starts on creation; every method but :meth:`kill` is for one thread only.

    Attributes:
        sandbox: what the worker shut itself off from.
        documents: those it has open, by their number.

    Raises:
        EngineError: it cannot be started.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self.documents: set[int] = set()
        self._lock = Lock()
        try:
            self._start(settings)
        except OSError as error:
            raise EngineError(
                f"A worker process could not be started: {error.strerror}",
                "The system is short of memory, processes or open files: close something, or use fewer --jobs.",
            ) from None
        self.sandbox = self._hello()

    def _start(self, settings: WorkerSettings) -> None:
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as unless_started:
            unless_started.callback(ours.close)
            self._process = subprocess.Popen(  # noqa: S603
                # -P: the folder the user stands in may hold a module that calls itself numpy.
                [sys.executable, "-P", "-m", WORKER_MODULE, str(theirs.fileno()), str(settings.memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("MUNIMENT_DEBUG") == "1" else subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches the reading process alone, which then stops its workers
            )
            unless_started.pop_all()
        self._connection = Connection(ours.detach())

    def _hello(self) -> SandboxReport:
        try:
            reply = self._receive(START_TIMEOUT)
        except WorkerLostError as lost:
            self.kill()
            raise EngineError(
                f"A worker process could not be started: it {lost}",
                "Run the command again with MUNIMENT_DEBUG=1 to see why.",
            ) from None
        if not isinstance(reply, wire.Hello):
            raise EngineError("A worker process did not introduce itself")
        return reply.sandbox

    def open(self, document: int, name: str, password: str | None, descriptor: int, timeout: float) -> wire.Opened:
        """Have the worker open the file behind ``descriptor``, which stays ours.

        Raises:
            WorkerLostError, DocumentError
        """
        self._send(wire.OpenRequest(document, name, password))
        try:
            send_handle(self._connection, descriptor, self._process.pid)
        except OSError:
            raise self._lost() from None
        reply = self._answer(timeout)
        if not isinstance(reply, wire.Opened):
            raise WorkerLostError("gave an answer that was not asked for")
        self.documents.add(document)
        return reply

    def read(self, request: wire.PageRequest, timeout: float) -> wire.PageRead:
        """Raises WorkerLostError, or the MunimentError that the worker met."""
        self._send(request)
        reply = self._answer(timeout)
        if not isinstance(reply, wire.PageRead) or reply.page.number != request.number:
            raise WorkerLostError("gave an answer that was not asked for")
        return reply

    def picture(self, request: wire.PictureRequest, timeout: float) -> wire.PageRead | wire.Pictured:
        """Raises WorkerLostError, or the MunimentError that the worker met."""
        self._send(request)
        reply = self._answer(timeout)
        if not isinstance(reply, wire.PageRead | wire.Pictured) or reply.page.number != request.number:
            raise WorkerLostError("gave an answer that was not asked for")
        return reply

    def crop(self, request: wire.CropRequest, timeout: float) -> wire.Cropped:
        """Raises WorkerLostError, or the MunimentError that the worker met."""
        self._send(request)
        reply = self._answer(timeout)
        asked = (request.number, len(request.boxes))
        if not isinstance(reply, wire.Cropped) or (reply.number, len(reply.images)) != asked:
            raise WorkerLostError("gave an answer that was not asked for")
        return reply

    def close(self, document: int) -> None:
        """Have the worker forget a document. Raises WorkerLostError."""
        self.documents.discard(document)
        self._send(wire.CloseRequest(document))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the worker at once; safe from any thread and more than once."""
        with self._lock:
            if self._process.returncode is None:
                self._process.kill()
                self._process.wait()

    def discard(self) -> None:
        """End the worker and give back its connection."""
        self.kill()
        self._connection.close()

    def _send(self, request: wire.AnyRequest) -> None:
        try:
            self._connection.send_bytes(wire.encode_request(request))
        except OSError:
            raise self._lost() from None

    def _answer(self, timeout: float) -> wire.Opened | wire.PageRead | wire.Pictured | wire.Cropped:
        reply = self._receive(timeout)
        if isinstance(reply, wire.Problem):
            raise reply.as_error()
        if isinstance(reply, wire.Hello):
            raise WorkerLostError("gave an answer that was not asked for")
        return reply

    def _receive(self, timeout: float) -> wire.AnyReply:
        late = Event()
        # An answer may begin and never end: only the worker's end ends the reading of it.
        timer = Timer(timeout, self._end_late, [late])
        timer.daemon = True
        timer.start()
        try:
            return wire.decode_reply(self._connection.recv_bytes(MAX_REPLY))
        except (EOFError, OSError):
            if late.is_set():
                raise WorkerLostError(f"took longer than {timeout:g} s") from None
            raise self._lost() from None
        except ValueError:
            self.kill()
            raise WorkerLostError("gave an answer that makes no sense") from None
        finally:
            timer.cancel()

    def _end_late(self, late: Event) -> None:
        late.set()
        self.kill()

    def _lost(self) -> WorkerLostError:
        """What to say of a worker whose connection broke."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
            return WorkerLostError("broke off the conversation")
        if code < 0:
            return WorkerLostError(f"was ended by signal {-code} ({_signal_name(-code)})")
        return WorkerLostError(f"ended with code {code}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have none
        return "no name"

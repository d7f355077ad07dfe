"""A worker that misbehaves on chosen pages, and otherwise reads "page N" without an engine.

The environment variable FAULTS holds ``NUMBER:FAULT[:METHOD]``, separated by commas; without METHOD every attempt at
the page meets the fault, and with "crop" for a METHOD what is to be cut out of it. LISTENER is a port to try to reach,
REFUSE_SANDBOX does what it says, and ON_OPENING is a fault for documents. Pages that a model is to see are taken for
upright, so that no models are loaded. Everything else about it is the real worker.
"""

import os
import signal
import socket
import time
from collections.abc import Callable

from muniment.documents import Document, opening, sandbox
from muniment.engines import Engine
from muniment.errors import EngineError, PageError
from muniment.reading import page, worker
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.wire import Cropped, CropRequest, Method, PageRequest
from muniment.text import Box, Flag, Line, Paragraph


def fault_for(page_number: int, step: str) -> str:
    for fault in filter(None, os.environ.get("FAULTS", "").split(",")):
        number, kind, *method = fault.split(":")
        if int(number) == page_number and (not method or method[0] == step):
            return kind
    return ""


def misbehave(kind: str, what: str) -> None:
    if kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "exit":
        os._exit(3)
    elif kind == "hang":
        time.sleep(3600)
    elif kind == "slow":
        time.sleep(0.5)
    elif kind == "memory":
        bytearray(1 << 40)
    elif kind == "error":
        raise PageError(f"{what} is damaged", "Scan it again.")
    elif kind == "bug":
        raise ZeroDivisionError("a quote from the document")
    elif kind == "engine":
        raise EngineError("The models are gone", "Run `make setup`.")


def reach(port: int) -> str:
    """What happens when the worker tries to talk to a listener on this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError as error:
        return f"refused with errno {error.errno}"
    return "reached"


def read_page(document: Document, request: PageRequest, engine: Callable[[], Engine]) -> PageReading:  # noqa: ARG001 - stands in for the real one
    misbehave(fault_for(request.number, request.method.value), f"a.tiff: page {request.number}")
    text = f"page {request.number}"
    if "LISTENER" in os.environ:
        text = reach(int(os.environ["LISTENER"]))
    box = Box(0.0, 0.0, 1.0, 0.1)
    fell_back = request.method is not Method.BEST
    return PageReading(
        number=request.number,
        status=PageStatus.FALLBACK if fell_back else PageStatus.READ,
        blocks=(Paragraph(text=text, box=box, lines=(Line(text, box, 1.0),)),),
        flags=(Flag.FALLBACK,) if fell_back else (),
        attempts=(Attempt("embedded", request.method.value),),
    )


def crop_page(self: worker.Worker, request: CropRequest) -> Cropped:
    kind = fault_for(request.number, "crop")
    if kind == "lie":
        return Cropped(request.number, ())
    misbehave(kind, f"a.tiff: page {request.number}")
    return cropped(self, request)


def refuse(memory: int | None, *, together: bool = False) -> sandbox.SandboxReport:  # noqa: ARG001 - as the real one
    return sandbox.SandboxReport(False, "user namespaces are switched off")


class Upright:
    """Looks at no page to tell how it lies."""

    def turn_of(self, pixels: object) -> int:  # noqa: ARG002 - stands in for the real one
        return 0


def righter_for(worker: object, threads: int) -> Upright:  # noqa: ARG001 - stands in for the real one
    return Upright()


page.read_page = read_page
worker.Worker._righter_for = righter_for  # type: ignore[assignment, method-assign]
cropped = worker.Worker._crop
worker.Worker._crop = crop_page  # type: ignore[method-assign]
if "REFUSE_SANDBOX" in os.environ:
    sandbox.enter = refuse
if "ON_OPENING" in os.environ:
    opening.open_document = lambda *_, **__: misbehave(os.environ["ON_OPENING"], "a.tiff")  # type: ignore[assignment]

if __name__ == "__main__":
    worker.main()

"""The worker process: shuts itself off from the network, then opens documents and reads pages on request.

Started by :mod:`muniment.reading.worker_process` as ``python -m muniment.reading.worker DESCRIPTOR MEMORY``.
Nothing heavy is imported before the sandbox is entered: namespaces want a process with a single thread.
"""

import sys
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import TYPE_CHECKING

from muniment.documents import sandbox

if TYPE_CHECKING:
    from muniment.documents import Document
    from muniment.engines import Engine
    from muniment.engines.embedded.letters import LetterReader
    from muniment.reading import wire


class Worker:
    """Holds the open documents and the engine, both made when first needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._documents: dict[int, Document] = {}
        self._names: dict[int, str] = {}
        self._engine: Engine | None = None
        self._righter: LetterReader | None = None

    def serve(self) -> None:
        """Answer requests until the other side is gone."""
        from muniment.reading import wire

        while True:
            try:
                request = wire.decode_request(self._connection.recv_bytes())
            except EOFError:
                return
            if isinstance(request, wire.CloseRequest):
                self._close(request.document)
            else:
                self._connection.send_bytes(wire.encode_reply(self._answer(request)))

    def _answer(self, request: "wire.OpenRequest | wire.OfPage") -> "wire.AnyReply":
        from muniment.errors import MunimentError
        from muniment.reading import wire

        try:
            if isinstance(request, wire.OpenRequest):
                return self._open(request)
            if isinstance(request, wire.PictureRequest):
                return self._picture(request)
            if isinstance(request, wire.CropRequest):
                return self._crop(request)
            return self._read(request)
        except MunimentError as error:
            return wire.Problem.of(error)
        except MemoryError:
            return self._problem(request, "needs more memory than a worker may use")
        except Exception as error:
            # The message may quote the document, so only the kind of error is told.
            return self._problem(request, f"stopped the reader with an unexpected {type(error).__name__}")

    def _problem(self, request: "wire.OpenRequest | wire.OfPage", what: str) -> "wire.Problem":
        from muniment.errors import BrokenDocument, PageError
        from muniment.reading import wire

        hint = "Print it to a new PDF or scan it again."
        if not isinstance(request, wire.OpenRequest):
            return wire.Problem.of(PageError(f"{self._names[request.document]}: page {request.number} {what}", hint))
        return wire.Problem.of(BrokenDocument(f"{request.name} {what}", hint))

    def _open(self, request: "wire.OpenRequest") -> "wire.Opened":
        from muniment.documents.opening import open_document
        from muniment.documents.shared_file import open_shared
        from muniment.reading import wire

        file = open_shared(recv_handle(self._connection))
        self._close(request.document)
        self._names[request.document] = request.name
        document = open_document(file, request.name, password=request.password)
        self._documents[request.document] = document
        return wire.Opened(document.kind, document.page_count)

    def _read(self, request: "wire.PageRequest") -> "wire.PageRead":
        from muniment.reading import wire
        from muniment.reading.page import read_page

        document = self._documents[request.document]
        return wire.PageRead(read_page(document, request, lambda: self._engine_for(request.threads)))

    def _picture(self, request: "wire.PictureRequest") -> "wire.PageRead | wire.Pictured":
        from muniment.reading.picture import picture_page

        document = self._documents[request.document]
        threads = request.threads
        return picture_page(document, request, lambda: self._engine_for(threads), lambda: self._righter_for(threads))

    def _crop(self, request: "wire.CropRequest") -> "wire.Cropped":
        from muniment.reading.crop import crop_page

        return crop_page(self._documents[request.document], request)

    def _righter_for(self, threads: int) -> "LetterReader":
        from muniment.engines.embedded.letters import LetterReader

        if self._righter is None:
            self._righter = LetterReader(threads)
        return self._righter

    def _engine_for(self, threads: int) -> "Engine":
        from muniment.engines.embedded.engine import EmbeddedEngine

        if self._engine is None:
            self._engine = EmbeddedEngine(threads)
        return self._engine

    def _close(self, document: int) -> None:
        self._names.pop(document, None)
        opened = self._documents.pop(document, None)
        if opened is not None:
            opened.close()


def main() -> None:
    descriptor, memory = int(sys.argv[1]), int(sys.argv[2])
    report = sandbox.enter(memory)
    connection = Connection(descriptor)

    from muniment.reading import wire

    connection.send_bytes(wire.encode_reply(wire.Hello(report)))
    Worker(connection).serve()


if __name__ == "__main__":
    main()

"""The care around one page: the attempts it gets, and what becomes of it when all fail."""

from dataclasses import dataclass, replace

from muniment.engines.image import EncodedImage, ImageLimits
from muniment.errors import DocumentError, EngineError, MunimentError, PageError
from muniment.reading.data import Attempt, PageReading, PageStatus
from muniment.reading.options import TextLayerUse
from muniment.reading.pool import Lane
from muniment.reading.source import OpenDocument
from muniment.reading.wire import CropRequest, Method, PageRead, PageRequest, Pictured, PictureRequest
from muniment.reading.worker_process import WorkerLostError, WorkerProcess
from muniment.text import Box, Flag


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Everything a lane needs to open a document.

    Attributes:
        timeout: seconds it may take.
        is_hashed: its bytes are hashed too, so that it is known by them.
    """

    document: OpenDocument
    timeout: float
    is_hashed: bool

    def __call__(self, lane: Lane) -> OpenDocument:
        """The document, open. Raises DocumentError, EngineError."""
        try:
            if self.is_hashed:
                self.document.hash(lane.is_stopped)
            lane.ask(lambda worker: self.document.open_in(worker, self.timeout))
        except WorkerLostError as lost:
            raise DocumentError(
                f"{self.document.name} cannot be opened: the worker that looked into it {lost}",
                "The file may be damaged or made to do harm.",
            ) from None
        return self.document


@dataclass(frozen=True, slots=True)
class PageTask:
    """Everything a lane needs to read one page.

    Attributes:
        threads: processor threads the worker's engine may use.
        timeout: seconds an attempt may take.
    """

    document: OpenDocument
    number: int
    use: TextLayerUse
    threads: int
    timeout: float

    def __call__(self, lane: Lane) -> PageReading:
        """Read the page; never raises for the page's own sake.

        Raises:
            EngineError: no page can be read at all.
        """
        failed: list[Attempt] = []
        for method in self._methods():
            try:
                page = lane.ask(lambda worker, method=method: self._attempt(worker, method))  # type: ignore[misc]
            except WorkerLostError as lost:
                failed.append(Attempt("embedded", method.value, str(self._error(lost))))
            except EngineError:
                raise
            except MunimentError as error:
                failed.append(Attempt("embedded", method.value, str(error)))
            else:
                return replace(page, attempts=(*failed, *page.attempts))
        return self._failure(failed)

    def _methods(self) -> tuple[Method, ...]:
        if self.use is TextLayerUse.ONLY:
            return (Method.BEST, Method.PLAIN)
        if self.document.kind == "pdf" and self.use is TextLayerUse.AUTO:
            return (Method.BEST, Method.REDUCED, Method.PLAIN)
        return (Method.BEST, Method.REDUCED)

    def _attempt(self, worker: WorkerProcess, method: Method) -> PageReading:
        self.document.open_in(worker, self.timeout)
        request = PageRequest(self.document.number, self.number, self.use, method, self.threads)
        return worker.read(request, self.timeout).page

    def _error(self, lost: WorkerLostError) -> PageError:
        return PageError(
            f"{self.document.name}: page {self.number} could not be read: the worker {lost}",
            "The page may be damaged or made to do harm; print it to a new PDF or scan it again.",
        )

    def _failure(self, failed: list[Attempt]) -> PageReading:
        return PageReading(
            number=self.number,
            status=PageStatus.FAILED,
            flags=(Flag.FAILED,),
            attempts=tuple(failed),
            problem=failed[0].problem,
        )


@dataclass(frozen=True, slots=True)
class PictureTask:
    """Everything a lane needs to picture one page for a model.

    Attributes:
        limits: how large the picture may be.
        bands: into how many parts the page is cut.
        shows_blank: whether a blank page is pictured too.
        timeout: seconds it may take.
    """

    document: OpenDocument
    number: int
    use: TextLayerUse
    limits: ImageLimits
    bands: int
    threads: int
    timeout: float
    shows_blank: bool = False

    def __call__(self, lane: Lane) -> PageRead | Pictured:
        """Picture the page, or read it by its own text if that may be used.

        Raises:
            PageError: it cannot be pictured.
            EngineError: no page can be.
        """
        try:
            return lane.ask(self._picture)
        except WorkerLostError as lost:
            page = f"{self.document.name}: page {self.number}"
            raise PageError(f"{page} could not be pictured: the worker {lost}") from None

    def in_bands(self, count: int) -> "PictureTask":
        """The same page cut into ``count`` parts, whatever text it carries."""
        return replace(self, bands=count, use=TextLayerUse.NEVER)

    def _picture(self, worker: WorkerProcess) -> PageRead | Pictured:
        self.document.open_in(worker, self.timeout)
        request = PictureRequest(
            self.document.number, self.number, self.use, self.limits, self.bands, self.threads, self.shows_blank
        )
        return worker.picture(request, self.timeout)


@dataclass(frozen=True, slots=True)
class CropTask:
    """Everything a lane needs to cut pieces out of a page that was read.

    Attributes:
        page: its reading, which tells how the page was turned and straightened.
        boxes: of the page in its reading.
        longest_side: pixels of the page's longer side that are enough.
        timeout: seconds it may take.
    """

    document: OpenDocument
    page: PageReading
    boxes: tuple[Box, ...]
    longest_side: int
    timeout: float

    def __call__(self, lane: Lane) -> tuple[EncodedImage, ...]:
        """The pieces, in the order of the boxes.

        Raises:
            PageError: they cannot be cut out.
            EngineError: nothing can be.
        """
        try:
            return lane.ask(self._crop)
        except WorkerLostError as lost:
            page = f"{self.document.name}: page {self.page.number}"
            raise PageError(f"{page} could not be cut up: the worker {lost}") from None

    def _crop(self, worker: WorkerProcess) -> tuple[EncodedImage, ...]:
        self.document.open_in(worker, self.timeout)
        page = self.page
        request = CropRequest(
            self.document.number, page.number, page.rotation, page.skew, self.boxes, self.longest_side
        )
        return worker.crop(request, self.timeout).images

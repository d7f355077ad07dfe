"""What happens during a run, in the order of documents and of their pages."""

from dataclasses import dataclass

from muniment.documents.sources import Source
from muniment.errors import MunimentError
from muniment.reading.data import DocumentInfo, PageReading


@dataclass(frozen=True, slots=True)
class SandboxWarning:
    """Workers could not shut themselves off from the network; told once, before the first page. ``str()`` is for the
    user."""

    reason: str

    def __str__(self) -> str:
        return (
            f"This system does not let workers shut themselves off from the network: {self.reason}. "
            "They read all the same; --require-sandbox makes this an error."
        )


@dataclass(frozen=True, slots=True)
class EngineAwaited:
    """The engine is not ready yet; told again and again, before the first page. ``seconds`` since the waiting began."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class EngineNotice:
    """Something happened to the engine that the user should know of; reading goes on."""

    what: str


@dataclass(frozen=True, slots=True)
class DocumentOpened:
    """A document was opened; ``pages`` are the numbers that will follow."""

    source: Source
    info: DocumentInfo
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PageDone:
    """A page was read, or failed for good. ``resumed`` if an earlier, interrupted run had read it."""

    source: Source
    page: PageReading
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class DocumentDone:
    """All pages of a document have been told. Asking for the next event confirms that its results are kept."""

    source: Source


@dataclass(frozen=True, slots=True)
class DocumentSkipped:
    """An earlier run read this very document the same way, and its results are still there.

    Attributes:
        pages: how many it has.
        fallback: numbers of pages that were read by a fallback.
        failed: numbers of pages that could not be read.
    """

    source: Source
    pages: int
    fallback: tuple[int, ...]
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DocumentFailed:
    """A document could not be opened."""

    source: Source
    error: MunimentError


Event = (
    SandboxWarning
    | EngineAwaited
    | EngineNotice
    | DocumentOpened
    | PageDone
    | DocumentDone
    | DocumentSkipped
    | DocumentFailed
)

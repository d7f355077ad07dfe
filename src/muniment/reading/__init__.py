"""Reading: from a document to readings, page by page, losing none."""

from muniment.reading.api import DocumentSource, PageStream, ask, extract, read, stream
from muniment.reading.data import Attempt, DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.reading.events import (
    DocumentDone,
    DocumentFailed,
    DocumentOpened,
    DocumentSkipped,
    EngineAwaited,
    EngineNotice,
    Event,
    PageDone,
    SandboxWarning,
)
from muniment.reading.furniture import Furniture
from muniment.reading.ledger import Ledger, Place
from muniment.reading.options import EMBEDDED, ReadOptions, TextLayerUse
from muniment.reading.questions import PlainQuestion, Question
from muniment.reading.run import Run

__all__ = [
    "EMBEDDED",
    "Attempt",
    "DocumentDone",
    "DocumentFailed",
    "DocumentInfo",
    "DocumentOpened",
    "DocumentReading",
    "DocumentSkipped",
    "DocumentSource",
    "EngineAwaited",
    "EngineNotice",
    "Event",
    "Furniture",
    "Ledger",
    "PageDone",
    "PageReading",
    "PageStatus",
    "PageStream",
    "Place",
    "PlainQuestion",
    "Question",
    "ReadOptions",
    "Run",
    "SandboxWarning",
    "TextLayerUse",
    "ask",
    "extract",
    "read",
    "stream",
]

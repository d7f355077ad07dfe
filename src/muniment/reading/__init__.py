"""Reading: from a document to readings, page by page, losing none.

The names are loaded when they are first used: a worker needs few of them, and its start is waited for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Attempt": "data",
    "DocumentDone": "events",
    "DocumentFailed": "events",
    "DocumentInfo": "data",
    "DocumentOpened": "events",
    "DocumentReading": "data",
    "DocumentSkipped": "events",
    "DocumentSource": "api",
    "EMBEDDED": "options",
    "EngineAwaited": "events",
    "EngineNotice": "events",
    "Event": "events",
    "Furniture": "furniture",
    "Ledger": "ledger",
    "PageDone": "events",
    "PageReading": "data",
    "PageStatus": "data",
    "PageStream": "api",
    "Place": "ledger",
    "PlainQuestion": "questions",
    "Question": "questions",
    "ReadOptions": "options",
    "Run": "run",
    "SandboxWarning": "events",
    "TextLayerUse": "options",
    "ask": "api",
    "extract": "api",
    "read": "api",
    "stream": "api",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

"""Reading: from a document to readings, page by page, losing none."""

from muniment.reading.data import Attempt, DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.reading.options import ReadOptions, TextLayerUse

__all__ = [
    "Attempt",
    "DocumentInfo",
    "DocumentReading",
    "PageReading",
    "PageStatus",
    "ReadOptions",
    "TextLayerUse",
]

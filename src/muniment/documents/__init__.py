"""Opening documents: untrusted bytes in, pages out.

The names are loaded when they are first used: what only finds files or reads page ranges needs neither NumPy nor a
PDF library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muniment.documents.blank import is_blank
    from muniment.documents.document import Document, Limits, Page
    from muniment.documents.opening import open_document
    from muniment.documents.page import PageImage, TextLayer, TextLine
    from muniment.documents.pages import PageRanges, parse_pages, select_pages
    from muniment.documents.sandbox import SandboxReport
    from muniment.documents.sandbox import enter as enter_sandbox
    from muniment.documents.sources import Source, SourceSearch, find_sources

_HOMES = {
    "Document": "document",
    "Limits": "document",
    "Page": "document",
    "PageImage": "page",
    "PageRanges": "pages",
    "SandboxReport": "sandbox",
    "Source": "sources",
    "SourceSearch": "sources",
    "TextLayer": "page",
    "TextLine": "page",
    "enter_sandbox": "sandbox",
    "find_sources": "sources",
    "is_blank": "blank",
    "open_document": "opening",
    "parse_pages": "pages",
    "select_pages": "pages",
}

__all__ = [
    "Document",
    "Limits",
    "Page",
    "PageImage",
    "PageRanges",
    "SandboxReport",
    "Source",
    "SourceSearch",
    "TextLayer",
    "TextLine",
    "enter_sandbox",
    "find_sources",
    "is_blank",
    "open_document",
    "parse_pages",
    "select_pages",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), "enter" if name == "enter_sandbox" else name)
    globals()[name] = value
    return value

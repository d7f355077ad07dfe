"""Opening documents: untrusted bytes in, pages out."""

from muniment.documents.document import Document, Limits, Page
from muniment.documents.page import PageImage, TextLayer, TextLine

__all__ = ["Document", "Limits", "Page", "PageImage", "TextLayer", "TextLine"]

"""Engines: what reads a page image."""

from muniment.engines.base import Engine, PageContent

__all__ = ["Engine", "PageContent"]

"""Muniment turns scans and PDFs into Markdown and data without letting them leave the machine.

::

    import muniment

    document = muniment.read("scan.pdf")            # a DocumentReading with pages, blocks, lines and flags
    for page in muniment.stream("long.pdf"):        # pages as they are ready, a few in memory at a time
        print(page.number, page.status, page.flags)
    print(muniment.render(document, "md"))          # also json, html, txt, csv

    options = muniment.ReadOptions(engines=("http://localhost:8001/v1",))
    muniment.ask("scan.pdf", "What is the total?", options)     # every page's answer, from a model
    muniment.extract("invoice.pdf", Invoice, options)           # data, as a Pydantic model or JSON Schema wants it

Everything here is imported when first used, so that ``import muniment`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from muniment._version import __version__

if TYPE_CHECKING:
    from muniment.errors import (
        BrokenDocument,
        DocumentError,
        EngineError,
        ExitCode,
        LimitExceeded,
        ModelChanged,
        ModelError,
        MunimentError,
        NotADocument,
        OutputError,
        PageError,
        PasswordNeeded,
        SandboxRefused,
        UsageError,
    )
    from muniment.outputs import Format, render
    from muniment.reading import (
        Attempt,
        DocumentInfo,
        DocumentReading,
        Furniture,
        PageReading,
        PageStatus,
        PageStream,
        ReadOptions,
        TextLayerUse,
        ask,
        extract,
        read,
        stream,
    )
    from muniment.text import (
        Block,
        Box,
        Cell,
        Checkbox,
        Code,
        Equation,
        Figure,
        Flag,
        Heading,
        Line,
        ListBlock,
        ListItem,
        PageNumber,
        Paragraph,
        Signature,
        Table,
        Watermark,
    )

__all__ = [
    "Attempt",
    "Block",
    "Box",
    "BrokenDocument",
    "Cell",
    "Checkbox",
    "Code",
    "DocumentError",
    "DocumentInfo",
    "DocumentReading",
    "EngineError",
    "Equation",
    "ExitCode",
    "Figure",
    "Flag",
    "Format",
    "Furniture",
    "Heading",
    "LimitExceeded",
    "Line",
    "ListBlock",
    "ListItem",
    "ModelChanged",
    "ModelError",
    "MunimentError",
    "NotADocument",
    "OutputError",
    "PageError",
    "PageNumber",
    "PageReading",
    "PageStatus",
    "PageStream",
    "Paragraph",
    "PasswordNeeded",
    "ReadOptions",
    "SandboxRefused",
    "Signature",
    "Table",
    "TextLayerUse",
    "UsageError",
    "Watermark",
    "__version__",
    "ask",
    "extract",
    "read",
    "render",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for room in ("errors", "text", "reading", "outputs"):
            module = import_module(f"muniment.{room}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'muniment' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

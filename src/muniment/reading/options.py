"""How to read."""

from dataclasses import dataclass
from enum import StrEnum


class TextLayerUse(StrEnum):
    """What to do with the text a PDF carries."""

    AUTO = "auto"
    """Use it where it is sane and the page is not a scan."""
    NEVER = "never"
    """Always look at the page."""
    ONLY = "only"
    """Never look at letters: pages without text come out empty and flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read; the defaults are the command line's.

    Attributes:
        pages: which pages, like "1-3,7" or "5-"; None for all.
        engine: "embedded".
        text_layer: what to do with a PDF's own text.
        password: for encrypted PDFs.
        jobs: worker processes; None for one for each processor.
        require_sandbox: fail if the system does not let workers shut themselves off from the network.
        page_timeout: seconds one attempt at a page may take before its worker is killed.
        worker_memory: bytes of data memory one worker may use.
    """

    pages: str | None = None
    engine: str = "embedded"
    text_layer: TextLayerUse = TextLayerUse.AUTO
    password: str | None = None
    jobs: int | None = None
    require_sandbox: bool = False
    page_timeout: float = 120.0
    worker_memory: int = 4 << 30

"""Readings: what came of reading a page or a document."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from muniment.text import Block, Flag, Line

_Count = Annotated[int, Field(ge=0, lt=1 << 31)]


class PageStatus(StrEnum):
    """How a page ended."""

    READ = "read"
    FALLBACK = "fallback"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens as an engine counted them: of the questions, and of its answers; 0 if it does not say."""

    prompt: _Count = 0
    completion: _Count = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a page.

    Attributes:
        engine: who tried ("embedded").
        method: how ("ocr", "text layer").
        problem: why it failed, or "" if it succeeded.
        tokens: that it took; not part of the result's identity and never written to outputs.
    """

    engine: str
    method: str
    problem: str = ""
    tokens: Tokens = field(default=Tokens(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """One page, read or not: its place in the document is always kept.

    Attributes:
        number: from 1, as in the document.
        status: read, read by a fallback, or failed.
        width, height: of the page as it stands upright and straightened, in ``unit``: what boxes are fractions of.
        unit: "pt" (1/72 inch) for PDF pages, "px" for images.
        rotation: degrees clockwise the page was turned to stand upright: 0, 90, 180 or 270.
        skew: degrees of slant that were taken out, clockwise positive.
        blocks: in reading order, furniture included and marked; of a page that was asked a question, the answer alone.
        flags: remarks, sorted.
        attempts: every try, in order.
        problem: why the page failed, and what to do; "" unless it did.
        seconds: time spent reading; not part of the result's identity and never written to outputs.
    """

    number: int
    status: PageStatus
    width: float = 0.0
    height: float = 0.0
    unit: str = "px"
    rotation: int = 0
    skew: float = 0.0
    blocks: tuple[Block, ...] = ()
    flags: tuple[Flag, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    problem: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def tokens(self) -> Tokens:
        """What all attempts took together."""
        taken = [attempt.tokens for attempt in self.attempts]
        return Tokens(sum(tokens.prompt for tokens in taken), sum(tokens.completion for tokens in taken))


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What is known of a document before its pages are read.

    Attributes:
        name: the file's name as given, relative to the folder it was found in; "stdin" for standard input.
        kind: "pdf", "png", "jpeg", "tiff", "webp", "bmp", "gif" or "heic".
        page_count: pages in the document, asked for or not.
        sha256: of the file's bytes, hexadecimal.
    """

    name: str
    kind: str
    page_count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """A whole document as read: ``info`` and the pages that were asked for, in order."""

    info: DocumentInfo
    pages: tuple[PageReading, ...]

    @property
    def blocks(self) -> Iterator[Block]:
        return (block for page in self.pages for block in page.blocks)

    @property
    def lines(self) -> Iterator[Line]:
        return (line for page in self.pages for line in page.lines)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Every flag that any page carries, sorted."""
        return tuple(sorted({flag for page in self.pages for flag in page.flags}))

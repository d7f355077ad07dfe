"""What the reading process and its workers say to each other.

Plain JSON, checked on arrival: a worker opens untrusted bytes and may have been taken over by them, so nothing it says
is unpickled or believed beyond its type.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, TypeAdapter

from muniment import errors
from muniment.documents.sandbox import SandboxReport
from muniment.engines.image import EncodedImage, ImageLimits
from muniment.reading.data import PageReading
from muniment.reading.options import TextLayerUse
from muniment.text import Box

MOST_PAGES = 100_000
"""More pages than any document may have; see documents.Limits."""


class Method(StrEnum):
    """How one attempt goes about a page."""

    BEST = "best"
    """The text layer where it may be used and is sane, the engine's eyes otherwise."""
    REDUCED = "reduced"
    """The engine's eyes on a smaller image: less memory and time."""
    PLAIN = "plain"
    """The text layer line by line, without looking at the page."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Open the file whose descriptor follows; later requests call it ``document``."""

    document: int
    name: str
    password: str | None
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Read one page of an open document."""

    document: int
    number: int
    use: TextLayerUse
    method: Method
    threads: int
    kind: Literal["page"] = "page"


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Show one page of an open document as a model is to see it, or read it by its own text where that may be used.

    Attributes:
        bands: into how many overlapping parts the page is cut, top to bottom; 1 for the whole page.
        shows_blank: whether a page with nothing on it is pictured too; models are not asked what such a page says.
    """

    document: int
    number: int
    use: TextLayerUse
    limits: ImageLimits
    bands: int
    threads: int
    shows_blank: bool
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, slots=True)
class CropRequest:
    """Cut pieces out of one page of an open document, as it stood when it was read.

    Attributes:
        boxes: of the page turned by ``rotation`` and then straightened by ``skew``, as in its reading.
        longest_side: pixels of the page's longer side that are enough.
    """

    document: int
    number: int
    rotation: int
    skew: float
    boxes: tuple[Box, ...]
    longest_side: int
    kind: Literal["crop"] = "crop"


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """Forget a document; answered by nothing."""

    document: int
    kind: Literal["close"] = "close"


@dataclass(frozen=True, slots=True)
class Hello:
    """A worker's first word: what it could shut itself off from."""

    sandbox: SandboxReport
    kind: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class Opened:
    """The document is open."""

    document_kind: Annotated[str, Field(pattern=r"^[a-z]{3,4}$")]
    page_count: Annotated[int, Field(ge=1, le=MOST_PAGES)]
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class PageRead:
    """The page was read."""

    page: PageReading
    kind: Literal["read"] = "read"


@dataclass(frozen=True, slots=True)
class Pictured:
    """The page as pictures.

    Attributes:
        page: what is known of it before it is read: size, rotation, flags; no blocks.
        images: as many as bands were asked for, top to bottom; none of a blank page, unless that was to be shown.
    """

    page: PageReading
    images: tuple[EncodedImage, ...]
    kind: Literal["pictured"] = "pictured"


@dataclass(frozen=True, slots=True)
class Cropped:
    """Pieces of page ``number``, in the order of the boxes that were asked for."""

    number: int
    images: tuple[EncodedImage, ...]
    kind: Literal["cropped"] = "cropped"


@dataclass(frozen=True, slots=True)
class Problem:
    """The request could not be done; an error of muniment.errors in parts."""

    error: str
    what: str
    hint: str
    kind: Literal["problem"] = "problem"

    @staticmethod
    def of(error: errors.MunimentError) -> "Problem":
        return Problem(type(error).__name__, error.what, error.hint)

    def as_error(self) -> errors.MunimentError:
        """The error again; one of an unknown name becomes the base of them all."""
        known = getattr(errors, self.error, None)
        if isinstance(known, type) and issubclass(known, errors.MunimentError):
            return known(self.what, self.hint)
        return errors.MunimentError(self.what, self.hint)


OfPage = PageRequest | PictureRequest | CropRequest
AnyRequest = OpenRequest | OfPage | CloseRequest
AnyReply = Hello | Opened | PageRead | Pictured | Cropped | Problem
Request = Annotated[AnyRequest, Discriminator("kind")]
Reply = Annotated[AnyReply, Discriminator("kind")]


@cache
def _requests() -> TypeAdapter[Any]:
    return TypeAdapter(Request)


@cache
def _replies() -> TypeAdapter[Any]:
    return TypeAdapter(Reply)


def encode_request(request: AnyRequest) -> bytes:
    return _requests().dump_json(request)


def decode_request(data: bytes) -> AnyRequest:
    request: AnyRequest = _requests().validate_json(data)
    return request


def encode_reply(reply: AnyReply) -> bytes:
    return _replies().dump_json(reply)


def decode_reply(data: bytes) -> AnyReply:
    """Raises ValueError (pydantic's) on anything that is not a reply."""
    reply: AnyReply = _replies().validate_json(data)
    return reply

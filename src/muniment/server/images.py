"""Images that come inside a request: as data URLs, since nothing is ever fetched."""

import re
from dataclasses import dataclass, field
from typing import Any

import pybase64

from muniment.server.checks import refusal

_KINDS = ("png", "jpeg", "webp", "gif", "bmp", "tiff", "heic")
_ALIASES = {"jpg": "jpeg"}
"""No registered name, and what many clients send."""
_START = re.compile(rf"data:image/({'|'.join((*_KINDS, *_ALIASES))});base64,", re.IGNORECASE)
_DATA = re.compile("data:", re.IGNORECASE)
_READ = f"image/{', '.join(_KINDS)}"


@dataclass(frozen=True, slots=True)
class SentImage:
    """An image file out of a request. What its bytes are is for a worker to find out.

    Attributes:
        mime: what the request calls it, as "image/png".
    """

    data: bytes = field(repr=False)
    mime: str

    def url(self) -> tuple[bytes, bytes]:
        """The image as a data URL, in two pieces."""
        return f"data:{self.mime};base64,".encode(), pybase64.b64encode(self.data)


def read_image(url: Any, param: str) -> SentImage:
    """The image in a data URL.

    Raises:
        ApiError: it is another URL, another kind of data, or broken.
    """
    if not isinstance(url, str):
        raise refusal(f"{param!r} has to be a string", param, "invalid_type")
    start = _START.match(url)
    if start is None:
        raise _no_image(url, param)
    kind = start[1].lower()
    return SentImage(read_base64(url[start.end() :], param), f"image/{_ALIASES.get(kind, kind)}")


def read_base64(text: str, param: str) -> bytes:
    """Bytes out of base64 with its padding and without line breaks.

    Raises:
        ApiError: it is something else, or nothing.
    """
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError:
        data = None
    if data is None:
        raise refusal(f"The base64 in {param!r} is broken: send it whole, padded and in one line", param)
    if not data:
        raise refusal(f"{param!r} holds no data", param)
    return data


def _no_image(url: str, param: str) -> Exception:
    if _DATA.match(url):
        return refusal(f"The data URL in {param!r} has to begin data:KIND;base64, with one of {_READ} as KIND", param)
    return refusal(
        f"Muniment fetches nothing: send the image in {param!r} as a data URL (data:image/png;base64,…)",
        param,
        "url_not_allowed",
    )

"""Pages as Mistral tells them, with the pictures that stand on them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.engines.image import EncodedImage
from muniment.errors import PageError
from muniment.outputs.markdown import MarkdownWriter
from muniment.reading import PageReading, PageStatus
from muniment.server.checks import boolean, integer
from muniment.text import Box, Figure

DPI = 200
"""That a PDF's page is told to have been looked at with; boxes count in its pixels."""
_POINTS = 72
_MOST = 2**31 - 1

Cut = Callable[[PageReading, tuple[Box, ...], int], Awaitable[Sequence[EncodedImage]]]
"""Cuts boxes out of a page whose longer side has so many pixels. Raises PageError."""


@dataclass(frozen=True, slots=True)
class PictureWishes:
    """Which pictures are told of, and how.

    Attributes:
        with_data: whether what they show is wanted too, and not only where they are.
        most: how many of a document; None is all.
        least: pixels that both their sides have at least.
    """

    with_data: bool = False
    most: int | None = None
    least: int = 0

    @staticmethod
    def of(body: Mapping[str, Any]) -> "PictureWishes":
        """Those of a request. Raises ApiError."""
        told = {name: body.get(name) for name in ("include_image_base64", "image_limit", "image_min_size")}
        with_data, most, least = told.values()
        count = integer(0, _MOST)
        return PictureWishes(
            with_data is not None and boolean(with_data, "include_image_base64"),
            None if most is None else count(most, "image_limit"),
            0 if least is None else count(least, "image_min_size"),
        )


@dataclass(frozen=True, slots=True)
class _Picture:
    """A figure whose place is known: its place among the page's blocks, its box, and its corners in pixels."""

    block: int
    box: Box
    corners: tuple[int, int, int, int]

    def is_at_least(self, side: int) -> bool:
        left, top, right, bottom = self.corners
        return min(right - left, bottom - top) >= side


class OcrPages:
    """The pages of one document, told one after the other; pictures are numbered throughout.

    Args:
        cut: cuts pictures out of the document's pages.
        most_data: characters of pictures, in base64, that are told in all.

    Attributes:
        without_data: how many pictures were wanted and told of by their places only, as they could not be cut out or
            were too much.
    """

    def __init__(self, wishes: PictureWishes, cut: Cut, most_data: int) -> None:
        self.without_data = 0
        self._wishes = wishes
        self._cut = cut
        self._room = most_data
        self._count = 0

    async def told(self, page: PageReading) -> dict[str, Any]:
        """The next page."""
        width, height = _size(page)
        figures = [block for block in page.blocks if isinstance(block, Figure) and not block.furniture]
        pictures = self._chosen(page, width, height)
        ids = [f"img-{self._count + number}.jpeg" for number in range(len(pictures))]
        self._count += len(pictures)
        names = {picture.block: name for picture, name in zip(pictures, ids, strict=True)}
        data = await self._data(page, pictures, max(width, height))
        return {
            "index": page.number - 1,
            "markdown": MarkdownWriter().page(page, names).strip(),
            "images": [_image(*one) for one in zip(ids, pictures, data, strict=True)],
            "dimensions": {"dpi": DPI, "width": width, "height": height} if width and height else None,
            "muniment": {
                "status": page.status.value,
                "flags": list(page.flags),
                "problem": page.problem if page.status is PageStatus.FAILED else "",
                "images_without_place": sum(figure.box is None for figure in figures),
            },
        }

    def _chosen(self, page: PageReading, width: int, height: int) -> list[_Picture]:
        found = [
            _Picture(place, block.box, _corners(block.box, width, height))
            for place, block in enumerate(page.blocks)
            if isinstance(block, Figure) and block.box is not None and not block.furniture
        ]
        large = [picture for picture in found if picture.is_at_least(self._wishes.least)]
        return large if self._wishes.most is None else large[: self._wishes.most - self._count]

    async def _data(self, page: PageReading, pictures: Sequence[_Picture], longest: int) -> list[str | None]:
        """What the pictures show, as data URLs; None for those that are not wanted or cannot be had."""
        if not self._wishes.with_data or not pictures:
            return [None] * len(pictures)
        try:
            images = await self._cut(page, tuple(picture.box for picture in pictures), longest)
        except PageError:  # the page was read all the same
            self.without_data += len(pictures)
            return [None] * len(pictures)
        return [self._fitting(image) for image in images]

    def _fitting(self, image: EncodedImage) -> str | None:
        if len(image.base64) > self._room:
            self._room = 0  # so that those left out are the last, and not the large ones among them
            self.without_data += 1
            return None
        self._room -= len(image.base64)
        return f"data:{image.mime};base64,{image.base64}"


def _size(page: PageReading) -> tuple[int, int]:
    """Width and height in pixels."""
    scale = DPI / _POINTS if page.unit == "pt" else 1.0
    return round(page.width * scale), round(page.height * scale)


def _corners(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    return round(box.x0 * width), round(box.y0 * height), round(box.x1 * width), round(box.y1 * height)


def _image(name: str, picture: _Picture, data: str | None) -> dict[str, Any]:
    left, top, right, bottom = picture.corners
    return {
        "id": name,
        "top_left_x": left,
        "top_left_y": top,
        "bottom_right_x": right,
        "bottom_right_y": bottom,
        "image_base64": data,
        "image_annotation": None,
    }

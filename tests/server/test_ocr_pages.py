"""Pages as Mistral tells them, and the pictures on them."""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.image import EncodedImage
from muniment.errors import PageError
from muniment.reading import PageReading, PageStatus
from muniment.server.errors import ApiError
from muniment.server.ocr_pages import OcrPages, PictureWishes
from muniment.text import Block, Box, Figure, Paragraph

PLENTY = 1_000_000
LARGE, SMALL = Box(0.1, 0.1, 0.9, 0.5), Box(0.1, 0.6, 0.2, 0.7)


def page(number: int, *blocks: Block, unit: str = "px") -> PageReading:
    return PageReading(number=number, status=PageStatus.READ, width=1000, height=500, unit=unit, blocks=blocks)


class Scissors:
    """Cuts what it says it cut, of a given length."""

    def __init__(self, length: int = 8) -> None:
        self.length = length
        self.cuts: list[tuple[int, list[Box], int]] = []

    async def __call__(self, page: PageReading, boxes: Sequence[Box], longest: int) -> Sequence[EncodedImage]:
        self.cuts.append((page.number, list(boxes), longest))
        return [EncodedImage("A" * self.length, "image/jpeg", 1, 1) for _ in boxes]


async def broken(page: PageReading, boxes: Sequence[Box], longest: int) -> Sequence[EncodedImage]:
    raise PageError(f"page {page.number} with {len(boxes)} boxes of {longest} could not be cut up")


def told(
    *pages: PageReading, wishes: PictureWishes | None = None, cut: Any = broken, most_data: int = PLENTY
) -> tuple[list[dict[str, Any]], int]:
    """All pages, and how many pictures are without the data that was wanted."""

    async def work() -> tuple[list[dict[str, Any]], int]:
        ocr = OcrPages(wishes or PictureWishes(), cut, most_data)
        return [await ocr.told(one) for one in pages], ocr.without_data

    return asyncio.run(work())


def images(page: dict[str, Any]) -> list[str]:
    return [image["id"] for image in page["images"]]


def test_pictures_are_numbered_throughout_and_the_markdown_calls_them_so() -> None:
    first, second = told(page(1, Figure(box=LARGE), Figure(box=SMALL)), page(2, Figure(box=LARGE)))[0]
    assert (images(first), images(second)) == (["img-0.jpeg", "img-1.jpeg"], ["img-2.jpeg"])
    assert first["markdown"] == "> ![img-0.jpeg](img-0.jpeg)\n\n> ![img-1.jpeg](img-1.jpeg)"
    assert second["markdown"] == "> ![img-2.jpeg](img-2.jpeg)"


@pytest.mark.parametrize(("unit", "scale"), [("px", 1), ("pt", 200 / 72)])
def test_corners_count_in_the_pixels_that_are_told(unit: str, scale: float) -> None:
    (found,), _ = told(page(1, Figure(box=LARGE), unit=unit))
    corners = {name: value for name, value in found["images"][0].items() if name.endswith(("_x", "_y"))}
    wanted = {"top_left_x": 100, "top_left_y": 50, "bottom_right_x": 900, "bottom_right_y": 250}
    assert corners == {name: round(value * scale) for name, value in wanted.items()}
    assert found["dimensions"] == {"dpi": 200, "width": round(1000 * scale), "height": round(500 * scale)}


def test_what_pictures_show_is_told_only_if_it_is_wanted() -> None:
    scissors = Scissors()
    (plain,), without = told(page(1, Figure(box=LARGE)), cut=scissors)
    assert (plain["images"][0]["image_base64"], scissors.cuts, without) == (None, [], 0)
    (cut,), without = told(page(1, Figure(box=LARGE)), cut=scissors, wishes=PictureWishes(with_data=True))
    assert cut["images"][0]["image_base64"] == "data:image/jpeg;base64,AAAAAAAA"
    assert (scissors.cuts, without) == ([(1, [LARGE], 1000)], 0)


def test_a_page_without_pictures_is_not_looked_at_again() -> None:
    scissors = Scissors()
    told(page(1, Paragraph(text="words", box=LARGE)), cut=scissors, wishes=PictureWishes(with_data=True))
    assert scissors.cuts == []


def test_there_are_no_more_pictures_than_are_wanted_of_the_document() -> None:
    pages = [page(number, Figure(box=LARGE), Figure(box=SMALL)) for number in (1, 2)]
    first, second = told(*pages, wishes=PictureWishes(most=3))[0]
    assert (images(first), images(second)) == (["img-0.jpeg", "img-1.jpeg"], ["img-2.jpeg"])
    assert second["markdown"] == "> ![img-2.jpeg](img-2.jpeg)\n\n> [Figure]", "the other has not vanished"
    assert [images(one) for one in told(*pages, wishes=PictureWishes(most=0))[0]] == [[], []]


@pytest.mark.parametrize(("least", "count"), [(0, 2), (50, 2), (51, 1), (200, 1), (201, 0)])
def test_both_sides_of_a_picture_are_as_long_as_is_wanted(least: int, count: int) -> None:
    (found,), _ = told(page(1, Figure(box=SMALL), Figure(box=LARGE)), wishes=PictureWishes(least=least))
    assert len(found["images"]) == count


def test_small_pictures_do_not_count_towards_the_most() -> None:
    wishes = PictureWishes(most=1, least=100)
    (found,), _ = told(page(1, Figure(box=SMALL), Figure(box=LARGE)), wishes=wishes)
    assert found["images"][0]["bottom_right_x"] == 900


def test_a_picture_without_a_place_is_said_to_be_there() -> None:
    """Models tell of pictures and not where they are."""
    (found,), without = told(page(1, Figure(caption="A map")), wishes=PictureWishes(with_data=True))
    assert (found["images"], found["markdown"], without) == ([], "> [Figure] A map", 0)
    assert found["muniment"]["images_without_place"] == 1


def test_the_pages_furniture_is_no_picture() -> None:
    (found,), _ = told(page(1, Figure(text="a crest", box=SMALL, furniture=True)))
    assert (found["images"], found["muniment"]["images_without_place"]) == ([], 0)


def test_a_picture_that_cannot_be_cut_out_keeps_its_place() -> None:
    (found,), without = told(page(1, Figure(box=LARGE)), wishes=PictureWishes(with_data=True), cut=broken)
    assert (images(found), found["images"][0]["image_base64"], without) == (["img-0.jpeg"], None, 1)


def test_beyond_what_an_answer_may_hold_pictures_are_told_by_their_places() -> None:
    pages = [page(number, Figure(box=LARGE), Figure(box=SMALL)) for number in (1, 2)]
    found, without = told(*pages, wishes=PictureWishes(with_data=True), cut=Scissors(10), most_data=29)
    data = [image["image_base64"] is not None for one in found for image in one["images"]]
    assert (data, without) == ([True, True, False, False], 2)


@pytest.mark.parametrize(
    ("body", "wishes"),
    [
        ({}, PictureWishes()),
        ({"include_image_base64": None, "image_limit": None, "image_min_size": None}, PictureWishes()),
        ({"include_image_base64": False}, PictureWishes()),
        ({"include_image_base64": True, "image_limit": 0}, PictureWishes(with_data=True, most=0)),
        ({"image_limit": 5, "image_min_size": 32}, PictureWishes(most=5, least=32)),
    ],
)
def test_a_request_says_which_pictures_it_wants(body: dict[str, Any], wishes: PictureWishes) -> None:
    assert PictureWishes.of(body) == wishes


@pytest.mark.parametrize("field", ["include_image_base64", "image_limit", "image_min_size"])
@given(value=st.one_of(st.text(), st.floats(), st.integers(max_value=-1), st.lists(st.integers(), max_size=2)))
def test_a_wish_that_makes_no_sense_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ApiError) as caught:
        PictureWishes.of({field: value})
    assert caught.value.param == field


@given(boxes=st.lists(st.sampled_from([LARGE, SMALL, None]), max_size=6), most=st.integers(0, 6))
def test_every_picture_is_in_the_markdown_and_every_id_stands_for_one(boxes: list[Box | None], most: int) -> None:
    (found,), _ = told(page(1, *(Figure(box=box) for box in boxes)), wishes=PictureWishes(most=most))
    assert found["markdown"].count("> [Figure]") + len(found["images"]) == len(boxes)
    for image in found["images"]:
        assert found["markdown"].count(f"![{image['id']}]({image['id']})") == 1


def test_data_is_what_was_cut_out() -> None:
    async def cut(*_: object) -> Sequence[EncodedImage]:
        return [EncodedImage(base64.b64encode(b"a map").decode(), "image/png", 1, 1)]

    (found,), _ = told(page(1, Figure(box=LARGE)), wishes=PictureWishes(with_data=True), cut=cut)
    assert found["images"][0]["image_base64"] == "data:image/png;base64,YSBtYXA="

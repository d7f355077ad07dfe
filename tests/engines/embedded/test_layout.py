"""Regions of a page, as the layout model sees them."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from muniment.engines.embedded.geometry import shared_area
from muniment.engines.embedded.layout import (
    LayoutModel,
    Region,
    RegionKind,
    _doubles,
    _expected_distance,
    _without_doubles,
)
from tests.engines.embedded.laying import region


@pytest.fixture(scope="module")
def model() -> LayoutModel:
    return LayoutModel(threads=1)


def paper() -> Image.Image:
    """A title, a paragraph, a dark picture with a caption, a paragraph."""
    page = Image.new("RGB", (850, 1100), "white")
    brush = ImageDraw.Draw(page)
    brush.text((250, 80), "The House in York", "black", ImageFont.load_default(36))
    sentence = "The lease of the house and of the garden behind it ends in May or at the latest"
    for y in [*range(180, 400, 24), *range(800, 1000, 24)]:
        brush.text((100, y), sentence, "black", ImageFont.load_default(18))
    for step in range(200):
        brush.line((150 + 2 * step, 440, 150 + 3 * step, 700), (step, 90, 255 - step), 3)
    brush.text((250, 730), "Figure 1: The house from the north", "black", ImageFont.load_default(16))
    return page


def kinds(regions: Sequence[Region]) -> list[RegionKind]:
    return [found.kind for found in regions]


def test_a_page_has_text_above_and_below_its_picture(model: LayoutModel) -> None:
    found = model.find(np.asarray(paper()))
    (picture,) = [item.rect for item in found if item.kind is RegionKind.FIGURE]
    assert picture.y0 == pytest.approx(440, abs=25)
    assert picture.y1 == pytest.approx(700, abs=25)
    texts = sorted(item.rect.y0 for item in found if item.kind is RegionKind.TEXT)
    assert texts[0] == pytest.approx(180, abs=25)
    assert texts[-1] == pytest.approx(800, abs=25)


def test_regions_come_surest_first_and_lie_on_the_page(model: LayoutModel) -> None:
    found = model.find(np.asarray(paper()))
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0.4 <= score <= 1 for score in scores)
    assert all(0 <= item.rect.x0 < item.rect.x1 <= 850 and 0 <= item.rect.y0 < item.rect.y1 <= 1100 for item in found)


def test_the_same_page_at_another_size_has_the_same_regions(model: LayoutModel) -> None:
    page = paper()
    small, large = (model.find(np.asarray(page.resize((850 * by, 1100 * by)))) for by in (1, 2))
    assert sorted(kinds(small)) == sorted(kinds(large))


def test_no_region_is_there_twice(model: LayoutModel) -> None:
    found = model.find(np.asarray(paper()))
    for place, item in enumerate(found):
        assert all(
            shared_area(item.rect, other.rect) < 0.9 * max(item.rect.area, other.rect.area) for other in found[:place]
        )


def test_regions_that_overlap_are_doubles_sooner_if_they_are_of_one_kind() -> None:
    one, other = (0.0, 0.0, 100.0, 100.0), (0.0, 0.0, 100.0, 60.0)
    title, text = region(RegionKind.TITLE, one), region(RegionKind.TEXT, one)
    assert _doubles(region(RegionKind.TEXT, other), text)
    assert not _doubles(region(RegionKind.TEXT, other), title)
    assert _doubles(text, title)


def test_what_lies_off_the_page_is_no_region() -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 0.0], [0.0, 0.0, 10.0, 10.0]])
    scores = np.zeros((2, len(RegionKind)), np.float32)
    scores[:, 1] = 0.9
    assert [found.rect.height for found in _without_doubles(boxes, scores)] == [10.0]


def test_a_sides_distance_is_the_mean_of_its_distribution() -> None:
    logits = np.full((1, 32), -50.0, np.float32)
    logits[0, [3, 8 + 0, 16 + 7, 24 + 2]] = 50.0
    assert _expected_distance(logits) == pytest.approx(np.array([[3.0, 0.0, 7.0, 2.0]]))
    assert _expected_distance(np.zeros((1, 32), np.float32)) == pytest.approx(3.5)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 10, 3), (1, 1, 3), (1, 3000, 3), (3000, 1, 3)])
@pytest.mark.parametrize("grey", [0, 255])
def test_pages_of_hardly_any_pixels_are_looked_at(model: LayoutModel, shape: tuple[int, ...], grey: int) -> None:
    for found in model.find(np.full(shape, grey, np.uint8)):
        assert 0 <= found.rect.x0 <= found.rect.x1 <= shape[1]
        assert 0 <= found.rect.y0 <= found.rect.y1 <= shape[0]


def test_a_blank_page_has_no_regions(model: LayoutModel) -> None:
    assert model.find(np.full((1100, 850, 3), 255, np.uint8)) == ()

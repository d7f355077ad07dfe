"""Pieces of a page are cut out where its reading says that they are."""

import base64
import io
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from muniment.documents import open_document
from muniment.engines.embedded.orientation import straightening
from muniment.reading.crop import crop_page
from muniment.reading.wire import CropRequest
from muniment.text import Box
from tests import builders

WIDTH, HEIGHT = 400, 300
RED, GREEN = (220, 30, 30), (30, 160, 30)
PIXELS = builders.image_bytes(builders.noise(40, 30), "PNG")


def cut(content: bytes, *boxes: Box, rotation: int = 0, skew: float = 0.0, longest: int = 4_000) -> list[Image.Image]:
    with io.BytesIO(content) as file:
        document = open_document(file, "deed")
        try:
            cropped = crop_page(document, CropRequest(1, 1, rotation, skew, boxes, longest))
        finally:
            document.close()
    assert cropped.number == 1
    assert all(image.mime == "image/jpeg" for image in cropped.images)
    return [Image.open(io.BytesIO(base64.b64decode(image.base64))) for image in cropped.images]


def page() -> Image.Image:
    """A white page with a red picture above and a green one below."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 30, 159, 119), RED)
    draw.rectangle((200, 180, 379, 269), GREEN)
    return image


UPPER, LOWER = Box(0.1, 0.1, 0.4, 0.4), Box(0.5, 0.6, 0.95, 0.9)


def colour(image: Image.Image) -> tuple[int, ...]:
    """What it is in the middle of all its quarters."""
    pixels = np.asarray(image.convert("RGB"), int)
    height, width = pixels.shape[:2]
    seen = [pixels[height * y // 4, width * x // 4] for x, y in product((1, 2, 3), repeat=2)]
    assert max(np.ptp(seen, axis=0)) < 30, "it is all of one colour"
    return tuple(int(value) for value in np.mean(seen, axis=0))


def assert_alike(found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) < 30


def test_pieces_come_in_the_order_of_their_boxes_and_in_their_sizes() -> None:
    lower, upper = cut(builders.image_bytes(page(), "PNG"), LOWER, UPPER)
    assert_alike(colour(lower), GREEN)
    assert_alike(colour(upper), RED)
    assert (lower.size, upper.size) == ((180, 90), (120, 90))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lay_on_its_side_is_cut_as_it_was_read(rotation: int) -> None:
    lying = page().rotate(rotation, expand=True)  # Pillow turns the other way round
    upper, lower = cut(builders.image_bytes(lying, "PNG"), UPPER, LOWER, rotation=rotation)
    assert_alike(colour(upper), RED)
    assert_alike(colour(lower), GREEN)
    assert upper.size == (120, 90)


def test_a_slanted_page_is_straightened_before_it_is_cut() -> None:
    slanted = page().rotate(-6, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    _, (height, width) = straightening(slanted.height, slanted.width, 6.0)
    left, top = (width - WIDTH) / 2, (height - HEIGHT) / 2
    box = Box((left + 44) / width, (top + 34) / height, (left + 156) / width, (top + 116) / height)
    (upper,) = cut(builders.image_bytes(slanted, "PNG"), box, skew=6.0)
    pixels = np.asarray(upper.convert("RGB"), int)
    assert np.abs(pixels - RED).max(axis=2).mean() < 30
    assert np.abs(pixels[[2, -3]] - RED).max() < 90, "up to its edges"


def test_a_pdfs_page_is_drawn_no_larger_than_is_wanted() -> None:
    (whole,) = cut(builders.text_pdf("A deed"), Box(0, 0, 1, 1), longest=800)
    assert max(whole.size) == 800


@settings(deadline=None, max_examples=60)
@given(ends=st.tuples(*[st.floats(0, 1)] * 4), rotation=st.sampled_from([0, 90, 180, 270]), skew=st.floats(-15, 15))
def test_every_box_gives_a_piece_however_small(
    ends: tuple[float, float, float, float], rotation: int, skew: float
) -> None:
    (x0, x1), (y0, y1) = sorted(ends[:2]), sorted(ends[2:])
    (piece,) = cut(PIXELS, Box(x0, y0, x1, y1), rotation=rotation, skew=skew)
    assert piece.width >= 1
    assert piece.height >= 1

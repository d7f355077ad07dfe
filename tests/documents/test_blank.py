"""What is on a page is seen, and what is not is not made up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from muniment.documents import is_blank


def paper(shade: int = 255, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    return Image.new("RGB", size, (shade,) * 3)


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)


@pytest.mark.parametrize("shade", [255, 230, 128, 0])
def test_paper_of_any_shade_is_blank(shade: int) -> None:
    assert is_blank(pixels(paper(shade)))


def test_noise_uneven_light_and_dust_are_blank() -> None:
    noise = np.random.default_rng(1).normal(0, 6, (1754, 1240, 1))
    light = np.linspace(200, 250, 1240)[None, :, None]
    page = np.clip(light + noise, 0, 255).repeat(3, axis=2).astype(np.uint8)
    page[400, 300] = page[900, 1000] = 0
    assert is_blank(page)


@pytest.mark.parametrize("ink", [0, 150, 205])
def test_a_single_word_is_something_even_in_pencil(ink: int) -> None:
    page = paper()
    ImageDraw.Draw(page).text((600, 800), "deed", (ink,) * 3, ImageFont.load_default(24))
    assert not is_blank(pixels(page))


def test_a_blurred_page_is_not_blank() -> None:
    small = paper(size=(310, 438))
    for line in range(20):
        ImageDraw.Draw(small).line((30, 30 + 15 * line, 280, 30 + 15 * line), (90, 90, 90), 2)
    assert not is_blank(pixels(small.resize((1240, 1754), Image.Resampling.BICUBIC)))


@settings(deadline=None, max_examples=30)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(0, 40), st.integers(0, 40), st.just(3))))
def test_any_picture_gets_an_answer(picture: NDArray[np.uint8]) -> None:
    assert is_blank(picture) in (True, False)

"""Lines are laid flat and spelt: characters with their places, however long, faint or narrow the line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from muniment.engines.embedded.recognition import HEIGHT, STEP, Spelling, joined, line_image, part_starts, spell
from tests.engines.embedded.writing import LETTER, blank, recogniser, strip, turned_clockwise, written

ALPHABET = ("", "a", "b", "c", " ")
BLANK, A, B, C, SPACE = range(5)


def spelt(*steps: int, spaces: dict[int, float] | None = None) -> Spelling:
    weights = np.array([(spaces or {}).get(place, 0.0) for place in range(len(steps))], np.float32)
    return spell(np.array(steps, np.int64), np.linspace(0.5, 1, len(steps), dtype=np.float32), weights, ALPHABET)


def text_of(image: NDArray[np.uint8]) -> str:
    return "".join(recogniser().read([image])[0].characters)


def whole(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def test_repeats_are_one_character_unless_a_blank_parts_them() -> None:
    assert spelt(A, A, B, BLANK, B, C, C).characters == ("a", "b", "b", "c")


def test_spaces_are_no_characters_but_part_them() -> None:
    assert spelt(A, SPACE, A).characters == ("a", "a")


def test_a_character_stands_in_the_middle_of_its_steps() -> None:
    assert spelt(BLANK, A, A, BLANK, B).centres.tolist() == [2 * STEP, 4.5 * STEP]


def test_a_character_is_as_sure_as_its_surest_step() -> None:
    assert spelt(A, A, A, BLANK, B).scores.tolist() == [0.75, 1.0]


def test_the_weight_of_a_space_is_summed_between_two_characters_and_nowhere_else() -> None:
    spelling = spelt(A, BLANK, BLANK, B, BLANK, spaces={0: 0.4, 1: 0.25, 2: 0.125, 4: 0.5})
    assert spelling.spaces.tolist() == [0.375, 0.0]


@given(st.lists(st.integers(0, 4), max_size=40))
def test_any_steps_give_a_place_a_score_and_a_space_for_each_character(steps: list[int]) -> None:
    spelling = spelt(*steps)
    count = len(spelling.characters)
    assert len(spelling.centres) == len(spelling.scores) == len(spelling.spaces) == count
    assert (np.diff(spelling.centres) > 0).all()
    assert not count or spelling.spaces[-1] == 0


def test_a_line_is_read() -> None:
    assert text_of(strip("Receipt 4,027.50 paid")) == "Receipt4,027.50paid"


def test_white_on_black_and_faint_grey_are_read() -> None:
    assert text_of(strip("Total 27.40", ink=255, paper=0)) == "Total27.40"
    assert text_of(strip("Total 27.40", ink=185, paper=225)) == "Total27.40"


def test_characters_are_found_where_they_stand() -> None:
    spelling = recogniser().read([strip("left                    right")])[0]
    assert spelling.centres[3] < 0.3 * spelling.centres[-1] < 0.7 * spelling.centres[-1] < spelling.centres[4]


def test_a_box_that_runs_down_is_read_from_its_top() -> None:
    pixels = turned_clockwise(strip("Margin note"), 90)
    assert text_of(line_image(pixels, whole(pixels))) == "Marginnote"


def test_a_slanted_box_is_laid_flat() -> None:
    pixels = written(["Slanted by eight degrees"], height=300, width=600, size=32, at=(60, 120), slant=8.0)
    turn = np.radians(8.0)
    across, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    middle = np.array([300, 150])
    corners = [(50, 116), (470, 116), (470, 164), (50, 164)]
    quad = np.array([middle + (x - 300) * across + (y - 150) * down for x, y in corners], np.float32)
    assert text_of(line_image(pixels, quad)) == "Slantedbyeightdegrees"


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 150, width=32), st.floats(-50, 150, width=32)), min_size=4, max_size=4))
def test_any_four_corners_give_a_line_image(corners: list[tuple[float, float]]) -> None:
    image = line_image(blank(100, 100), np.array(corners, np.float32))
    assert image.shape[0] == HEIGHT
    assert image.shape[1] >= 1


@pytest.mark.parametrize("width", [1, 7, 63, 64, 65, 3_000])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_plain_line_of_any_width_says_little(width: int, shade: int) -> None:
    assert len(recogniser().read([blank(HEIGHT, width, shade)])[0].characters) <= 1


def test_a_line_too_long_for_one_reading_is_read_whole() -> None:
    lines = [*LETTER] * 4
    image = strip(" ".join(lines))
    assert image.shape[1] > 6_400
    assert text_of(image) == "".join(lines).replace(" ", "")
    assert (np.diff(recogniser().read([image])[0].centres) > 0).all()


def test_long_lines_are_cut_between_words() -> None:
    image = strip(" ".join(["harbour"] * 30))
    starts = part_starts(image, 900)
    assert len(starts) > 3
    assert all((image[:, start - 2 : start + 2] == 255).all() for start in starts[1:])


@given(st.integers(1, 3_000), st.integers(2, 500), st.integers(0, 2**32 - 1))
def test_no_part_is_empty_or_wider_than_allowed(width: int, most: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (4, width, 3), np.uint8)
    assert all(0 < part <= most for part in np.diff([*part_starts(image, most), width]))


def test_parts_are_joined_at_their_places() -> None:
    both = joined([spelt(A, B), spelt(C)], [0, 100])
    assert both.characters == ("a", "b", "c")
    assert both.centres.tolist() == [0.5 * STEP, 1.5 * STEP, 100 + 0.5 * STEP]
    assert len(both.scores) == len(both.spaces) == 3

"""Drawn boxes, ticked and not, and what is none."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded.checkboxes import find_tickboxes, split_tick, without_misread_box
from muniment.engines.embedded.ruling import ink_of
from tests.engines.embedded.tabling import HEIGHT, Pixels, page

SIDE = 28


def box(pixels: Pixels, x: int, y: int, *, side: int = SIDE, thickness: int = 2) -> None:
    cv2.rectangle(pixels, (x, y), (x + side, y + side), (0, 0, 0), thickness)


def tick(pixels: Pixels, x: int, y: int, *, beyond: int = 4) -> None:
    """A tick mark whose long end leaves the box at the top right."""
    for start, end in (((x + 6, y + 14), (x + 12, y + 22)), ((x + 12, y + 22), (x + SIDE + beyond, y - beyond))):
        cv2.line(pixels, start, end, (90, 30, 20), 3)


def cross(pixels: Pixels, x: int, y: int) -> None:
    for start, end in (((x + 6, y + 6), (x + 22, y + 22)), ((x + 6, y + 22), (x + 22, y + 6))):
        cv2.line(pixels, start, end, (90, 30, 20), 3)


def write(pixels: Pixels, text: str, x: int, y: int) -> None:
    cv2.putText(pixels, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)


def states(pixels: Pixels) -> list[bool]:
    return [found.ticked for found in find_tickboxes(ink_of(pixels, HEIGHT), HEIGHT)]


def form() -> Pixels:
    """An empty box, a ticked one and a crossed one, with text beside them."""
    pixels = page(400, 500)
    for row, mark in enumerate((None, tick, cross)):
        box(pixels, 50, 50 + 60 * row)
        write(pixels, "Renew my ticket", 95, 75 + 60 * row)
        if mark is not None:
            mark(pixels, 50, 50 + 60 * row)
    return pixels


def test_boxes_are_found_from_the_top_with_what_is_in_them() -> None:
    assert states(form()) == [False, True, True]


def test_a_box_has_the_place_of_its_frame_whatever_sticks_out() -> None:
    places = [found.rect for found in find_tickboxes(ink_of(form(), HEIGHT), HEIGHT)]
    for row, place in enumerate(places):
        assert np.allclose((place.x0, place.y0, place.x1, place.y1), (49, 49 + 60 * row, 81, 81 + 60 * row), atol=3)


@pytest.mark.parametrize("angle", [-0.4, 0.4])
@pytest.mark.parametrize("noise", [0, 10])
def test_a_little_slant_and_noise_do_not_matter(angle: float, noise: float) -> None:
    pixels = form()
    turn = cv2.getRotationMatrix2D((250, 200), angle, 1.0)
    turned = cv2.warpAffine(pixels, turn, (500, 400), borderValue=(255, 255, 255))
    noisy = turned + np.random.default_rng(3).normal(0, noise, turned.shape)
    assert states(np.clip(noisy, 0, 255).astype(np.uint8)) == [False, True, True]


def test_letters_are_no_boxes() -> None:
    pixels = page(700, 900)
    for row, text in enumerate(("BOND DO QUOD HOBO", "GOOD BODO DOGE", "lands of good book", "08 80 6900 B D O 0 Q")):
        write(pixels, text, 50, 60 + 60 * row)
        cv2.putText(pixels, text, (50, 400 + 70 * row), cv2.FONT_HERSHEY_DUPLEX, 1.2, (0, 0, 0), 3)
    assert states(pixels) == []


def test_a_box_in_the_middle_of_letters_is_a_letter() -> None:
    pixels = page()
    for place in range(6):
        box(pixels, 50 + 33 * place, 50)
    assert states(pixels) == []


@pytest.mark.parametrize("side", [10, 70])
def test_squares_much_smaller_or_larger_than_text_are_no_boxes(side: int) -> None:
    pixels = page()
    box(pixels, 100, 100, side=side)
    assert states(pixels) == []


def test_a_flat_frame_is_no_box() -> None:
    pixels = page()
    cv2.rectangle(pixels, (100, 100), (145, 128), (0, 0, 0), 2)
    assert states(pixels) == []


def test_a_circle_is_no_box() -> None:
    pixels = page()
    cv2.circle(pixels, (100, 100), 14, (0, 0, 0), 2)
    assert states(pixels) == []


def test_a_solid_square_is_no_box() -> None:
    pixels = page()
    box(pixels, 100, 100, side=20, thickness=-1)
    assert states(pixels) == []


def test_the_cells_of_a_grid_are_no_boxes() -> None:
    pixels = page()
    for place in range(100, 320, 30):
        cv2.line(pixels, (place, 100), (place, 310), (0, 0, 0), 2)
        cv2.line(pixels, (100, place), (310, place), (0, 0, 0), 2)
    assert states(pixels) == []


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2**32 - 1), st.floats(4, 60))
def test_no_ink_does_harm(rows: int, columns: int, seed: int, height: float) -> None:
    ink = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), (rows + 1, columns + 1))
    for found in find_tickboxes(ink, height):
        assert 0 <= found.rect.x0 < found.rect.x1 <= columns + 1
        assert 0 <= found.rect.y0 < found.rect.y1 <= rows + 1


@pytest.mark.parametrize(
    ("text", "ticked", "rest"),
    [
        ("☐ Renew my ticket", False, "Renew my ticket"),
        ("☑ Maps", True, "Maps"),
        (" ☒Maps", True, "Maps"),
        ("\uf0fe Maps", True, "Maps"),
        ("\uf0a8 Maps", False, "Maps"),
        ("☐", False, ""),
        ("Maps ☐", None, "Maps ☐"),
        ("Overdue", None, "Overdue"),
        ("", None, ""),
        ("  ", None, "  "),
    ],
)
def test_a_sign_is_split_from_its_text(text: str, ticked: bool | None, rest: str) -> None:
    assert split_tick(text) == (ticked, rest)


@pytest.mark.parametrize(
    ("text", "rest"), [("口 Maps", "Maps"), ("O Maps", "Maps"), ("Only Maps", "Only Maps"), ("O", "O"), ("", "")]
)
def test_what_a_box_was_taken_for_is_taken_off(text: str, rest: str) -> None:
    assert without_misread_box(text) == rest

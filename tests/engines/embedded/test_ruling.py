"""Ruling lines and grids, on drawn images."""

import cv2
import numpy as np
import pytest

from muniment.engines.embedded.ruling import Grid, find_grids, find_rulings, ink_of, segments_across
from tests.engines.embedded.tabling import HEIGHT, Pixels, draw_grid, page


def grids_of(pixels: Pixels) -> list[Grid]:
    return find_grids(find_rulings(ink_of(pixels, HEIGHT), HEIGHT), HEIGHT)


def shape(grid: Grid) -> tuple[int, int]:
    return len(grid.ys) - 1, len(grid.xs) - 1


def test_a_full_grid_has_a_cell_between_every_two_rulings() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 700], [50, 100, 150, 200])
    (grid,) = grids_of(pixels)
    assert shape(grid) == (3, 2)
    assert len(grid.cells) == 6
    assert np.allclose(grid.xs, [100, 300, 700], atol=3)
    assert not grid.open_left
    assert not grid.open_right


def test_cells_without_a_ruling_between_them_are_one() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 500, 700], [50, 100, 150, 200])
    pixels[60:90, 295:305] = 255
    (grid,) = grids_of(pixels)
    wide = [cell for cell in grid.cells if cell.column_span > 1]
    assert [(cell.row, cell.column, cell.column_span) for cell in wide] == [(0, 0, 2)]


def test_a_cell_may_span_rows() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 700], [50, 100, 150, 200])
    pixels[95:105, 105:295] = 255
    (grid,) = grids_of(pixels)
    assert [(cell.row, cell.column, cell.row_span) for cell in grid.cells if cell.row_span > 1] == [(0, 0, 2)]


def test_a_dark_row_belongs_to_the_grid_below_it() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 700], [100, 150, 200])
    cv2.rectangle(pixels, (100, 50), (700, 99), (30, 70, 90), -1)
    cv2.putText(pixels, "Code", (120, 85), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    (grid,) = grids_of(pixels)
    assert shape(grid) == (3, 2)
    assert grid.ys[0] == pytest.approx(50, abs=4)


def test_open_sides_are_closed_where_the_lines_across_end() -> None:
    pixels = page()
    for y in (50, 100, 150, 200):
        cv2.line(pixels, (100, y), (700, y), (0, 0, 0), 2)
    cv2.line(pixels, (400, 50), (400, 200), (0, 0, 0), 2)
    (grid,) = grids_of(pixels)
    assert shape(grid) == (3, 2)
    assert grid.open_left
    assert grid.open_right


def test_a_row_may_be_open_above_where_the_lines_down_go_on() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 500, 700], [100, 150, 200])
    for x in (100, 300, 500, 700):
        cv2.line(pixels, (x, 50), (x, 100), (0, 0, 0), 2)
    (grid,) = grids_of(pixels)
    assert shape(grid) == (3, 3)


def test_lines_across_that_nothing_crosses_make_no_grid() -> None:
    pixels = page()
    for y in (50, 100, 200):
        cv2.line(pixels, (100, y), (700, y), (0, 0, 0), 2)
    assert grids_of(pixels) == []


def test_letters_are_no_rulings() -> None:
    pixels = page()
    for y in range(50, 500, 45):
        cv2.putText(pixels, "HELLO THE TITLE FILE", (50, y), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    assert grids_of(pixels) == []


def test_two_tables_on_a_page_are_two_grids_from_the_top() -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 700], [400, 450, 500])
    draw_grid(pixels, [50, 200, 350, 600], [50, 100, 150])
    assert [shape(grid) for grid in grids_of(pixels)] == [(2, 3), (2, 2)]


@pytest.mark.parametrize("angle", [-0.3, 0.3])
def test_a_little_slant_and_noise_do_not_matter(angle: float) -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 700], [50, 100, 150, 200])
    turn = cv2.getRotationMatrix2D((400, 300), angle, 1.0)
    turned = cv2.warpAffine(pixels, turn, (800, 600), borderValue=(255, 255, 255))
    noise = np.random.default_rng(1).normal(0, 8, turned.shape)
    noisy = np.clip(turned + noise, 0, 255).astype(np.uint8)
    assert [shape(grid) for grid in grids_of(noisy)] == [(3, 2)]


def test_a_thick_ruling_is_one_segment() -> None:
    pixels = page()
    cv2.line(pixels, (100, 50), (700, 50), (0, 0, 0), 9)
    cv2.line(pixels, (100, 200), (700, 200), (0, 0, 0), 1)
    segments = segments_across(find_rulings(ink_of(pixels, HEIGHT), HEIGHT), HEIGHT)
    assert [round(segment.y0, -1) for segment in segments] == [40, 190]
    assert all(segment.width > 590 for segment in segments)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 3)])
@pytest.mark.parametrize("shade", [0, 255])
def test_the_smallest_pages_have_no_grids(size: tuple[int, int], shade: int) -> None:
    assert grids_of(np.full((*size, 3), shade, np.uint8)) == []


def test_thin_grey_lines_that_slant_are_rulings() -> None:
    pixels = page(600, 1400)
    for y in range(50, 301, 50):
        cv2.line(pixels, (50, y), (1350, y + 5), (150, 150, 150), 1, cv2.LINE_AA)
    for x in (50, 500, 1350):
        cv2.line(pixels, (x, 50), (x - 1, 305), (150, 150, 150), 1, cv2.LINE_AA)
    assert [shape(grid) for grid in grids_of(pixels)] == [(5, 2)]

"""The table structure model, on drawn tables."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.embedded import structure
from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.structure import TableModel
from muniment.engines.embedded.table_choice import table_in
from tests.engines.embedded.tabling import Pixels, grid_of_texts, in_columns, page

Span = tuple[int, int, Rect]


@pytest.fixture(scope="session")
def model() -> TableModel:
    return TableModel(threads=1)


def write(pixels: Pixels, text: str, x: int, y: int) -> None:
    cv2.putText(pixels, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)


def unruled_page(rows: int) -> Pixels:
    pixels = page(40 + 50 * rows, 640)
    for row in range(rows):
        for column, text in enumerate((("Vessel", "2021", "2022"), ("Yachts", "2310", "2746"))[row > 0]):
            write(pixels, text, 20 + 220 * column, 40 + 50 * row)
    return pixels


@pytest.mark.parametrize("rows", [3, 6])
def test_rows_and_columns_are_seen_without_rulings(model: TableModel, rows: int) -> None:
    cells = model.find(unruled_page(rows))
    assert {(cell.row, cell.column) for cell in cells} == {(row, column) for row in range(rows) for column in range(3)}


def test_cells_lie_where_their_text_is(model: TableModel) -> None:
    cells = {(cell.row, cell.column): cell.rect for cell in model.find(unruled_page(5))}
    for (row, column), rect in cells.items():
        x, y = 50 + 220 * column, 30 + 50 * row
        assert rect.x0 - 10 <= x <= rect.x1 + 10
        assert rect.y0 - 15 <= y <= rect.y1 + 15


def test_a_heading_over_two_columns_is_seen_as_a_span(model: TableModel) -> None:
    pixels = page(300, 640)
    for y in (10, 60, 110, 160, 210, 260):
        cv2.line(pixels, (10, y), (630, y), (0, 0, 0), 2)
    for x, top in ((10, 10), (220, 10), (430, 60), (630, 10)):
        cv2.line(pixels, (x, top), (x, 260), (0, 0, 0), 2)
    for row, texts in enumerate((("Desk", "Monday to Friday", ""), ("", "am", "pm"), *[("Maps", "Aske", "Brill")] * 3)):
        for column, text in enumerate(texts):
            write(pixels, text, 20 + 210 * column, 45 + 50 * row)
    assert (0, 1, 2) in {(cell.row, cell.column, cell.column_span) for cell in model.find(pixels)}


def test_a_table_with_three_lines_across_is_found(model: TableModel) -> None:
    rows = [["Vessel", "2021", "2022"], *[["Yachts", "2310", "2746"]] * 4]
    pixels = page(300, 640)
    for y, thickness in ((12, 3), (58, 1), (262, 3)):
        cv2.line(pixels, (10, y), (620, y), (0, 0, 0), thickness)
    lines = in_columns(rows, [20, 240, 460])
    for seen in lines:
        write(pixels, seen.text, int(seen.x0), int(seen.y1) - 4)
    assert grid_of_texts(table_in(Rect(10, 5, 620, 270), lines, pixels, [], model)) == rows


def test_the_same_picture_gives_the_same_cells(model: TableModel) -> None:
    assert model.find(unruled_page(4)) == model.find(unruled_page(4))


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (1, 1), (2, 900), (900, 2), (3, 3)])
def test_the_smallest_pictures_do_no_harm(model: TableModel, size: tuple[int, int]) -> None:
    assert len(model.find(np.full((*size, 3), 255, np.uint8))) < 500


def spans() -> st.SearchStrategy[list[list[Span]]]:
    """What the model could say: rows of cells, each with any spans."""
    cell = st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(Rect(0, 0, 1, 1)))
    return st.lists(st.lists(cell, max_size=6), max_size=6)


@given(spans())
def test_whatever_spans_the_model_tells_cells_do_not_overlap(rows: list[list[Span]]) -> None:
    cells = structure._placed(rows)
    places = [
        (row, column)
        for cell in cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    ]
    assert len(places) == len(set(places))
    assert all(row < len(rows) for row, _ in places)
    assert len(cells) == sum(map(len, rows))

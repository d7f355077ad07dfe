"""A page taken apart."""

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.engines.embedded.checkboxes import find_tickboxes
from muniment.engines.embedded.geometry import Rect, line_height
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.parts import PageParts, PageSorter
from muniment.engines.embedded.ruling import ink_of
from muniment.engines.embedded.ticks import with_ticks
from tests.engines.embedded.laying import PITCH, any_lines, any_regions, line, lines_of, region, texts, typed
from tests.engines.embedded.tabling import Pixels, draw_grid, page

PROSE = ["The lease of the house and of the garden ends in May"] * 8


def equations(parts: PageParts) -> list[list[str]]:
    return [texts(drawing.lines) for drawing in parts.equations]


def test_what_is_nothing_else_is_text(sorter: PageSorter) -> None:
    lines = typed(*PROSE)
    parts = sorter.sort(page(), lines, [])
    assert parts == PageParts((), (), (), (), tuple(lines))


def test_a_page_without_pixels_keeps_its_lines(sorter: PageSorter) -> None:
    lines = typed(*PROSE)
    assert sorter.sort(np.zeros((0, 0, 3), np.uint8), lines, []).text == tuple(lines)


def test_a_page_with_nothing_on_it_is_empty(sorter: PageSorter) -> None:
    assert sorter.sort(page(), [], []).is_empty
    assert not sorter.sort(page(), typed("one"), []).is_empty


def test_a_ruled_grid_with_text_is_a_table(sorter: PageSorter) -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 500], [90, 130, 170, 210])
    lines = [*typed("Item                Price", "Tea                 2.40", "Cake                3.10", x=110)]
    lines = [line(item.text, item.x0, 98 + 40 * place) for item, place in zip(lines, (0, 0, 1, 1, 2, 2), strict=True)]
    below = typed("The end", y=300)
    parts = sorter.sort(pixels, [*lines, *below], [])
    assert [(table.rows, table.columns) for table in parts.tables] == [(3, 2)]
    assert parts.text == tuple(below)


def test_a_table_is_not_found_twice_though_the_model_and_the_rulings_tell_it(sorter: PageSorter) -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 500], [90, 130, 170, 210])
    lines = [line(text, x, y) for y in (98.0, 138.0, 178.0) for x, text in ((110.0, "Tea"), (310.0, "2.40"))]
    parts = sorter.sort(pixels, lines, [region(RegionKind.TABLE, (95, 85, 505, 215))] * 2)
    assert len(parts.tables) == 1


def test_columns_of_running_text_are_no_table(sorter: PageSorter) -> None:
    lines = typed(*[f"{row[:36]:40}{row[:36]}" for row in PROSE], x=20)
    parts = sorter.sort(page(width=900), lines, [region(RegionKind.TABLE, (10, 90, 890, 350))])
    assert parts.tables == ()
    assert parts.text == tuple(lines)


def test_an_unruled_table_is_one_where_the_model_sees_it_surely(sorter: PageSorter) -> None:
    lines = typed(*[f"Item {place}            {place}.40            1{place}" for place in range(1, 7)])
    box = (90.0, 90.0, 600.0, 290.0)
    assert len(sorter.sort(page(), lines, [region(RegionKind.TABLE, box)]).tables) == 1
    assert sorter.sort(page(), lines, [region(RegionKind.TABLE, box, score=0.45)]).tables == ()


def test_a_picture_takes_the_lines_in_it(sorter: PageSorter) -> None:
    pixels = page()
    cv2.circle(pixels, (400, 400), 90, (0, 0, 0), 40)
    label, text = line("north", 370, 390), typed("The house")
    parts = sorter.sort(pixels, [label, *text], [region(RegionKind.FIGURE, (250, 250, 550, 550))])
    assert [(drawing.rect, drawing.lines) for drawing in parts.figures] == [(Rect(250, 250, 550, 550), (label,))]
    assert parts.text == tuple(text)


def test_a_table_is_no_picture(sorter: PageSorter) -> None:
    pixels = page()
    draw_grid(pixels, [100, 300, 500], [90, 130, 170, 210])
    lines = [line(text, x, y) for y in (98.0, 138.0, 178.0) for x, text in ((110.0, "Tea"), (310.0, "2.40"))]
    parts = sorter.sort(pixels, lines, [region(RegionKind.FIGURE, (95, 85, 505, 215))])
    assert (len(parts.tables), parts.figures) == (1, ())


def test_a_formula_takes_its_number_beside_it(sorter: PageSorter) -> None:
    lines = [
        *typed("The rent is"),
        line("r = a + b / c", 250, 200),
        line("(12)", 700, 202),
        *typed("for c > 0.", y=300),
    ]
    parts = sorter.sort(page(), lines, [region(RegionKind.EQUATION, (240, 190, 400, 235))])
    assert equations(parts) == [["r = a + b / c", "(12)"]]
    assert texts(parts.text) == ["The rent is", "for c > 0."]


def test_a_number_at_another_height_is_not_the_formulas(sorter: PageSorter) -> None:
    lines = [*typed("The rent is"), line("r = a + b", 250, 200), line("(3)", 700, 300)]
    parts = sorter.sort(page(), lines, [region(RegionKind.EQUATION, (240, 190, 400, 235))])
    assert equations(parts) == [["r = a + b"]]


@pytest.mark.parametrize("number", ["(3)", "(2.1)", "[4]", "(A.1)", "(3a)", "(3')"])
def test_equation_numbers_have_many_forms(sorter: PageSorter, number: str) -> None:
    lines = [*typed("The rent is"), line("r = a + b", 250, 200), line(number, 700, 202)]
    parts = sorter.sort(page(), lines, [region(RegionKind.EQUATION, (240, 190, 400, 235))])
    assert equations(parts) == [["r = a + b", number]]


def test_a_sentence_between_two_formulas_divides_them(sorter: PageSorter) -> None:
    rows = [line("r = a + b", 250, 200), line("and, where it is paid in May,", 100, 240), line("s = 2r", 250, 280)]
    parts = sorter.sort(page(), rows, [region(RegionKind.EQUATION, (95, 190, 400, 310))])
    assert equations(parts) == [["r = a + b"], ["s = 2r"]]
    assert texts(parts.text) == ["and, where it is paid in May,"]


def test_words_in_a_formula_do_not_make_it_a_sentence(sorter: PageSorter) -> None:
    rows = [*typed("The rent"), line("rent = income - costs", 250, 200)]
    parts = sorter.sort(page(), rows, [region(RegionKind.EQUATION, (150, 190, 500, 230))])
    assert equations(parts) == [["rent = income - costs"]]


def test_a_formula_of_sentences_only_is_none(sorter: PageSorter) -> None:
    rows = typed("where the rent is what the tenant pays each month")
    parts = sorter.sort(page(), rows, [region(RegionKind.EQUATION, (90, 90, 700, 130))])
    assert parts.equations == ()
    assert parts.text == tuple(rows)


def test_running_heads_and_page_numbers_are_taken_first(sorter: PageSorter) -> None:
    lines = [line("- 3 -", 380, 10), *typed(*PROSE)]
    parts = sorter.sort(page(), lines, [])
    assert [texts(item.lines) for item in parts.furniture] == [["- 3 -"]]
    assert parts.text == tuple(lines[1:])


def test_a_drawn_box_is_written_into_the_text(sorter: PageSorter) -> None:
    pixels = page()
    cv2.rectangle(pixels, (100, 101), (122, 123), (0, 0, 0), 2)
    parts = sorter.sort(pixels, [line("I agree", 135, 100), *typed(*PROSE[:3], y=100 + 3 * PITCH)], [])
    assert texts(parts.text)[0] == "☐ I agree"


def picture(kind: str) -> Pixels:
    pixels = page(400, 400)
    if kind == "noise":
        return np.random.default_rng(0).integers(0, 256, pixels.shape, np.uint8)
    if kind == "grid":
        draw_grid(pixels, range(20, 381, 60), range(20, 381, 60))
    if kind == "boxes":
        for place in range(20, 380, 60):
            cv2.rectangle(pixels, (place, place), (place + 22, place + 22), (0, 0, 0), 2)
    return pixels[:1, :1] if kind == "a pixel" else pixels


@settings(deadline=None, max_examples=60)
@given(
    lines=any_lines(),
    regions=any_regions(),
    kind=st.sampled_from(["white", "noise", "grid", "boxes", "a pixel"]),
)
def test_every_line_is_in_exactly_one_part(
    sorter: PageSorter, lines: list[SeenLine], regions: list[Region], kind: str
) -> None:
    pixels = picture(kind)
    found = lines_of(sorter.sort(pixels, lines, regions))
    assert len(set(map(id, found))) == len(found)
    assert Counter(found) == Counter(ticked(pixels, lines))


def ticked(pixels: Pixels, lines: Sequence[SeenLine]) -> list[SeenLine]:
    """``lines`` as drawn boxes change them, before anything is taken apart."""
    height = line_height(lines)
    return with_ticks(lines, find_tickboxes(ink_of(pixels, height), height), height)

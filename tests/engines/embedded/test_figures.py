"""Where pictures are, and what is taken for one but is text."""

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from muniment.engines.embedded.figures import find_figures
from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.layout import Region, RegionKind
from muniment.engines.embedded.lines import SeenLine
from tests.engines.embedded.laying import any_lines, any_regions, line, region, typed

PLACE = (100.0, 100.0, 700.0, 500.0)


def ink(lines: list[SeenLine], *drawn: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A page of 800 by 600 pixels with half of every line's box inked, and all of what is drawn."""
    mask = np.zeros((600, 800), np.uint8)
    for item in lines:
        mask[int(item.y0) : int(item.y1) : 2, int(item.x0) : int(item.x1)] = 255
    for x0, y0, x1, y1 in drawn:
        mask[y0:y1, x0:x1] = 255
    return mask


def figures(
    lines: list[SeenLine], *drawn: tuple[int, int, int, int], kind: RegionKind = RegionKind.FIGURE, score: float = 0.9
) -> list[Rect]:
    return find_figures([region(kind, PLACE, score)], lines, ink(lines, *drawn))


def test_a_region_without_text_is_a_figure() -> None:
    assert figures([]) == [Rect(*PLACE)]
    assert figures([line("text", 100, 550)]) == [Rect(*PLACE)]


def test_a_region_the_model_is_unsure_of_or_calls_otherwise_is_none() -> None:
    assert figures([], score=0.45) == []
    assert figures([], kind=RegionKind.TEXT) == []


def test_a_drawing_with_a_few_labels_is_a_figure() -> None:
    labels = typed("axis", "         tick", x=150, y=200)
    assert figures(labels, (200, 300, 600, 480)) == [Rect(*PLACE)]


def test_text_with_little_drawn_is_none() -> None:
    labels = typed("Tea      2.40", "Cake     3.10", x=150, y=200)
    assert figures(labels, (150, 300, 300, 302)) == []


def test_a_region_that_is_mostly_text_is_none() -> None:
    receipt = typed(*["Tea and cake     2.40"] * 12, x=110, y=110)
    assert figures([*receipt, *typed(*["and more of it       x"] * 12, x=400, y=110)], (100, 100, 700, 500)) == []


@pytest.mark.parametrize(
    "sentence",
    ["The lease of the house and garden ends in May of it", "房屋和花园的租约将于五月到期或最迟于六月一日"],
)
def test_a_page_of_running_text_is_none_however_much_is_drawn(sentence: str) -> None:
    prose = [line(sentence, 120, 110 + 40.0 * place, width=500) for place in range(5)]
    assert figures(prose, (100, 330, 700, 500)) == []
    assert figures(prose[:4], (100, 330, 700, 500)) == [Rect(*PLACE)]


def test_a_line_that_sticks_out_is_text_within_the_figure_too() -> None:
    label = line("axis", 90, 90, size=40, width=100)
    assert figures([label]) == []
    assert figures([label], (200, 200, 600, 480)) == [Rect(*PLACE)]


@settings(deadline=None)
@given(any_lines(), any_regions())
def test_every_figure_is_a_region(lines: list[SeenLine], regions: list[Region]) -> None:
    found = find_figures(regions, lines, np.full((300, 300), 255, np.uint8))
    assert set(found) <= {item.rect for item in regions if item.kind is RegionKind.FIGURE}

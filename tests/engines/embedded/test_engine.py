"""The embedded engine: pages in, blocks and flags out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from muniment.documents import PageImage, TextLayer, TextLine
from muniment.engines.base import PageContent
from muniment.engines.embedded.engine import EmbeddedEngine
from muniment.text import Flag, Heading, Paragraph
from tests.engines.embedded.laying import any_text
from tests.engines.embedded.writing import LETTER, blank, turned_clockwise, written


@pytest.fixture(scope="module")
def engine() -> EmbeddedEngine:
    return EmbeddedEngine(threads=1)


def layer(*lines: tuple[str, float], size: float = 12.0, bold: bool = False) -> TextLayer:
    """Lines of text, each from the fraction of the page's height given to 0.02 below."""
    return TextLayer(tuple(TextLine(text, 0.1, y, 0.1 + 0.01 * len(text), y + 0.02, size, bold) for text, y in lines))


def paper(width: int = 600, height: int = 800) -> PageImage:
    return PageImage(np.full((height, width, 3), 255, np.uint8), dpi=72.0)


def words(page: PageContent) -> str:
    return " ".join(line.text for block in page.blocks for line in block.lines)


def test_a_written_page_is_read_without_remarks_and_the_same_every_time(engine: EmbeddedEngine) -> None:
    page = engine.read(PageImage(written()))
    assert words(page) == " ".join(LETTER)
    assert (page.flags, page.rotation, page.skew) == (frozenset(), 0, 0.0)
    assert engine.read(PageImage(written())) == page


def test_bold_letters_above_text_are_seen_as_a_heading(engine: EmbeddedEngine) -> None:
    page = Image.fromarray(written(height=440, at=(40, 160)))
    ImageDraw.Draw(page).text((40, 100), "The logbook", "black", ImageFont.load_default(20), stroke_width=1)
    found = engine.read(PageImage(np.asarray(page))).blocks
    assert [(type(block), len(block.lines)) for block in found] == [(Heading, 1), (Paragraph, len(LETTER))]


def test_a_blank_page_is_flagged(engine: EmbeddedEngine) -> None:
    page = engine.read(PageImage(blank(800, 600)))
    assert page.blocks == ()
    assert page.flags == {Flag.BLANK}


def test_a_page_with_something_on_it_that_cannot_be_read_is_not_called_blank(engine: EmbeddedEngine) -> None:
    page = Image.fromarray(written()).filter(ImageFilter.GaussianBlur(4))
    found = engine.read(PageImage(np.asarray(page)))
    assert found.blocks == ()
    assert found.flags == {Flag.UNREADABLE}


def test_a_turned_page_is_flagged_and_its_boxes_are_of_the_upright_one(engine: EmbeddedEngine) -> None:
    upright = engine.read(PageImage(written()))
    page = engine.read(PageImage(turned_clockwise(written(), 90)))
    assert page.flags == {Flag.ROTATED}
    assert page.rotation == 270
    assert page.blocks == upright.blocks


def test_a_slanting_page_is_flagged(engine: EmbeddedEngine) -> None:
    slanting = Image.fromarray(written()).rotate(-2.0, Image.Resampling.BICUBIC, fillcolor="white")
    page = engine.read(PageImage(np.asarray(slanting)))
    assert Flag.SKEWED in page.flags
    assert page.skew == pytest.approx(2.0, abs=0.5)
    assert page.skew == round(page.skew, 2)


def test_a_page_that_is_read_badly_is_flagged(engine: EmbeddedEngine) -> None:
    coarse = Image.fromarray(written()).resize((88, 68))
    page = engine.read(PageImage(np.asarray(coarse)))
    assert page.blocks
    assert Flag.LOW_SCORE in page.flags


def test_a_text_layer_is_taken_at_its_word(engine: EmbeddedEngine) -> None:
    page = engine.read(PageImage(written()), layer(("The lease ends in May.", 0.2)))
    assert words(page) == "The lease ends in May."
    assert page.flags == {Flag.TEXT_LAYER}
    (line,) = (line for block in page.blocks for line in block.lines)
    assert line.score == 1.0
    assert [line.box.x0, line.box.y0] == pytest.approx([0.1, 0.2], abs=1e-5)


def test_a_text_layer_of_nothing_is_a_blank_page(engine: EmbeddedEngine) -> None:
    assert engine.read(paper(), TextLayer(())).flags == {Flag.TEXT_LAYER, Flag.BLANK}


@pytest.mark.parametrize("dpi", [72.0, 144.0, None])
def test_a_text_layers_sizes_and_weights_tell_headings(engine: EmbeddedEngine, dpi: float | None) -> None:
    lines = [(f"The lease of the house ends in May, row {place},", 0.3 + 0.02 * place) for place in range(6)]
    title = layer(("The House", 0.2), size=13.5, bold=True)
    told = TextLayer((*title.lines, *layer(*lines).lines))
    kinds = [type(block) for block in engine.read(replace(paper(), dpi=dpi), told).blocks]
    assert kinds == [Heading, Paragraph]


@pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0), (1, 1), (1, 400), (400, 1), (2, 2)])
@pytest.mark.parametrize("grey", [0, 255])
def test_pages_of_hardly_any_pixels_are_read(engine: EmbeddedEngine, shape: tuple[int, int], grey: int) -> None:
    image = PageImage(np.full((*shape, 3), grey, np.uint8))
    assert words(engine.read(image)) == ""
    assert words(engine.read(image, layer(("The lease", 0.2)))) == "The lease"


_fractions = st.floats(-0.5, 1.5) | st.sampled_from([0.0, 1.0, 0.5])
_odd_lines = st.lists(
    st.builds(TextLine, any_text, _fractions, _fractions, _fractions, _fractions, st.floats(0, 2000), st.booleans()),
    max_size=8,
)


@settings(deadline=None, max_examples=25)
@given(lines=_odd_lines, width=st.sampled_from([0, 1, 300]), dpi=st.sampled_from([None, 1.0, 72.0, 600.0]))
def test_a_text_layer_with_odd_boxes_is_kept_line_by_line(
    engine: EmbeddedEngine, lines: list[TextLine], width: int, dpi: float | None
) -> None:
    page = engine.read(replace(paper(width, 300), dpi=dpi), TextLayer(tuple(lines)))
    told = [line for block in page.blocks for line in block.lines]
    assert sorted(line.text for line in told) == sorted(line.text for line in lines)
    boxes = [item.box for item in (*told, *page.blocks) if item.box is not None]
    assert all(0 <= side <= 1 for box in boxes for side in (box.x0, box.y0, box.x1, box.y1))


def test_a_straightened_page_says_by_how_much_it_has_grown(engine: EmbeddedEngine) -> None:
    slanted = Image.fromarray(written(width=900, height=600, at=(150, 150))).rotate(-4, fillcolor="white")
    page = engine.read(PageImage(np.asarray(slanted)))
    assert page.skew == pytest.approx(4, abs=0.5)
    assert page.grown[0] > 1.02
    straight = engine.read(PageImage(written(width=900, height=600, at=(150, 150))))
    widths = [content.blocks[0].lines[0].box.width * content.grown[0] for content in (page, straight)]
    assert widths[0] == pytest.approx(widths[1], rel=0.03)

"""Boxes written into the text beside them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from muniment.engines.embedded.checkboxes import Tickbox, find_tickboxes, split_tick
from muniment.engines.embedded.geometry import Rect, line_height
from muniment.engines.embedded.letters import LetterReader
from muniment.engines.embedded.lines import SeenLine
from muniment.engines.embedded.ruling import ink_of
from muniment.engines.embedded.ticks import with_ticks
from tests.engines.embedded.tabling import HEIGHT, any_lines, line

EXAMPLES = Path(__file__).parents[3] / "examples"


def box_at(x: float, y: float, *, ticked: bool = False) -> Tickbox:
    return Tickbox(Rect(x, y, x + 28, y + 28), ticked)


def texts(lines: list[SeenLine], *boxes: Tickbox) -> list[str]:
    return [seen.text for seen in with_ticks(lines, boxes, HEIGHT)]


def test_a_box_stands_before_the_text_on_its_right() -> None:
    lines = [line("Maps", 100, 0), line("Registers", 100, 50)]
    assert texts(lines, box_at(60, 0), box_at(60, 50, ticked=True)) == ["☐ Maps", "☑ Registers"]


def test_the_line_then_begins_where_the_box_does() -> None:
    (marked,) = with_ticks([line("Maps", 100, 0)], [box_at(60, 0)], HEIGHT)
    assert marked.x0 == 60


def test_what_the_reader_took_the_box_for_goes() -> None:
    assert texts([line("口 Maps", 60, 0)], box_at(60, 0)) == ["☐ Maps"]
    assert texts([line("V", 62, 0), line("Maps", 100, 0)], box_at(60, 0, ticked=True)) == ["☑ Maps"]


def test_a_line_over_several_boxes_is_divided_at_them() -> None:
    whole = line("Sex: O male O female", 0, 0)
    assert texts([whole], box_at(75, 0), box_at(180, 0, ticked=True)) == ["Sex:", "☐ male", "☑ female"]


def test_a_box_behind_its_text_stands_alone() -> None:
    assert texts([line("I agree", 0, 0)], box_at(160, 0, ticked=True)) == ["I agree", "☑"]


def test_a_box_without_text_is_left_out() -> None:
    lines = [line("Maps", 100, 0)]
    assert texts(lines, box_at(60, 300), box_at(700, 0)) == ["Maps"]


def test_a_framed_letter_within_chinese_text_is_a_letter() -> None:
    whole = line("我们的国家和人民", 0, 0, width=8 * HEIGHT)
    assert texts([whole], box_at(3 * HEIGHT, 0, ticked=True)) == [whole.text]


@given(any_lines(), st.lists(st.builds(box_at, st.floats(0, 600), st.floats(0, 400), ticked=st.booleans()), max_size=4))
def test_lines_that_no_box_is_beside_stay_as_they_are(lines: list[SeenLine], boxes: list[Tickbox]) -> None:
    marked = with_ticks(lines, boxes, HEIGHT)
    kept = set(map(id, marked))
    middles = [(box.rect.y0 + box.rect.y1) / 2 for box in boxes]
    assert all(id(seen) in kept or any(seen.y0 <= middle <= seen.y1 for middle in middles) for seen in lines)
    assert sum(seen.text.count("☐") + seen.text.count("☑") for seen in marked) <= len(boxes)


@pytest.fixture(scope="session")
def reader() -> LetterReader:
    return LetterReader(threads=2)


def test_the_example_form_has_exactly_its_boxes(reader: LetterReader) -> None:
    truth = json.loads((EXAMPLES / "truth" / "form.png.json").read_text(encoding="utf-8"))
    wanted = [(b["checked"], b["text"]) for b in truth["pages"][0]["blocks"] if b["kind"] == "checkbox"]
    seen = reader.read(np.asarray(Image.open(EXAMPLES / "documents" / "form.png").convert("RGB")))
    height = line_height(seen.lines)
    marked = with_ticks(seen.lines, find_tickboxes(ink_of(seen.pixels, height), height), height)
    found = sorted((line for line in marked if split_tick(line.text)[0] is not None), key=lambda line: line.y0)
    assert [split_tick(line.text) for line in found] == wanted

import random
from collections import Counter

import numpy as np
import pytest

from muniment.text import blocks as text_blocks
from muniment.text.markup import parse_markup
from readingmodel import alphabet
from readingmodel.fonts import Family, Fonts
from readingmodel.pages import PageKind, make_page
from readingmodel.samples import (
    LETTERS,
    MERGED,
    NOTHING,
    PATCH,
    letters_in_patches,
    make_batch,
    make_sample,
    patches_of_letters,
)
from readingmodel.settings import KINDS
from readingmodel.sheet import Sheet, Style

EVERY_KIND = pytest.mark.parametrize("kind", sorted(KINDS))


@EVERY_KIND
def test_the_same_seed_gives_the_same_page(fonts: Fonts, families: tuple[Family, ...], kind: str) -> None:
    one, other = (make_sample(fonts, families, KINDS[kind], random.Random(7)) for _ in range(2))
    assert np.array_equal(one.picture, other.picture)
    assert np.array_equal(one.answer, other.answer)
    assert np.array_equal(one.letters, other.letters)


@EVERY_KIND
def test_a_page_is_as_large_as_its_kind_says_and_its_answer_ends(
    fonts: Fonts, families: tuple[Family, ...], kind: str
) -> None:
    batch = make_batch(fonts, families, KINDS[kind], 4, random.Random(8))
    assert batch.pictures.shape == (4, KINDS[kind].height, KINDS[kind].width)
    assert batch.answers.shape == (4, KINDS[kind].most + 1)
    assert all(list(answer).count(alphabet.END) == 1 for answer in batch.answers)


@EVERY_KIND
def test_there_is_ink_wherever_a_letter_is_said_to_be(fonts: Fonts, families: tuple[Family, ...], kind: str) -> None:
    rng = random.Random(9)
    for _ in range(5):
        sheet = make_page(fonts, families, KINDS[kind], rng)
        picture = np.asarray(sheet.image, np.int64)
        space = alphabet.number(" ")
        for token, (x, y) in zip(sheet.tokens, sheet.places(), strict=True):
            if not np.isnan(x) and token != space:
                reach = 16 * sheet.scale
                top, left = max(0, int(y * sheet.scale - reach)), max(0, int(x * sheet.scale - reach))
                around = picture[top : top + int(2 * reach), left : left + int(2 * reach)]
                assert np.ptp(around) > 40


def test_what_is_written_is_what_the_product_understands(fonts: Fonts, families: tuple[Family, ...]) -> None:
    rng, found = random.Random(10), Counter[type]()
    for _ in range(60):
        answer = alphabet.text(make_sample(fonts, families, KINDS["pages"], rng).answer)
        found.update(map(type, parse_markup(answer)))
    wanted = {"Heading", "Paragraph", "ListBlock", "Table", "Checkbox", "PageNumber", "Watermark", "Figure"}
    assert wanted <= {kind.__name__ for kind in found if kind.__module__ == text_blocks.__name__}


def test_each_letter_is_found_in_its_patch_and_what_follows_it_after(fonts: Fonts) -> None:
    sheet = Sheet(fonts, 2 * MERGED, MERGED, scale=1.0)
    sheet.tokens = alphabet.numbers("ab\nc")
    sheet.xs, sheet.ys = [3.0, 9.0, float("nan"), MERGED + PATCH + 1.0], [5.0, 5.0, float("nan"), PATCH + 1.0]
    patches = letters_in_patches(sheet, sheet.places(), PageKind(2 * MERGED, MERGED, 40))
    first, last = patches[0, 0, 0], patches[0, 1, 3]
    assert first.tolist() == [*alphabet.numbers("ab"), alphabet.BLANK, alphabet.BLANK, *alphabet.numbers("\nc")]
    assert last[:LETTERS].tolist() == [*alphabet.numbers("c"), *[alphabet.BLANK] * 3]
    assert last[LETTERS:].tolist() == [alphabet.END, alphabet.END]


def test_each_letter_knows_the_patch_that_it_stands_in(fonts: Fonts) -> None:
    sheet = Sheet(fonts, 2 * MERGED, 2 * MERGED, scale=1.0)
    sheet.tokens = alphabet.numbers("a\nb")
    sheet.xs, sheet.ys = [MERGED + 1.0, float("nan"), 2.0 * MERGED], [5.0, float("nan"), 5.0]
    places = patches_of_letters(sheet.places(), PageKind(2 * MERGED, 2 * MERGED, 40))
    undrawn, outside, end = [[NOTHING, NOTHING]] * 3
    assert places.tolist() == [[0, 1], undrawn, outside, end]


@EVERY_KIND
def test_a_letter_is_taught_where_it_is_said_to_be(fonts: Fonts, families: tuple[Family, ...], kind: str) -> None:
    sample = make_sample(fonts, families, KINDS[kind], random.Random(11))
    for token, (row, column) in zip(sample.answer.tolist(), sample.places.tolist(), strict=True):
        if row != NOTHING:
            crowded = sample.letters[row, column, :, LETTERS - 1] != alphabet.BLANK
            assert token in sample.letters[row, column, :, :LETTERS] or crowded.any()


def test_a_broken_line_of_text_knows_where_each_letter_is(fonts: Fonts, families: tuple[Family, ...]) -> None:
    sheet = Sheet(fonts, 448, 56, scale=2.0)
    style = Style(families[0].regular, 16)
    sheet.line(10, 30, ["deed", "of"], style)
    assert alphabet.text(sheet.tokens) == "deed of"
    assert sheet.xs == sorted(sheet.xs)
    assert 10 < sheet.xs[0] < sheet.xs[-1] < 10 + sheet.length("deed of", style)

"""Pages as the network is taught them: pictures, answers, and what is to be found in each piece of a picture."""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from readingmodel import alphabet
from readingmodel.fonts import Family, Fonts
from readingmodel.pages import PageKind, make_page
from readingmodel.sheet import Sheet

PATCH = 14
MERGED = 28
LETTERS = 4
"""Letters of one patch that the encoder is taught to find there."""
FOLLOWING = 2
"""Tokens after the last of these that it is taught to foresee."""
NOTHING = 255
"""Fills answers and places up."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """One page.

    Attributes:
        picture: grey levels, shape (height, width).
        answer: tokens with the final one, shape (length,).
        letters: tokens in each patch, shape (rows, columns, 4, LETTERS + FOLLOWING) with rows and columns of merged
            patches and their four patches; BLANK where there are fewer, NOTHING where nothing is to be foreseen.
        places: row and column of the merged patch where each token of the answer stands, shape (length, 2); NOTHING
            for what is not drawn.
    """

    picture: Bytes
    answer: Bytes
    letters: Bytes
    places: Bytes


def make_sample(fonts: Fonts, families: tuple[Family, ...], kind: PageKind, rng: random.Random) -> Sample:
    """A page with a scanner's traces. Answers that would be too long are not made."""
    while True:
        sheet = make_page(fonts, families, kind, rng)
        if 0 < len(sheet.tokens) < kind.most:
            break
    places = sheet.places()
    picture = np.asarray(sheet.image)
    if sheet.scale != 1.0:
        picture = np.asarray(
            cv2.resize(picture, (kind.width, kind.height), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    picture, places = _scanned(picture, places, rng)
    answer = np.array([*sheet.tokens, alphabet.END], np.uint8)
    return Sample(picture, answer, letters_in_patches(sheet, places, kind), patches_of_letters(places, kind))


def patches_of_letters(places: NDArray[np.float32], kind: PageKind) -> Bytes:
    """Row and column of each letter's merged patch, and NOTHING for the answer's end and for what is not drawn."""
    found = np.full((len(places) + 1, 2), NOTHING, np.uint8)
    inside = (places >= 0).all(1) & (places < (kind.width, kind.height)).all(1)
    found[:-1][inside] = np.floor(places[inside][:, ::-1] / MERGED)
    return found


def letters_in_patches(sheet: Sheet, places: NDArray[np.float32], kind: PageKind) -> Bytes:
    """The tokens that stand in each patch, in the order of the answer, and what follows the last of them."""
    rows, columns = kind.height // MERGED, kind.width // MERGED
    found = np.full((rows * 2, columns * 2, LETTERS + FOLLOWING), alphabet.BLANK, np.uint8)
    found[:, :, LETTERS:] = NOTHING
    count = np.zeros((rows * 2, columns * 2), np.int64)
    tokens = [*sheet.tokens, alphabet.END, alphabet.END]
    drawn = ~np.isnan(places[:, 0])
    cells = np.full((len(places), 2), -1, np.int64)
    cells[drawn] = np.floor(places[drawn] / PATCH).astype(np.int64)
    for number, (column, row) in enumerate(cells.tolist()):
        if 0 <= row < 2 * rows and 0 <= column < 2 * columns:
            place = found[row, column]
            if count[row, column] < LETTERS:
                place[count[row, column]] = tokens[number]
                count[row, column] += 1
            place[LETTERS:] = tokens[number + 1 : number + 1 + FOLLOWING]
    return np.ascontiguousarray(
        found.reshape(rows, 2, columns, 2, -1).transpose(0, 2, 1, 3, 4).reshape(rows, columns, 4, -1)
    )


def _scanned(picture: Bytes, places: NDArray[np.float32], rng: random.Random) -> tuple[Bytes, NDArray[np.float32]]:
    """Light traces of printing and scanning on some pages: slant, blur, faded ink, noise, JPEG, black and white."""
    height, width = picture.shape
    paper = int(picture[0, 0])
    if rng.random() < 0.2:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-1.2, 1.2), 1.0)
        picture = np.asarray(
            cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper), np.uint8
        )
        places = (places @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    chance = rng.random()
    if chance < 0.25:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8)), np.uint8)
    if chance < 0.12 or chance > 0.95:
        picture = _noisy(picture, rng)
    elif chance > 0.92:
        picture = np.where(picture < rng.randint(120, 170), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(75, 95)])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return picture, places


def _noisy(picture: Bytes, rng: random.Random) -> Bytes:
    """Faded ink, uneven light and noise."""
    height, width = picture.shape
    dark, noise = rng.uniform(0, 60), rng.uniform(1, 9)
    fall = np.linspace(0, rng.uniform(0, 30), width, dtype=np.float32)[None, :]
    tile = np.random.default_rng(rng.randrange(1 << 30)).normal(0, noise, (256, width)).astype(np.float32)
    grain = np.tile(tile, (-(-height // 256), 1))[:height]
    levels = dark + picture.astype(np.float32) * ((250 - dark) / 255) - fall + grain
    return levels.clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one kind; answers and places are filled up with NOTHING to the longest that the kind allows."""

    pictures: Bytes
    answers: Bytes
    letters: Bytes
    places: Bytes


def make_batch(fonts: Fonts, families: tuple[Family, ...], kind: PageKind, count: int, rng: random.Random) -> Batch:
    samples = [make_sample(fonts, families, kind, rng) for _ in range(count)]
    answers = np.full((count, kind.most + 1), NOTHING, np.uint8)
    places = np.full((count, kind.most + 1, 2), NOTHING, np.uint8)
    for number, sample in enumerate(samples):
        answers[number, : len(sample.answer)] = sample.answer
        places[number, : len(sample.places)] = sample.places
    pictures, letters = (np.stack([getattr(sample, name) for sample in samples]) for name in ("picture", "letters"))
    return Batch(pictures, answers, letters, places)

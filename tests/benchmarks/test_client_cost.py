"""What is measured is what would be sent, and figures of pages are put together as the tables say."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("apted", reason="apted is installed by `make bench`")
pytest.importorskip("pylatexenc", reason="pylatexenc is installed by `make bench`")
pytest.importorskip("rapidfuzz", reason="rapidfuzz is installed by `make bench`")

from benchmarks.client_cost import CHOICES, DEFAULT, READ, Choice, changed, decoded, encoded, recall, request_for, spent
from benchmarks.sample_pages import counted, worded
from muniment.engines.image import ImageLimits


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    """Something smooth, on which every format keeps close."""
    down, across = np.mgrid[0:56, 0:84]
    return np.stack([down * 4, across * 3, down + across], axis=-1).astype(np.uint8)


def test_the_default_is_measured_and_read() -> None:
    limits = ImageLimits()
    assert (DEFAULT.side, str(DEFAULT)) == (limits.longest_side, f"{limits.format.upper()} {limits.quality}")
    assert DEFAULT in CHOICES
    assert DEFAULT in READ


def test_png_comes_back_as_it_was(pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(decoded(encoded(pixels, Choice("PNG", 0, 1764))), pixels)


@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_lossy_formats_come_back_alike_and_in_the_right_colours(name: str, pixels: NDArray[np.uint8]) -> None:
    image = encoded(pixels, Choice(name, 90, 1764))
    assert image.mime == f"image/{name.lower()}"
    assert (image.width, image.height) == (84, 56)
    apart = np.abs(decoded(image).astype(int) - pixels)
    assert 0 < apart.mean() < 4


def test_a_lower_quality_takes_fewer_bytes(pixels: NDArray[np.uint8]) -> None:
    sizes = [len(encoded(pixels, Choice("JPEG", quality, 1764)).base64) for quality in (60, 75, 90, 95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_request_holds_the_image_as_the_client_sends_it(pixels: NDArray[np.uint8]) -> None:
    image = encoded(pixels, DEFAULT)
    content = json.loads(request_for(image))["messages"][0]["content"]
    assert content[0]["image_url"]["url"] == f"data:image/jpeg;base64,{image.base64}"


def test_the_words_of_an_example_are_those_of_its_blocks_cells_and_captions_but_not_of_formulas() -> None:
    truth = {
        "blocks": [
            {"kind": "paragraph", "text": "Paid in full"},
            {"kind": "table", "caption": "Table 1", "cells": [{"text": "Code"}, {"text": "17"}]},
            {"kind": "equation", "latex": "x"},
        ]
    }
    assert counted(worded(truth)) == counted(["paid in full table 1 code 17"])


def row(kind: str, words: int, found: int, milliseconds: float, size: int) -> dict[str, Any]:
    dear = {"render": milliseconds / 1e3, "fit": 0.001, "encode": 0.002, "bytes": size}
    cheap = {"render": 0.001, "fit": 0.001, "encode": 0.001, "bytes": 100}
    return {"kind": kind, "words": words, "found": {"a": found}, "costs": {"a": dear, DEFAULT.name: cheap}}


def test_recall_is_of_all_words_and_not_a_mean_of_pages() -> None:
    rows = [row("receipts", 10, 5, 1, 1), row("examples", 90, 90, 1, 1)]
    assert recall(rows, "a") == pytest.approx(0.95)
    assert recall(rows, "a", "receipts") == pytest.approx(0.5)


def test_words_lost_on_one_page_are_not_made_good_by_words_won_on_another() -> None:
    plain, lossy = Choice("PNG", 0, 1280), Choice("JPEG", 75, 1280)
    rows = [{"found": {plain.name: one, lossy.name: other}} for one, other in ((10, 8), (10, 10), (10, 11))]
    assert changed(rows, lossy) == (2, 1)
    assert changed(rows, plain) == (0, 0)


def test_costs_are_medians_of_pages_and_of_their_own_ratios() -> None:
    rows = [row("receipts", 1, 1, milliseconds, size) for milliseconds, size in ((3, 100), (6, 200), (90, 900))]
    assert spent(rows, "a") == pytest.approx((6, 1, 2, 3, 200 / 1e6, 2))

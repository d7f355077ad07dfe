"""What text says: crops of lines, the recognition model, and characters with their places out of its steps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from muniment.engines.embedded.detection import TALL
from muniment.engines.embedded.runtime import Session

HEIGHT = 48
"""Pixels of a line as the model sees it."""
STEP = 8
"""Pixels of such a line that one of the model's steps stands for."""
_WIDTH_UNIT = 64
_MOST_WIDTH = 6_400
"""Longer lines are read in parts: the model's memory grows with the width, by 25 MB a thousand pixels."""
_BATCH_WIDTH = 1_600
"""So many columns of lines go through the model in one call."""
_BLANK = 0


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """What the model read in one line, spaces apart.

    Attributes:
        characters: without spaces.
        centres: where each stands, in pixels of the line scaled to ``HEIGHT``; shape (n,).
        scores: how sure the model is of each, 0 to 1; shape (n,).
        spaces: how much weight the model gives a space after each, summed over steps; shape (n,), the last always 0.
    """

    characters: tuple[str, ...]
    centres: NDArray[np.float32]
    scores: NDArray[np.float32]
    spaces: NDArray[np.float32]


def spell(
    classes: NDArray[np.int64], scores: NDArray[np.float32], spaces: NDArray[np.float32], alphabet: tuple[str, ...]
) -> Spelling:
    """Characters out of the model's steps: repeats are one character, blanks none.

    Args:
        classes: the likeliest class of each step, an index into ``alphabet``; shape (steps,).
        scores: its probability; shape (steps,).
        spaces: the probability of a space; shape (steps,).
        alphabet: class 0 is the blank, the last is the space.
    """
    space = len(alphabet) - 1
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    ends = np.flatnonzero(np.diff(classes, append=-1)) + 1
    marks = [(start, end) for start, end in zip(starts, ends, strict=True) if classes[start] not in (_BLANK, space)]
    following = [start for start, _ in marks[1:]]
    return Spelling(
        characters=tuple(alphabet[classes[start]] for start, _ in marks),
        centres=np.array([(start + end) / 2 * STEP for start, end in marks], np.float32),
        scores=np.array([scores[start:end].max() for start, end in marks], np.float32),
        spaces=np.array(
            [spaces[end:start].sum() for (_, end), start in zip(marks, following, strict=False)] + [0.0] * bool(marks),
            np.float32,
        ),
    )


def joined(parts: Sequence[Spelling], starts: Sequence[int]) -> Spelling:
    """One spelling out of those of a line's parts, which start at these columns."""
    return Spelling(
        characters=tuple(character for part in parts for character in part.characters),
        centres=np.concatenate([part.centres + start for part, start in zip(parts, starts, strict=True)]),
        scores=np.concatenate([part.scores for part in parts]),
        spaces=np.concatenate([part.spaces for part in parts]),
    )


def part_starts(image: NDArray[np.uint8], most: int) -> list[int]:
    """Where to cut a line image so that no part is wider than ``most``: in the middle of wide gaps."""
    starts = [0]
    if image.shape[1] <= most:
        return starts
    contrast = image.max(axis=(0, 2)) - image.min(axis=(0, 2))
    empty = (contrast <= contrast.max() / 2).astype(np.uint8)
    to_ink = cv2.distanceTransform(empty[None], cv2.DIST_L1, 3)[0]
    while image.shape[1] - starts[-1] > most:
        window = to_ink[starts[-1] + most // 2 : starts[-1] + most]
        starts.append(starts[-1] + most // 2 + int(window.argmax()))
    return starts


def line_image(pixels: NDArray[np.uint8], quad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The text in ``quad`` (4, 2) laid flat: shape (HEIGHT, width, 3), turned if it runs down."""
    width = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]), 1.0)
    height = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]), 1.0)
    if height >= TALL * width:
        quad, width, height = np.roll(quad, -1, axis=0), height, width
    flat_height = max(round(height), 1)
    flat_width = max(round(width), 1)
    target = np.array([[0, 0], [flat_width, 0], [flat_width, flat_height], [0, flat_height]], np.float32)
    warp = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    flat = cv2.warpPerspective(
        pixels, warp, (flat_width, flat_height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    shrinking = flat_height > HEIGHT
    scaled = cv2.resize(
        flat,
        (max(round(flat_width * HEIGHT / flat_height), 1), HEIGHT),
        interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR,
    )
    return np.asarray(scaled, np.uint8)


def _likeliest_and_space(model: ov.Model) -> ov.Model:
    """The model, answering with the likeliest class, its probability and the space's, not with all 18,710 a step."""
    probabilities = model.outputs[0].get_node().input_value(0)
    likeliest = ops.topk(probabilities, ops.constant(1), 2, "max", "value")
    classes = probabilities.get_partial_shape()[2].get_length()
    space = ops.gather(probabilities, ops.constant([classes - 1]), ops.constant(2))
    return ov.Model([likeliest.output(0), likeliest.output(1), space.output(0)], model.get_parameters(), "recognition")


class Recogniser:
    """Reads line images. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._session = Session("recognition", threads, adapt=_keeping_metadata, streams=threads)
        self._alphabet = ("", *self._session.metadata("character").split("\n"), " ")

    def read(self, images: Sequence[NDArray[np.uint8]]) -> list[Spelling]:
        """The characters in line images, each of shape (HEIGHT, width, 3), RGB."""
        starts = [part_starts(image, _MOST_WIDTH) for image in images]
        parts = [
            image[:, start:end]
            for image, cuts in zip(images, starts, strict=True)
            for start, end in pairwise([*cuts, image.shape[1]])
        ]
        spellings = iter(self._spellings(parts))
        return [joined([next(spellings) for _ in cuts], cuts) for cuts in starts]

    def _spellings(self, images: Sequence[NDArray[np.uint8]]) -> list[Spelling]:
        """Lines of one width go through the model together, which takes less time and gives the same."""
        groups = _by_width(images)
        outputs = self._session.run_all([_batch([images[place] for place in group]) for group in groups])
        found: dict[int, Spelling] = {}
        for group, steps in zip(groups, outputs, strict=True):
            scores, classes, spaces = (output.reshape(len(group), -1) for output in steps)
            for row, place in enumerate(group):
                found[place] = spell(classes[row], scores[row], spaces[row], self._alphabet)
        return [found[place] for place in range(len(images))]


def _padded(width: int) -> int:
    return -(-width // _WIDTH_UNIT) * _WIDTH_UNIT


def _by_width(images: Sequence[NDArray[np.uint8]]) -> list[list[int]]:
    """Places of ``images`` in groups of one padded width, each no larger than a batch may be."""
    widths: dict[int, list[int]] = {}
    for place, image in enumerate(images):
        widths.setdefault(_padded(image.shape[1]), []).append(place)
    groups = []
    for width, places in widths.items():
        size = max(1, _BATCH_WIDTH // width)
        groups += [places[first : first + size] for first in range(0, len(places), size)]
    return groups


def _batch(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Line images of one padded width as the model wants them; shape (n, 3, HEIGHT, width)."""
    batch = np.zeros((len(images), 3, HEIGHT, _padded(images[0].shape[1])), np.float32)
    for place, image in enumerate(images):
        batch[place, :, :, : image.shape[1]] = image[..., ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return batch


def _keeping_metadata(model: ov.Model) -> ov.Model:
    adapted = _likeliest_and_space(model)
    adapted.set_rt_info(model.get_rt_info()["framework"]["character"].value, ["framework", "character"])
    return adapted

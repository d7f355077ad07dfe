"""Batches made in many processes while the network learns from others."""

import random
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from readingmodel.fonts import SEEN, fonts_in
from readingmodel.samples import make_batch
from readingmodel.settings import KINDS

Drawn = tuple[str, Tensor, Tensor, Tensor, Tensor]
"""A batch: its kind, and its pictures, answers, letters and places as :class:`~readingmodel.samples.Batch` has them."""


class Batches(IterableDataset):  # type: ignore[misc,unused-ignore,type-arg]
    """Endless batches: kind, pictures, answers, letters, places. Each process draws its own from its own seed."""

    def __init__(self, fonts: Path, plan: dict[str, float], sizes: dict[str, int], seed: int) -> None:
        super().__init__()
        self._fonts = fonts
        self._plan = plan
        self._sizes = sizes
        self._seed = seed

    def __iter__(self) -> Iterator[Drawn]:
        import cv2
        from torch.utils.data import get_worker_info

        cv2.setNumThreads(1)
        worker = get_worker_info()
        rng = random.Random(f"{self._seed} {worker.id if worker else 0}")
        fonts = fonts_in(self._fonts)
        families = fonts.families(SEEN)
        while True:
            kind = rng.choices(list(self._plan), list(self._plan.values()))[0]
            batch = make_batch(fonts, families, KINDS[kind], self._sizes[kind], rng)
            parts = (batch.pictures, batch.answers, batch.letters, batch.places)
            pictures, answers, letters, places = map(torch.from_numpy, parts)
            yield kind, pictures, answers, letters, places


def batches(fonts: Path, plan: dict[str, float], sizes: dict[str, int], seed: int, processes: int) -> Iterator[Drawn]:
    """Batches from ``processes`` of them, or from this one if 0."""
    source = Batches(fonts, plan, sizes, seed)
    if not processes:
        return iter(source)
    loader = DataLoader(source, batch_size=None, num_workers=processes, prefetch_factor=4, pin_memory=True)
    return iter(loader)

"""Batches to learn from again while new ones are made: drawing pages takes longer than learning from them."""

import random
from collections import deque
from collections.abc import Iterator
from threading import Thread

from readingmodel.batches import Drawn


class Pool:
    """Gives each new batch once as soon as it is there, and otherwise one of the latest again.

    Args:
        source: endless; read by a thread of the pool's own.
        device: where batches are kept.
        most: how many are kept.
    """

    def __init__(self, source: Iterator[Drawn], device: str, most: int, seed: int) -> None:
        self._source = source
        self._device = device
        self._fresh: deque[Drawn] = deque()
        self._kept: deque[Drawn] = deque(maxlen=most)
        self._random = random.Random(seed)
        self._ended = False
        self.made = 0
        self._thread = Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        for batch in self._source:
            if self._ended:
                return
            self._fresh.append(batch)

    def next(self) -> Drawn:
        while not self._fresh and not self._kept:
            self._thread.join(0.01)
        if not self._fresh:
            return self._kept[self._random.randrange(len(self._kept))]
        kind, *parts = self._fresh.popleft()
        pictures, answers, letters, places = (part.to(self._device, non_blocking=True) for part in parts)
        self._kept.append((kind, pictures, answers, letters, places))
        self.made += 1
        return self._kept[-1]

    def close(self) -> None:
        """Let the thread end with the next batch."""
        self._ended = True

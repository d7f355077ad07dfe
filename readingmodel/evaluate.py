"""How well a checkpoint reads, in numbers: ``python -m readingmodel.evaluate STATE --kind slips --pages 100``."""

import argparse
import random
from dataclasses import dataclass, field
from pathlib import Path

import torch

from readingmodel import alphabet, scoring
from readingmodel.export import load
from readingmodel.fonts import FIRST, SEEN, UNSEEN, fonts_in
from readingmodel.generate import generate
from readingmodel.samples import make_batch
from readingmodel.settings import KINDS

FONTS = {"first": FIRST, "seen": SEEN, "unseen": UNSEEN}
SEED = 999_999_937
"""No training draws its pages from it."""


@dataclass(slots=True)
class Scores:
    """What many pages give together."""

    pages: int = 0
    perfect: int = 0
    characters: float = 0.0
    words: float = 0.0
    tags: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))
    marks: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))
    tables: scoring.Marks = field(default_factory=lambda: scoring.Marks(0, 0))

    def add(self, true: str, read: str) -> None:
        self.pages += 1
        self.perfect += true == read
        self.characters += scoring.character_error(true, read)
        self.words += scoring.word_error(true, read)
        self.tags += scoring.tags(true, read)
        self.marks += scoring.marks(true, read)
        self.tables += scoring.tables(true, read)

    def __str__(self) -> str:
        counted = (("tags", self.tags), ("marks", self.marks), ("tables", self.tables))
        shares = "; ".join(f"{name} {marks.right}/{marks.wanted} ({marks.share:.1%})" for name, marks in counted)
        return (
            f"{self.pages} pages, {self.perfect} without a mistake; "
            f"character error {self.characters / self.pages:.2%}; word error {self.words / self.pages:.2%}; {shares}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m readingmodel.evaluate", description="Say how well it reads.")
    parser.add_argument("state", type=Path, help="a training's state, or a folder of its parts")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--kind", choices=sorted(KINDS), default="slips")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--faces", choices=sorted(FONTS), default="first")
    parser.add_argument("--batch", type=int, default=10)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    reader = load(options.state).to(device)
    fonts = fonts_in(options.fonts)
    families = fonts.families(FONTS[options.faces])
    rng = random.Random(SEED)
    scores = Scores()
    for _ in range(-(-options.pages // options.batch)):
        batch = make_batch(fonts, families, KINDS[options.kind], options.batch, rng)
        pictures = torch.from_numpy(batch.pictures).to(device)
        with torch.autocast(device, torch.bfloat16):
            read = generate(reader, pictures, batch.answers.shape[1], torch.bfloat16)
        for row, found in zip(batch.answers.tolist(), read, strict=True):
            scores.add(alphabet.text(row), found)
    print(f"{options.kind}, {options.faces} faces: {scores}")


if __name__ == "__main__":
    main()

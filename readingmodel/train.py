"""Teach the network to read: ``python -m readingmodel.train --state FILE --minutes 9 --total 25``.

A slice goes on from where the last one was saved, and saves again when its minutes are over. Progress is measured in
seconds of training, so that the plan is kept on any machine.
"""

import argparse
import dataclasses
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from readingmodel import alphabet
from readingmodel.batches import batches
from readingmodel.generate import generate
from readingmodel.muon import Muon
from readingmodel.network import Reader
from readingmodel.parts import read_parts, write_parts
from readingmodel.pool import Pool
from readingmodel.samples import NOTHING
from readingmodel.scoring import error_rate
from readingmodel.settings import BATCH, SMALL, STAGES, Shape, Stage

MATRIX_RATE, OTHER_RATE = 0.012, 8e-4
WARM_UP = 200
COOL_FROM = 0.2
"""Share of the training after which rates fall to nothing."""
KEPT = 900
"""Batches that are learnt from again: 25 GiB of pages."""
_BLANK_WEIGHT = 0.15
_PLACE_WEIGHT = 0.5
"""Weight of the rows and columns that are taught, beside the letters."""
MISREAD = 0.03
"""Share of letters replaced by others in what the decoder has written so far, so that it does not lose its place at a
mistake of its own."""


class Training:
    """A network, its optimisers and how far it has come."""

    def __init__(self, shape: Shape, device: str, total: float) -> None:
        torch.manual_seed(1)
        self.device = device
        self.dtype = torch.bfloat16 if device == "cuda" else torch.float32
        self.reader = Reader(shape).to(device)
        self.total = total
        self.seconds = 0.0
        self.steps = 0
        inner = [weight for name, weight in self.reader.named_parameters() if _is_inner(name, weight)]
        outer = [weight for name, weight in self.reader.named_parameters() if not _is_inner(name, weight)]
        self.optimisers = (
            Muon(inner, MATRIX_RATE),
            torch.optim.Adam(outer, OTHER_RATE, betas=(0.9, 0.98), fused=device == "cuda"),
        )

    @property
    def progress(self) -> float:
        return min(1.0, self.seconds / self.total)

    @property
    def stage(self) -> int:
        return next(number for number, stage in enumerate(STAGES) if self.progress < stage.until or stage is STAGES[-1])

    def load(self, file: Path) -> None:
        """Go on from a state, or from a folder of parts with optimisers that remember nothing."""
        saved = read_parts(file) if file.is_dir() else torch.load(file, map_location=self.device, weights_only=True)
        self.reader.load_state_dict(saved["reader"])
        for optimiser, state in zip(self.optimisers, saved.get("optimisers", ()), strict=False):
            optimiser.load_state_dict(state)
        self.seconds, self.steps = saved["seconds"], saved["steps"]

    def save(self, file: Path, parts: Path | None) -> None:
        state = {
            "shape": dataclasses.asdict(self.reader.shape),
            "reader": self.reader.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "seconds": self.seconds,
            "steps": self.steps,
        }
        torch.save(state, file.with_suffix(".new"))
        file.with_suffix(".new").rename(file)
        if parts is not None:
            write_parts(state, parts)

    def step(
        self, pictures: Tensor, answers: Tensor, letters: Tensor, places: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Learn from a batch.

        Returns the loss, the share of right tokens, that of right letters in patches, and that of right places.
        """
        rate = self._rate()
        self.set_rates(MATRIX_RATE * rate, OTHER_RATE * rate)
        weight = _teaching(STAGES[self.stage], self.stage, self.progress)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            given = misread(answers.where(answers != NOTHING, alphabet.END))
            scores, seen, ahead = self.reader(pictures, given, self.dtype)
            loss, right = answer_loss(scores, answers)
            taught, found = _letter_loss(self.reader.taught(seen), letters)
            placed, place = answer_loss(ahead, places)
            known, _ = answer_loss(self.reader.patch_places(seen), own_places(seen))
            (loss + weight * (taught + _PLACE_WEIGHT * (placed + known))).backward()
        self.apply()
        self.steps += 1
        return loss.detach(), right, found, place

    def set_rates(self, matrix: float, other: float) -> None:
        for optimiser, rate in zip(self.optimisers, (matrix, other), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate

    def apply(self) -> None:
        """Take the step that the gradients say."""
        muon, adam = self.optimisers
        torch.nn.utils.clip_grad_norm_([weight for group in adam.param_groups for weight in group["params"]], 1.0)
        for optimiser in (muon, adam):
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def _rate(self) -> float:
        warm = min(1.0, (self.steps + 1) / WARM_UP)
        cool = min(1.0, (1 - self.progress) / (1 - COOL_FROM))
        return max(0.002, warm * cool)


def _is_inner(name: str, weight: Tensor) -> bool:
    return weight.ndim == 2 and name.startswith(("visual.", "model.layers.")) and "patch_embed" not in name


def _teaching(stage: Stage, number: int, progress: float) -> float:
    before = STAGES[number - 1].until if number else 0.0
    share = min(1.0, (progress - before) / (stage.until - before))
    return stage.teaching[0] + share * (stage.teaching[1] - stage.teaching[0])


def misread(answers: Tensor) -> Tensor:
    """``answers`` with some letters replaced by any others."""
    others = torch.randint_like(answers, alphabet.BLANK)
    wrong = torch.rand(answers.shape, device=answers.device) < MISREAD
    return torch.where(wrong & (answers != alphabet.END), others, answers)


def own_places(seen: Tensor) -> Tensor:
    """Row and column of each merged patch, shape (batch, rows, columns, 2)."""
    batch, rows, columns, _ = seen.shape
    down = torch.arange(rows, device=seen.device).view(rows, 1).expand(rows, columns)
    across = torch.arange(columns, device=seen.device).expand(rows, columns)
    return torch.stack([down, across], -1).expand(batch, rows, columns, 2)


def answer_loss(scores: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and the share of what is right; what fills answers up does not count."""
    wanted = answers != NOTHING
    right = ((scores.detach().argmax(-1) == answers) & wanted).sum() / wanted.sum()
    targets = answers.flatten()
    return F.cross_entropy(scores.flatten(0, -2).float(), targets, ignore_index=NOTHING), right


def _letter_loss(scores: Tensor, letters: Tensor) -> tuple[Tensor, Tensor]:
    """Patches without letters count little: most of a page is empty."""
    wanted = letters != NOTHING
    weights = torch.where(letters == alphabet.BLANK, _BLANK_WEIGHT, 1.0) * wanted
    targets = letters.where(wanted, 0)
    losses = F.cross_entropy(scores.flatten(0, -2).float(), targets.flatten(), reduction="none")
    filled = wanted & (letters != alphabet.BLANK)
    right = ((scores.detach().argmax(-1) == letters) & filled).sum() / filled.sum().clamp(min=1)
    return (losses * weights.flatten()).sum() / weights.sum().clamp(min=1), right


def run(training: Training, options: argparse.Namespace) -> None:
    """One slice."""
    began = last = shown_at = time.monotonic()
    pool: Pool | None = None
    stage = -1
    while (now := time.monotonic()) - began < options.minutes * 60 and training.progress < 1:
        if pool is None or training.stage != stage:
            if pool is not None:
                pool.close()
            stage = training.stage
            seed = options.seed * 1_000_003 + training.steps
            source = batches(options.fonts, STAGES[stage].kinds, options.sizes, seed, options.processes)
            pool = Pool(source, training.device, KEPT, seed)
        kind, pictures, *told = pool.next()
        loss, right, found, place = training.step(pictures, *(part.long() for part in told))
        if training.steps % options.every == 0:
            shown = f"loss {loss:.4f} right {right:.4f} letters {found:.3f} places {place:.3f}"
            pace = f"{(now - shown_at) / options.every * 1000:.0f} ms a step, {pool.made} batches made"
            print(f"{training.steps} {training.seconds:.0f}s stage {stage} {kind} {shown} {pace}", flush=True)
            shown_at = now
        # A first step compiles; that is no training.
        training.seconds += min(time.monotonic() - now, 5.0)
        if time.monotonic() - last > options.save_every:
            training.save(options.state, options.parts)
            last = time.monotonic()
    training.save(options.state, options.parts)


def trial(training: Training, options: argparse.Namespace, kinds: list[str], show: int = 1) -> None:
    """Read a few pages that were not learnt from, and say how much was wrong."""
    for kind in kinds:
        sizes = {kind: min(16, options.sizes[kind])}
        _, pictures, answers, *_ = next(batches(options.fonts, {kind: 1.0}, sizes, 999_999_937, 0))
        eager = torch.compiler.set_stance("force_eager")
        with eager, torch.autocast(training.device, torch.bfloat16, enabled=training.device == "cuda"):
            read = generate(training.reader, pictures.to(training.device), answers.shape[1], training.dtype)
        true = [alphabet.text(row) for row in answers.tolist()]
        rates = [error_rate(wanted, found) for wanted, found in zip(true, read, strict=True)]
        print(f"{kind}: character error {sum(rates) / len(rates):.4f}; {' '.join(f'{rate:.3f}' for rate in rates)}")
        for number in range(show):
            print(f"--- true\n{true[number][:700]}\n--- read\n{read[number][:700]}", flush=True)


def compiled(reader: Reader) -> None:
    """Compile each kind of layer once."""
    torch._dynamo.config.recompile_limit = 64  # noqa: SLF001 - there is no other way to it
    for block in [*reader.visual.blocks, *reader.model.layers]:
        block.compile(dynamic=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m readingmodel.train", description="Teach the network to read.")
    parser.add_argument("--state", type=Path, required=True, help="where the training is kept; goes on from it")
    parser.add_argument("--parts", type=Path, help="folder for the weights in small files too")
    parser.add_argument("--parts-from", type=Path, help="such a folder to go on from, if there is no state")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--minutes", type=float, default=9.0, help="of this slice")
    parser.add_argument("--total", type=float, default=25.0, help="minutes of the whole training")
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--save-every", type=float, default=150.0, help="seconds")
    parser.add_argument("--small", action="store_true", help="a small network, for trials without a GPU")
    parser.add_argument("--batch", type=float, default=1.0, help="factor of the sizes of batches")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--trial", default="pages", help="kinds of pages to read at the end, with commas between")
    options = parser.parse_args()
    options.sizes = {kind: max(1, round(size * options.batch)) for kind, size in BATCH.items()}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    training = Training(SMALL if options.small else Shape(), device, options.total * 60)
    if options.state.exists():
        training.load(options.state)
    elif options.parts_from is not None:
        training.load(options.parts_from)
    if options.compile:
        compiled(training.reader)
    run(training, options)
    if device == "cuda":
        print(f"most memory {torch.cuda.max_memory_allocated() >> 20} MiB")
    trial(training, options, [kind for kind in options.trial.split(",") if kind])


if __name__ == "__main__":
    main()

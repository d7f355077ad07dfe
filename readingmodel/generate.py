"""Reading pages with the network itself, as quick as it takes to see how a training goes."""

import torch
from torch import Tensor

from readingmodel import alphabet
from readingmodel.network import Reader


def generate(reader: Reader, pictures: Tensor, most: int, dtype: torch.dtype) -> list[str]:
    """The most likely answer for each picture of a batch (batch, height, width)."""
    with torch.no_grad():
        seen = reader.visual(pictures, dtype)
        x = reader.before(seen)
        batch, rows, columns, _ = seen.shape
        cos, sin = reader.positions(rows, columns, 2 + most, x.device)
        past: list[list[Tensor]] = [[] for _ in reader.model.layers]
        start, end = 0, x.shape[1]
        answers = torch.full((batch, most), alphabet.END, device=x.device)
        ended = torch.zeros(batch, dtype=torch.bool, device=x.device)
        for number in range(most):
            for layer, held in zip(reader.model.layers, past, strict=True):
                x = layer(x, cos[start:end], sin[start:end], held)
            chosen = reader.lm_head(reader.model.norm(x[:, -1])).argmax(-1)
            answers[:, number] = chosen.where(~ended, alphabet.END)
            ended |= chosen == alphabet.END
            if number % 32 == 0 and bool(ended.all()):
                break
            x = reader.model.embed_tokens(chosen)[:, None].to(dtype)
            start, end = end, end + 1
    return [alphabet.text(row) for row in answers.tolist()]

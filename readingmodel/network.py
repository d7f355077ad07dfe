"""The network, as transformers' Qwen2_5_VLForConditionalGeneration has it, written for batches of equal pages.

Parameters have the same names and shapes but one: the first layer has one weight for each grey level, which
:mod:`readingmodel.export` spreads over colours and frames. Activations are bfloat16 on GPUs, as in vLLM.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from readingmodel import alphabet
from readingmodel.samples import FOLLOWING, LETTERS, PATCH
from readingmodel.settings import Shape

EPSILON = 1e-6
_TAUGHT = alphabet.BLANK + 3
"""Classes of what the encoder is taught: readable tokens, nothing, the answer's end."""
GRID = 64
"""Most rows and columns of merged patches whose numbers are taught."""
TAUGHT = ("teacher", "patch_place", "letter_place")
"""Layers that serve the training alone."""


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scaled = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON)
        return self.weight.to(x.dtype) * scaled.to(x.dtype)


class Perceptron(nn.Module):
    def __init__(self, width: int, inner: int, bias: bool) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=bias)
        self.up_proj = nn.Linear(width, inner, bias=bias)
        self.down_proj = nn.Linear(inner, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions put into ``x``, whose last dimension is a head's."""
    half = x.shape[-1] // 2
    wide = x.float()
    rotated = torch.cat((-wide[..., half:], wide[..., :half]), -1)
    return (wide * cos + rotated * sin).to(x.dtype)


def blocks_of(length: int, side: int) -> list[tuple[int, int, int]]:
    """(first, end, side) of the whole pieces of ``length``, and of what is left."""
    whole = length // side * side
    pieces = [(0, whole, side)] if whole else []
    return pieces if whole == length else [*pieces, (whole, length, length - whole)]


class VisionAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, window: int) -> Tensor:
        """``x``: (batch, rows, columns, 4, width) of merged patches; ``window`` 0 for the whole page."""
        batch, rows, columns, four, width = x.shape
        q, k, v = self.qkv(x).view(batch, rows, columns, four, 3, self.heads, -1).unbind(4)
        q, k = turned(q, cos, sin), turned(k, cos, sin)
        down = blocks_of(rows, window or rows)
        across = blocks_of(columns, window or columns)
        bands = []
        for top, bottom, tall in down:
            parts = []
            for left, right, broad in across:
                where = (slice(None), slice(top, bottom), slice(left, right))
                parts.append(self._attend(q[where], k[where], v[where], tall, broad))
            bands.append(torch.cat(parts, 2) if len(parts) > 1 else parts[0])
        mixed = torch.cat(bands, 1) if len(bands) > 1 else bands[0]
        return self.proj(mixed.reshape(batch, rows, columns, four, width))

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, tall: int, broad: int) -> Tensor:
        batch, rows, columns, four, heads, size = q.shape
        m, n = rows // tall, columns // broad

        def cut(x: Tensor) -> Tensor:
            x = x.reshape(batch, m, tall, n, broad, four, heads, size).permute(0, 1, 3, 6, 2, 4, 5, 7)
            return x.reshape(batch * m * n, heads, tall * broad * four, size)

        mixed = F.scaled_dot_product_attention(cut(q), cut(k), cut(v))
        mixed = mixed.view(batch, m, n, heads, tall, broad, four, size).permute(0, 1, 4, 2, 5, 6, 3, 7)
        return mixed.reshape(batch, rows, columns, four, heads * size)


class VisionBlock(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(shape.vision_hidden), Norm(shape.vision_hidden)
        self.attn = VisionAttention(shape.vision_hidden, shape.vision_heads)
        self.mlp = Perceptron(shape.vision_hidden, shape.vision_intermediate, bias=True)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, window: int) -> Tensor:
        x = x + self.attn(self.norm1(x), cos, sin, window)
        return x + self.mlp(self.norm2(x))


class Merger(nn.Module):
    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.ln_q = Norm(width)
        self.mlp = nn.Sequential(nn.Linear(4 * width, 4 * width), nn.GELU(), nn.Linear(4 * width, out))

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(self.ln_q(x).flatten(-2))


class Encoder(nn.Module):
    """Grey pages to one vector for each merged patch."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.patch_embed = nn.Linear(PATCH * PATCH, shape.vision_hidden, bias=False)
        self.blocks = nn.ModuleList(VisionBlock(shape) for _ in range(shape.vision_depth))
        self.merger = Merger(shape.vision_hidden, shape.hidden)
        self._rotary: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def forward(self, pictures: Tensor, dtype: torch.dtype) -> Tensor:
        """(batch, height, width) of bytes to (batch, rows, columns, hidden)."""
        batch, height, width = pictures.shape
        rows, columns = height // (2 * PATCH), width // (2 * PATCH)
        grey = pictures.to(dtype) / 127.5 - 1
        pieces = grey.view(batch, rows, 2, PATCH, columns, 2, PATCH).permute(0, 1, 4, 2, 5, 3, 6)
        x = self.patch_embed(pieces.reshape(batch, rows, columns, 4, PATCH * PATCH))
        cos, sin = self._positions(rows, columns, x.device)
        for number, block in enumerate(self.blocks):
            x = block(x, cos, sin, 0 if number in self.shape.full else self.shape.window)
        return self.merger(x)

    def _positions(self, rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Rotary cosines and sines, each (rows, columns, 4, 1, head size)."""
        if (rows, columns) not in self._rotary:
            size = self.shape.vision_hidden // self.shape.vision_heads
            pace = 1.0 / 10_000.0 ** (torch.arange(0, size // 2, 2, dtype=torch.float32) / (size // 2))
            down = torch.arange(2 * rows).view(rows, 1, 2, 1).expand(rows, columns, 2, 2)
            across = torch.arange(2 * columns).view(1, columns, 1, 2).expand(rows, columns, 2, 2)
            angles = torch.cat([(place.reshape(rows, columns, 4, 1) * pace) for place in (down, across)], -1)
            angles = torch.cat([angles, angles], -1).unsqueeze(3).to(device)
            self._rotary[rows, columns] = (angles.cos(), angles.sin())
        return self._rotary[rows, columns]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.o_proj = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, past: list[Tensor] | None = None) -> Tensor:
        """``x``: (batch, length, width). ``past`` holds keys and values so far, and gets the new ones."""
        batch, length, width = x.shape
        q, k, v = (part(x).view(batch, length, self.heads, -1).transpose(1, 2)
                   for part in (self.q_proj, self.k_proj, self.v_proj))  # fmt: skip
        q, k = turned(q, cos, sin), turned(k, cos, sin)
        if past is not None:
            if past:
                k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
            past[:] = [k, v]
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = Norm(shape.hidden), Norm(shape.hidden)
        self.self_attn = Attention(shape.hidden, shape.heads)
        self.mlp = Perceptron(shape.hidden, shape.intermediate, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, past: list[Tensor] | None = None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, past)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.tokens, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        self.norm = Norm(shape.hidden)


class Reader(nn.Module):
    """Pages to text. A page stands before its answer: start of picture, its merged patches, end of picture, start."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.visual = Encoder(shape)
        self.model = Decoder(shape)
        self.lm_head = nn.Linear(shape.hidden, shape.tokens, bias=False)
        self.teacher = nn.Linear(shape.hidden, 4 * (LETTERS + FOLLOWING) * _TAUGHT)
        self.patch_place = nn.Linear(shape.hidden, 2 * GRID)
        self.letter_place = nn.Linear(shape.hidden, 2 * GRID)
        around = torch.tensor([alphabet.PICTURE_START, alphabet.PICTURE_END, alphabet.START])
        self.register_buffer("around", around, persistent=False)
        self._rotary: dict[tuple[int, int, int], tuple[Tensor, Tensor]] = {}
        self._begin()

    def _begin(self) -> None:
        for name, weight in self.named_parameters():
            if weight.ndim < 2:
                (nn.init.ones_ if "norm" in name or "ln_q" in name else nn.init.zeros_)(weight)
            elif "embed_tokens" in name:
                nn.init.normal_(weight, std=0.5)
            elif name.endswith(("o_proj.weight", "down_proj.weight", "attn.proj.weight")):
                nn.init.normal_(weight, std=0.3 / math.sqrt(weight.shape[1]) / math.sqrt(self.shape.depth))
            else:
                nn.init.normal_(weight, std=0.8 / math.sqrt(weight.shape[1]))
        nn.init.normal_(self.lm_head.weight, std=0.02)
        for taught in TAUGHT:
            nn.init.normal_(getattr(self, taught).weight, std=0.02)

    def positions(self, rows: int, columns: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Rotary cosines and sines of a page and ``length`` tokens after it, each (positions, head size)."""
        if (rows, columns, length) not in self._rotary:
            cos, sin = self._angles(rows, columns, length)
            self._rotary[rows, columns, length] = (cos.to(device), sin.to(device))
        return self._rotary[rows, columns, length]

    def _angles(self, rows: int, columns: int, length: int) -> tuple[Tensor, Tensor]:
        place = 1 + torch.stack([
            torch.zeros(rows, columns), torch.arange(rows).view(-1, 1).expand(rows, columns),
            torch.arange(columns).view(1, -1).expand(rows, columns),
        ]).flatten(1)  # fmt: skip
        after = (1 + max(rows, columns) + torch.arange(length)).expand(3, length)
        place = torch.cat([torch.zeros(3, 1), place, after], 1)
        size = self.shape.hidden // self.shape.heads
        pace = 1.0 / self.shape.rotary_base ** (torch.arange(0, size, 2, dtype=torch.float32) / size)
        angles = place[:, :, None] * pace
        parts = angles.split(self.shape.rotary, -1)
        angles = torch.cat([part[number] for number, part in enumerate(parts)], -1)
        angles = torch.cat([angles, angles], -1)
        return angles.cos(), angles.sin()

    def before(self, seen: Tensor) -> Tensor:
        """Embeddings of a page (batch, rows, columns, hidden) and the tokens around it."""
        batch = seen.shape[0]
        around = self.model.embed_tokens(self.around).to(seen.dtype).expand(batch, 3, -1)
        return torch.cat([around[:, :1], seen.flatten(1, 2), around[:, 1:]], 1)

    def forward(self, pictures: Tensor, answers: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of each token of ``answers`` (batch, length), what the encoder saw, and where each token stands.

        The last has shape (batch, length, 2, GRID): scores of rows and columns.
        """
        seen = self.visual(pictures, dtype)
        page = self.before(seen)
        x = torch.cat([page, self.model.embed_tokens(answers[:, :-1]).to(dtype)], 1)
        _, rows, columns, _ = seen.shape
        cos, sin = self.positions(rows, columns, 2 + answers.shape[1] - 1, x.device)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        x = self.model.norm(x[:, page.shape[1] - 1 :])
        return self.lm_head(x), seen, self.letter_place(x).unflatten(-1, (2, GRID))

    def taught(self, seen: Tensor) -> Tensor:
        """Scores of the letters in each patch: (batch, rows, columns, 4, LETTERS + FOLLOWING, classes)."""
        return self.teacher(seen).unflatten(-1, (4, LETTERS + FOLLOWING, _TAUGHT))

    def patch_places(self, seen: Tensor) -> Tensor:
        """Scores of each merged patch's own row and column: (batch, rows, columns, 2, GRID)."""
        return self.patch_place(seen).unflatten(-1, (2, GRID))

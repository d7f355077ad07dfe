"""The optimiser: orthogonal steps (Muon) for matrices inside the network, Adam for the rest."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonal(step: Tensor) -> Tensor:
    """The nearest matrix with singular values near 1, for each matrix of a stack, by Newton and Schulz."""
    a, b, c = _COEFFICIENTS
    x = step.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For matrices. The momentum's direction counts, not its length."""

    def __init__(self, matrices: Iterable[Tensor], rate: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        super().__init__(list(matrices), {"lr": rate, "momentum": momentum, "decay": decay})

    def step(self) -> None:  # type: ignore[override,unused-ignore]
        with torch.no_grad():
            for group in self.param_groups:
                self._step(group)

    def _step(self, group: dict[str, object]) -> None:
        alike: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
        for weight in group["params"]:  # type: ignore[attr-defined]
            if weight.grad is not None:
                alike[tuple(weight.shape)].append(weight)
        for weights in alike.values():
            grads = [weight.grad for weight in weights]
            for weight in weights:
                if "momentum" not in self.state[weight]:
                    self.state[weight]["momentum"] = torch.zeros_like(weight)
            held = [self.state[weight]["momentum"] for weight in weights]
            for moment, grad in zip(held, grads, strict=True):
                moment.lerp_(grad, 1 - group["momentum"])  # type: ignore[operator]
            ahead = torch.stack(
                [grad.lerp(moment, group["momentum"]) for moment, grad in zip(held, grads, strict=True)]
            )
            rows, columns = weights[0].shape
            step = orthogonal(ahead).to(weights[0].dtype) * max(1.0, rows / columns) ** 0.5
            torch._foreach_mul_(weights, 1 - group["lr"] * group["decay"])  # type: ignore[operator]
            torch._foreach_add_(weights, list(step.unbind()), alpha=-group["lr"])  # type: ignore[operator]
